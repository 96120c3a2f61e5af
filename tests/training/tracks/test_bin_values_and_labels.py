"""Bins of every statistic, transform and label, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.schema.recipe.signals import BigWigSignal, PeakLabels
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning, binning_of

NAN = np.float32(np.nan)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Binning(), [1.0, 4.0]),
        (Binning("sum"), [4.0, 16.0]),
        (Binning("mean", "log1p"), [np.log(2), np.log(5)]),
        (Binning("mean", "arcsinh"), [np.log(1 + np.sqrt(2)), np.log(4 + np.sqrt(17))]),
        (Binning("sum", "arcsinh"), [np.log(4 + np.sqrt(17)), np.log(16 + np.sqrt(257))]),
    ],
)
def test_statistics_and_transforms(rule: Binning, expected: list[float]) -> None:
    values = np.array([0, 0, 2, 2, 4, 4, 4, 4], np.float32)
    got = rule.apply(values, 4)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("bases", "share", "label"),
    [
        ([0, 0, 0, 0], 0.5, 0),
        ([1, 1, 0, 0], 0.5, 1),  # exactly enough
        ([1, 0, 0, 0], 0.5, NAN),  # touched, not enough
        ([1, 1, 1, 0], 1.0, NAN),
        ([NAN, 0, 0, 0], 0.5, NAN),  # a weak peak
        ([NAN, NAN, 1, 1], 0.5, 1),  # a peak wins over an ambiguous one
        ([1, 0, 0, 0], 0.25, 1),
    ],
)
def test_labels(bases: list[float], share: float, label: float) -> None:
    got = Binning("label", min_overlap=share).apply(np.array(bases, np.float32), 4)
    np.testing.assert_array_equal(got, [label])


@settings(deadline=None)
@given(n=st.integers(1, 200), share=st.integers(1, 100))
def test_exactly_the_least_overlap_is_enough(n: int, share: int) -> None:
    needed = -(-share * n // 100)
    bases = np.zeros((2, n), np.float32)
    bases[0, :needed] = 1
    bases[1, : needed - 1] = 1
    got = Binning("label", min_overlap=share / 100).apply(bases, n)
    assert got[0, 0] == 1
    assert got[1, 0] != 1


def test_rules_come_from_signals() -> None:
    assert binning_of(BigWigSignal(key="bigwig", source="a")) == PLAIN
    summed = BigWigSignal(key="bigwig", source="a", statistic="sum", transform="arcsinh")
    assert binning_of(summed) == Binning("sum", "arcsinh")
    labels = PeakLabels(key="peaks", source="a", min_overlap=0.2)
    assert binning_of(labels) == Binning("label", min_overlap=0.2)
