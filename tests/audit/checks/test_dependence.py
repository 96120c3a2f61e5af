"""Shared bases and chromosomes, counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_audit as toy
from hypothesis import given
from hypothesis import strategies as st

from zooctl.audit.checks.dependence import (
    correlation_length,
    overlap,
    same_chromosome,
    shared_bases,
)
from zooctl.audit.inputs import AuditInputs
from zooctl.schema.fields import Region
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import merge

TRAIN = toy.region("chr1", 0, 2_016)


def split(first: int) -> dict[str, Any]:
    """Training up to base 2,016 of chr1, test from ``first`` on."""
    test = [toy.region("chr1", first, toy.LENGTH)]
    return {"train": [TRAIN], "validation": ["chr2"], "test": test}


def overlapping(chosen: Recipe, **parts: Any) -> Recipe:
    """Give a recipe regions that share bases, behind the back of the catalog, which refuses it."""
    regions = {
        part: tuple(Region(**one) if isinstance(one, dict) else Region(chrom=one) for one in some)
        for part, some in parts.items()
    }
    return chosen.model_copy(update={"split": chosen.split.model_copy(update=regions)})


def shifted(bases: int) -> dict[str, Any]:
    return {"augmentation": {"reverse_complement": True, "max_shift": bases}}


def test_a_test_window_reads_a_trained_base() -> None:
    # The last training core that may move by 4 begins at 1,952; its input reads on to 2,004. The
    # first test core whose input lies in its region begins at 2,016, its input at 2,000.
    test = [toy.region("chr1", 1_984, toy.LENGTH)]
    chosen = overlapping(toy.recipe(split=split(2_016), **shifted(4)), test=test)
    found = shared_bases(*toy.inputs(chosen, toy.every(4)))
    assert found.evidence["train-test"] == {"bases": 4, "windows": 1, "of": 62}
    assert found.level == "severe", "one of 62 windows"
    assert "4 bases of train and test, in 1 of 62 windows of the latter, from chr1:2,001" in (
        found.summary
    )

    chosen = overlapping(chosen, test=[*test, "chr3"])
    found = shared_bases(*toy.inputs(chosen, toy.every(4)))
    assert found.evidence["train-test"] == {"bases": 4, "windows": 1, "of": 187}
    assert found.level == "warning", "less than one of a hundred"


@pytest.mark.parametrize("shift", [0, 4, 16])
def test_ranges_side_by_side_share_none(shift: int) -> None:
    """Neither training nor evaluation reads beyond its range."""
    chosen = toy.recipe(split=split(2_016), **shifted(shift))
    assert shared_bases(*toy.inputs(chosen, toy.every(4))).level == "clear"


def test_test_windows_read_validation() -> None:
    parts = {
        "train": ["chr1"],
        "validation": [toy.region("chr2", 0, 2_015)],
        "test": [toy.region("chr2", 2_015, toy.LENGTH)],
    }
    chosen = toy.recipe(split=parts)
    chosen = overlapping(chosen, test=[toy.region("chr2", 1_968, toy.LENGTH)])
    found = shared_bases(*toy.inputs(chosen, toy.every(4)))
    # The first test core is 1,984, whose input begins at 1,968; the last validation input is that
    # of core 1,952 and ends at 2,000.
    assert found.evidence["validation-test"] == {"bases": 32, "windows": 1, "of": 63}
    assert found.level == "warning"


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6),
)
def test_overlap_is_what_both_cover(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    both = np.ones(60, np.bool_)
    merged = []
    for some in (one, other):
        starts = np.array([start for start, _ in some], np.int64)
        ends = starts + np.array([length for _, length in some], np.int64)
        covered = np.zeros(60, np.bool_)
        for start, end in zip(starts, ends, strict=True):
            covered[start:end] = True
        both &= covered
        merged.append(merge(starts, ends))
    found = np.zeros(60, np.int64)
    for start, end in overlap(merged[0], merged[1]):
        assert start < end
        found[start:end] += 1
    np.testing.assert_array_equal(found, both)


def test_parts_on_one_chromosome_farther_apart_than_the_signal_reaches() -> None:
    found = same_chromosome(*toy.inputs(toy.recipe(split=split(2_016)), toy.every(4)))
    # Every fourth window is high: the next one never is. The last training input ends at 2,000;
    # the first test core whose input is inside begins at 2,048, that input at 2,032.
    assert found.level == "warning"
    assert found.evidence == {
        "correlation_length": 32,
        "train-test": {"chromosomes": ["chr1"], "gap": 32},
    }


def test_nearer_than_the_signal_reaches() -> None:
    # Eight windows high, eight low: a quarter of the correlation is lost with each window of lag.
    inputs, data = toy.inputs(toy.recipe(split=split(2_016)), toy.broad())
    assert correlation_length(data) == 4 * 32
    found = same_chromosome(inputs, data)
    assert found.level == "severe"
    assert "windows 32 bp apart at the least; the signal's autocorrelation falls below 0.1" in (
        found.summary
    )


def test_a_gap_as_long_as_the_signal_reaches() -> None:
    # The first test core whose input is inside 2,112 begins at 2,144.
    found = same_chromosome(*toy.inputs(toy.recipe(split=split(2_112)), toy.broad()))
    assert found.level == "warning"
    assert found.evidence["train-test"] == {"chromosomes": ["chr1"], "gap": 128}


def test_chromosomes_apart() -> None:
    assert same_chromosome(*toy.inputs(toy.recipe(), toy.every(4))).level == "clear"


def test_without_data_the_chromosomes_are_still_looked_at() -> None:
    apart = same_chromosome(AuditInputs(toy.recipe()), None)
    assert apart.level == "clear"
    beside = same_chromosome(AuditInputs(toy.recipe(split=split(2_016)), missing="no genome"), None)
    assert beside.level == "not run"
    assert beside.summary == "how far apart train and test have to be is not known: no genome"


def test_validation_beside_training_is_less_grave() -> None:
    parts = {"train": [TRAIN], "validation": [toy.region("chr1", 2_016, 4_000)], "test": ["chr3"]}
    found = same_chromosome(*toy.inputs(toy.recipe(split=parts), toy.every(4)))
    # Tiled within its region, the first validation core is 2,048; its input begins at 2,032.
    assert found.evidence["train-validation"] == {"chromosomes": ["chr1"], "gap": 32}
    assert found.level == "note"
