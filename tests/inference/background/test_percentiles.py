"""Ranks against their definition, value by value."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from zooctl.inference.background.percentiles import rank

VALUES = st.lists(st.integers(0, 20), min_size=1, max_size=40)


@given(VALUES, VALUES)
def test_definition(values: list[int], background: list[int]) -> None:
    n = len(background)
    ranks = rank(np.array(values, np.float32), np.sort(np.array(background, np.float32)))
    for value, percentile, p, phred in zip(values, *ranks, strict=True):
        smaller = sum(one < value for one in background)
        equal = sum(one == value for one in background)
        assert percentile == (smaller + equal / 2 + 0.5) / (n + 1)
        assert 0 < percentile < 1
        as_large = sum(one >= value for one in background)
        assert p == (as_large + 1) / (n + 1) if as_large < n else p == (n + 0.5) / (n + 1)
        assert 0 < p < 1
        assert phred == -10 * np.log10(p)
    order = np.argsort(values)
    assert (np.diff(ranks.percentile[order]) >= 0).all()
    assert (np.diff(ranks.p[order]) <= 0).all()


def test_uniform_on_a_null() -> None:
    rng = np.random.default_rng(0)
    background = np.sort(rng.standard_gamma(0.3, 5_000).astype(np.float32))
    ranks = rank(rng.standard_gamma(0.3, 2_000).astype(np.float32), background)
    assert kstest(ranks.percentile, "uniform").pvalue > 0.05
    # P values are not too small anywhere.
    for level in (0.001, 0.01, 0.05, 0.5):
        assert (ranks.p <= level).mean() < level + 3 * np.sqrt(level / 2_000) + 0.005


def test_no_value_has_no_rank() -> None:
    ranks = rank(np.array([np.nan], np.float32), np.arange(5, dtype=np.float32))
    assert np.isnan(ranks).all()
