"""Shared bases and chromosomes, counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_audit as toy
from hypothesis import given
from hypothesis import strategies as st

from zooctl.audit.dependence import correlation_length, overlap, same_chromosome, shared_bases
from zooctl.sequence.intervals import merge

TRAIN = toy.region("chr1", 0, 2_016)


def split(first: int, *more: str) -> dict[str, Any]:
    """Training up to base 2,016 of chr1, test from ``first`` on."""
    test = [toy.region("chr1", first, toy.LENGTH), *more]
    return {"train": [TRAIN], "validation": ["chr2"], "test": test}


def shifted(bases: int) -> dict[str, Any]:
    return {"augmentation": {"reverse_complement": True, "max_shift": bases}}


def test_the_flank_of_a_test_window_reads_a_trained_base() -> None:
    # The last training core that may move by 4 begins at 1,952; its input reads on to 2,004. The
    # first test core begins at 2,016 and its input 16 bp before.
    chosen = toy.recipe(split=split(2_016), **shifted(4))
    found = shared_bases(*toy.material(chosen, toy.every(4)))
    assert found.evidence["train-test"] == {"bases": 4, "windows": 1, "of": 62}
    assert found.level == "severe", "one of 62 windows"
    assert "4 bases of train and test, in 1 of 62 windows of the latter, from chr1:2,001" in (
        found.what
    )


def test_few_windows_are_a_warning() -> None:
    chosen = toy.recipe(split=split(2_016, "chr3"), **shifted(4))
    found = shared_bases(*toy.material(chosen, toy.every(4)))
    assert found.evidence["train-test"] == {"bases": 4, "windows": 1, "of": 187}
    assert found.level == "warning"


@pytest.mark.parametrize(("first", "shift"), [(2_016, 0), (2_048, 4)])
def test_a_gap_keeps_them_apart(first: int, shift: int) -> None:
    chosen = toy.recipe(split=split(first), **shifted(shift))
    assert shared_bases(*toy.material(chosen, toy.every(4))).level == "clear"


def test_test_beside_validation() -> None:
    # Validation is tiled within its region: its last input ends at 2,016 - 16 = 2,000 as well, so
    # the two only meet where validation ends between two windows of the grid.
    parts = {
        "train": ["chr1"],
        "validation": [toy.region("chr2", 0, 2_015)],
        "test": [toy.region("chr2", 2_015, toy.LENGTH)],
    }
    found = shared_bases(*toy.material(toy.recipe(split=parts), toy.every(4)))
    # Test begins in core 1,984, whose input begins at 1,968; the last validation input is that of
    # core 1,952 and ends at 2,000.
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


def test_parts_on_one_chromosome_nearer_than_the_signal_reaches() -> None:
    found = same_chromosome(*toy.material(toy.recipe(split=split(2_016)), toy.every(4)))
    # Every fourth window is high: the next one is never.
    assert found.level == "severe"
    assert found.evidence == {
        "correlation_length": 32,
        "train-test": {"chromosomes": ["chr1"], "gap": 0},
    }


def test_farther_than_the_signal_reaches() -> None:
    # The first test input begins at 2,112 - 16; the last training input ends at 2,000.
    found = same_chromosome(*toy.material(toy.recipe(split=split(2_112)), toy.every(4)))
    assert found.level == "warning"
    assert found.evidence["train-test"] == {"chromosomes": ["chr1"], "gap": 96}


def test_the_same_gap_is_too_small_for_broad_signal() -> None:
    signal = toy.flat(0.0)
    for start in range(0, toy.LENGTH, 512):
        # Eight windows high, eight low: a quarter is lost with each window of lag.
        signal["chr1"][:, start : start + 256] = 10
    signal["chr2"] = signal["chr3"] = signal["chr1"]
    material, data = toy.material(toy.recipe(split=split(2_112)), signal)
    assert correlation_length(data) == 4 * 32
    assert same_chromosome(material, data).level == "severe"


def test_chromosomes_apart() -> None:
    assert same_chromosome(*toy.material(toy.recipe(), toy.every(4))).level == "clear"


def test_validation_beside_training_is_less_grave() -> None:
    parts = {"train": [TRAIN], "validation": [toy.region("chr1", 2_016, 4_000)], "test": ["chr3"]}
    found = same_chromosome(*toy.material(toy.recipe(split=parts), toy.every(4)))
    # Tiled within its region, the first validation core is 2,048; its input begins at 2,032.
    assert found.evidence["train-validation"] == {"chromosomes": ["chr1"], "gap": 32}
    assert found.level == "note"
