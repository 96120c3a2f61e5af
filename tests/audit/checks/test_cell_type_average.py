"""Tracks that are alike, and predictions that give the average for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_audit as toy
from numpy.typing import NDArray

from zooctl.audit.checks.cell_type_average import average
from zooctl.schema.recipe.recipe import Recipe


def two(**changes: Any) -> Recipe:
    """Two tracks of one assay."""
    targets = [{"track": name, "signal": {"key": "bigwig", "source": name}} for name in ("a", "b")]
    return toy.recipe(
        sources=[toy.source("a"), toy.source("b")],
        targets=targets,
        windows={"key": "tiling", "stride": 32},
        **changes,
    )


def test_two_tracks_that_are_one() -> None:
    found = average(*toy.inputs(two(), toy.every(4, rows=2)))
    assert found.level == "warning"
    assert found.evidence["a"] == {"pearson": 1.0, "auroc": 1.0}


def test_two_tracks_that_exclude_each_other() -> None:
    signal = toy.every(4, rows=2)
    for chrom in toy.CHROMS:
        signal[chrom][1] = np.roll(signal[chrom][1], 64)
        signal[chrom][1, :64] = 0
    found = average(*toy.inputs(two(), signal))
    assert found.level == "clear"
    # Of the windows where a is low, 31 of 93 have b; where it is high, none.
    assert found.evidence["a"]["auroc"] == round(0.5 * (1 - 31 / 93), 4)  # type: ignore[index]


@pytest.mark.parametrize("copies", [True, False])
def test_predictions_that_follow_the_average(copies: bool) -> None:
    """Signal of a where 16 C begin a window, of b where 16 G do; a model gives both for either."""
    codes, signal = toy.genome(), toy.every(4, rows=2)
    for chrom in toy.CHROMS:
        signal[chrom][1] = np.roll(signal[chrom][1], 64)
        signal[chrom][1, :64] = 0
        for start in range(128, toy.LENGTH, 128):
            codes[chrom][start : start + 16] = 1
        for start in range(64, toy.LENGTH, 128):
            codes[chrom][start : start + 16] = 2

    def predict(windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        # The core begins behind a flank of 16 bp.
        hits = [(windows[:, 16:32] == base).all(axis=1) for base in (1, 2)]
        return np.stack(hits[::-1] if copies else hits, axis=1).astype(np.float32)

    inputs, data = toy.inputs(two(), signal, codes=codes, predict=predict)
    found = average(inputs, data)
    own, other = (
        found.evidence["a"][f"prediction_with_{name}"]  # type: ignore[index]
        for name in ("own", "average")
    )
    assert max(own, other) == 1.0
    assert (other > own) == copies
    assert ("nearer to it than to their own track for a, b" in found.summary) == copies
    assert found.level == ("warning" if copies else "clear")


def test_one_track_has_no_average() -> None:
    assert average(*toy.inputs(toy.recipe(), toy.every(4))).level == "none to check"
