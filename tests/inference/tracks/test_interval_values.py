"""Numbers of intervals, base by base."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.inference.tracks.interval_values import IntervalValues
from zooctl.sequence.intervals import Interval

CONTIGS = {"a": 103, "b": 50}
SIZE = 8


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 49), st.integers(1, 50)), max_size=12),
    st.integers(0, 2**32),
)
@settings(deadline=None)
def test_base_by_base(places: list[tuple[str, int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    intervals = [
        Interval(chrom, start, min(start + length, CONTIGS[chrom]))
        for chrom, start, length in places
    ]
    found = IntervalValues(intervals, CONTIGS)
    bases = {}
    for chrom, length in CONTIGS.items():
        values = rng.normal(size=-(-length // SIZE)).astype(np.float32)
        values[rng.random(len(values)) < 0.2] = np.nan
        bases[chrom] = np.repeat(values.astype(float), SIZE)[:length]
        # In runs of any length, one after the other.
        at = 0
        while at < len(values):
            n = int(rng.integers(1, 5))
            found.add_bins(chrom, at * SIZE, values[at : at + n], SIZE)
            at += n
    columns = found.columns()
    for row, (chrom, start, end) in enumerate(intervals):
        known = bases[chrom][start:end]
        known = known[~np.isnan(known)]
        if not len(known):
            assert all(np.isnan(values[row]) for values in columns.values())
            continue
        np.testing.assert_allclose(columns["mean"][row], known.mean(), rtol=1e-9)
        np.testing.assert_allclose(columns["max"][row], known.max(), rtol=1e-9)
        np.testing.assert_allclose(columns["sum"][row], known.sum(), rtol=1e-9, atol=1e-12)
