"""Runs of bins: coarser, cut into profiles, and compared, each by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.evaluation.metrics import regression
from zooctl.evaluation.metrics.profiles import TrackBins, agreement


def track(n: int, *, start: int = 0, size: int = 32, seed: int = 0) -> TrackBins:
    rng = np.random.default_rng(seed)
    predicted, measured = rng.gamma(1, 1, (2, n))
    blocks = np.arange(n, dtype=np.int64) // 7
    return TrackBins(start, size, predicted, measured, rng.random(n) < 0.9, blocks)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 60), lead=st.integers(0, 9), factor=st.integers(1, 5))
def test_coarser_bins_lie_on_the_grid_of_the_contig(n: int, lead: int, factor: int) -> None:
    fine = track(n, start=32 * lead)
    coarse = fine.coarser(32 * factor)
    assert coarse.start % coarse.size == 0 or factor == 1
    for index, value in enumerate(coarse.predicted):
        first = (coarse.start - fine.start) // 32 + index * factor
        rows = slice(first, first + factor)
        assert value == pytest.approx(fine.predicted[rows].mean())
        assert coarse.measured[index] == pytest.approx(fine.measured[rows].mean())
        assert coarse.used[index] == fine.used[rows].all()
        assert coarse.block[index] == fine.block[first]
    # Nothing that fits is left out.
    assert len(coarse.used) == max(0, (fine.start // 32 + n) // factor - -(-lead // factor))


def test_profiles_are_whole_and_on_the_grid() -> None:
    fine = track(20, start=64)
    fine.used[:] = True
    fine.used[7] = False
    predicted, measured = fine.profiles(128)
    # From base 128 on: bins 2-5, 6-9 (7 is not used), 10-13, 14-17.
    np.testing.assert_array_equal(
        predicted, fine.predicted[[*range(2, 6), *range(10, 18)]].reshape(3, 4)
    )
    assert measured.shape == (3, 4)
    # 100 bp hold three whole bins of 32.
    assert fine.profiles(100)[0].shape[1] == 3


def test_windows_around_places() -> None:
    fine = track(20, start=64)
    fine.used[:] = True
    fine.used[15] = False
    # Bin 8 holds base 320 and is the third of four; those at the ends do not fit.
    predicted, _ = fine.around([320, 64, 64 + 32 * 19, 64 + 32 * 15], 128)
    np.testing.assert_array_equal(predicted, fine.predicted[None, 6:10])
    assert fine.around([], 128)[0].shape == (0, 4)


def test_agreement_is_the_plain_metrics() -> None:
    rng = np.random.default_rng(2)
    predicted, measured = rng.gamma(1, 1, (2, 30, 8))
    measured[4] = 0
    scale = measured.mean() / predicted.mean()
    found = agreement(predicted.ravel(), measured.ravel(), (predicted, measured), scale)
    assert (found.n_bins, found.n_sequences) == (240, 30)
    assert found.pearson == regression.pearson(predicted.ravel(), measured.ravel())
    assert found.scale == scale
    scaled = predicted.ravel() * found.scale
    assert scaled.mean() == pytest.approx(measured.mean())
    for name in ("mse", "mae", "r2", "poisson_nll"):
        plain = getattr(regression, name)
        assert getattr(found.unscaled, name) == plain(predicted.ravel(), measured.ravel())
        assert getattr(found.scaled, name) == pytest.approx(plain(scaled, measured.ravel()))
    # A profile without signal has neither a shape nor a correlation.
    rows = np.delete(np.arange(30), 4)
    shapes = regression.jensen_shannon(predicted[rows], measured[rows])
    assert found.jensen_shannon == pytest.approx(shapes.mean())
    each = [regression.pearson(predicted[row], measured[row]) for row in rows]
    assert found.pearson_per_sequence == pytest.approx(np.mean(each))


def test_profiles_of_one_bin_have_no_shape() -> None:
    predicted, measured = np.random.default_rng(0).gamma(1, 1, (2, 30, 1))
    found = agreement(predicted.ravel(), measured.ravel(), (predicted, measured), 1.0)
    assert np.isnan(found.jensen_shannon)
    assert np.isnan(found.pearson_per_sequence)
