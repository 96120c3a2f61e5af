from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.sequence.bins import bin_mean, bin_sum


@given(n_bins=st.integers(1, 20), bin_size=st.integers(1, 20), seed=st.integers(0, 99))
def test_sum_and_mean_by_slices(n_bins: int, bin_size: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2, 3, n_bins * bin_size))
    slices = [values[..., at : at + bin_size] for at in range(0, values.shape[-1], bin_size)]
    assert np.allclose(bin_sum(values, bin_size), np.stack([s.sum(-1) for s in slices], -1))
    assert np.allclose(bin_mean(values, bin_size), np.stack([s.mean(-1) for s in slices], -1))


def test_type_is_kept() -> None:
    assert bin_mean(np.ones((1, 4), dtype=np.float32), 2).dtype == np.float32


def test_gap_spreads_to_its_bin_alone() -> None:
    assert np.isnan(bin_mean(np.array([1.0, np.nan, 1.0, 1.0]), 2)).tolist() == [True, False]


@pytest.mark.parametrize("bin_size", [0, -2, 3])
def test_sizes_that_do_not_divide(bin_size: int) -> None:
    with pytest.raises(ValueError, match="do not divide"):
        bin_mean(np.zeros(8), bin_size)
