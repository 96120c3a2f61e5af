"""Depth, composition, genes and averages, with figures by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_audit as toy
from hypothesis import given
from hypothesis import strategies as st

from zooctl.audit.checks import confounding
from zooctl.audit.checks.confounding import gene_share
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import merge


def two(**changes: Any) -> Recipe:
    """Two tracks of one assay."""
    targets = [{"track": name, "signal": {"key": "bigwig", "source": name}} for name in ("a", "b")]
    return toy.recipe(
        sources=[toy.source("a"), toy.source("b")],
        targets=targets,
        windows={"key": "tiling", "stride": 32},
        **changes,
    )


def test_a_track_three_times_as_deep() -> None:
    found = confounding.depth(*toy.inputs(two(), toy.flat(1.0, 3.0)))
    assert found.level == "warning"
    assert found.summary == "b has 3.00 times the signal of a (means per base)"
    assert found.evidence["targets"] == {"a": 1.0, "b": 3.0}


def test_tracks_as_deep_as_each_other() -> None:
    assert confounding.depth(*toy.inputs(two(), toy.flat(1.0, 1.1))).level == "clear"
    assert confounding.depth(*toy.inputs(two(), toy.flat(1.0, 1.5))).level == "note"


def test_one_track_has_nothing_to_be_compared_to() -> None:
    assert confounding.depth(*toy.inputs(toy.recipe(), toy.every(4))).level == "none to check"


@pytest.mark.parametrize(("height", "level"), [(10.0, "warning"), (1.0, "clear")])
def test_signal_and_control(height: float, level: str) -> None:
    chosen = toy.recipe(
        sources=[toy.source("signal"), toy.source("input")],
        controls=[{"name": "input", "signal": {"key": "bigwig", "source": "input"}}],
        windows={"key": "tiling", "stride": 32},
    )
    found = confounding.depth(*toy.inputs(chosen, toy.flat(height), control=toy.flat(1.0)))
    assert found.level == level
    if level == "warning":
        assert "signal and control input differ 10.00 times" in found.summary


def test_signal_that_follows_gc() -> None:
    """Windows with signal are all C, the others all A: GC says everything."""
    codes, signal = toy.genome(), toy.every(4)
    for chrom in toy.CHROMS:
        codes[chrom][:] = 0
        for start in range(0, toy.LENGTH, 4 * 32):
            codes[chrom][start : start + 32] = 1
    found = confounding.gc(*toy.inputs(toy.recipe(), signal, codes=codes))
    assert found.evidence["toy"] == {"r2": 1.0, "auroc": 1.0, "pearson": 1.0}
    assert found.evidence["training_draw"] == {"auroc": 1.0}
    assert found.level == "severe"


def test_signal_that_does_not() -> None:
    """The same signal on contigs of one composition throughout: a constant explains nothing."""
    codes = {chrom: np.tile(np.array([0, 1], np.uint8), toy.LENGTH // 2) for chrom in toy.CHROMS}
    found = confounding.gc(*toy.inputs(toy.recipe(), toy.every(4), codes=codes))
    assert found.level == "clear"
    assert found.evidence["toy"]["auroc"] == 0.5  # type: ignore[index]
    assert found.evidence["training_draw"] == {"auroc": 0.5}


def test_matched_negatives_take_gc_out_of_the_draw() -> None:
    """Half of the windows are C; all positives are among them, and so are as many negatives."""
    codes = toy.genome()
    for chrom in toy.CHROMS:
        codes[chrom][:] = 0
        for start in range(0, toy.LENGTH, 4 * 32):
            codes[chrom][start : start + 64] = 1
    # Inputs of windows 4i are a quarter A, of windows 4i + 1 too; the steps are of inputs.
    windows = {"key": "coverage_threshold", "threshold": 8, "stride": 32, "negatives": 1.0}
    drawn = []
    for matching in ("random", "gc"):
        chosen = toy.recipe(windows=windows | {"matching": matching})
        found = confounding.gc(*toy.inputs(chosen, toy.every(4), codes=codes))
        drawn.append(found.evidence["training_draw"]["auroc"])  # type: ignore[index]
    # Of the negatives a third is C.
    assert drawn[0] > 0.75
    assert drawn[1] == 0.5


def test_signal_in_genes() -> None:
    genes = {chrom: (np.arange(0, 4_000, 128), np.arange(32, 4_032, 128)) for chrom in toy.CHROMS}
    inputs, data = toy.inputs(toy.recipe(), toy.every(4), genes=genes)
    found = confounding.genes(inputs, data)
    assert found.evidence["toy"] == {"r2": 1.0, "auroc": 1.0, "pearson": 1.0}
    assert found.evidence["share_in_genes"]["test"] == round(30 / 123, 4)  # type: ignore[index]
    assert found.level == "severe"


def test_genes_elsewhere() -> None:
    everywhere = {chrom: (np.array([0]), np.array([4_000])) for chrom in toy.CHROMS}
    inputs, data = toy.inputs(toy.recipe(), toy.every(4), genes=everywhere)
    assert confounding.genes(inputs, data).level == "clear"
    without, data = toy.inputs(toy.recipe(), toy.every(4))
    assert confounding.genes(without, data).level == "not run"
    other, data = toy.inputs(toy.recipe(), toy.every(4), genes={"I": everywhere["chr1"]})
    assert confounding.genes(other, data).level == "not run"


@given(st.lists(st.tuples(st.integers(0, 4_050), st.integers(1, 300)), min_size=1, max_size=6))
def test_share_in_genes_is_a_count(places: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in places])
    ends = starts + np.array([length for _, length in places])
    inside = np.zeros(5_000, np.bool_)
    for start, end in places:
        inside[start : start + end] = True
    inputs, data = toy.inputs(toy.recipe(), toy.every(4), genes={"chr1": merge(starts, ends)})
    chunks = data.parts["train"]
    found = gene_share(inputs, data, chunks)
    expected = [inside[start : start + 32].mean() for start in chunks.start]
    np.testing.assert_allclose(found, expected, atol=1e-6)
