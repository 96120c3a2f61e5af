"""Counts per base agree with counting by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.sequence.pileup import covered, cut_sites, extended, pile_up, step_track

LENGTH = 60
INTERVALS = st.lists(
    st.tuples(st.integers(-20, 80), st.integers(1, 30)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=12,
)


@settings(deadline=None)
@given(intervals=INTERVALS)
def test_a_pile_up_counts_each_base(intervals: list[tuple[int, int]]) -> None:
    starts, ends = np.array(intervals, dtype=np.int64).reshape(-1, 2).T
    expected = [sum(s <= base < e for s, e in intervals) for base in range(LENGTH)]
    assert pile_up(starts, ends, LENGTH).tolist() == expected
    assert covered(starts, ends, LENGTH).tolist() == [n > 0 for n in expected]


@settings(deadline=None)
@given(intervals=INTERVALS)
def test_steps_show_the_largest_value(intervals: list[tuple[int, int]]) -> None:
    starts, ends = np.array(intervals, dtype=np.int64).reshape(-1, 2).T
    values = np.arange(1, len(intervals) + 1, dtype=np.float32)[::-1].copy()
    expected = [
        max((v for (s, e), v in zip(intervals, values, strict=True) if s <= base < e), default=0)
        for base in range(LENGTH)
    ]
    assert step_track(starts, ends, values, LENGTH).tolist() == expected


def test_reads_grow_from_their_five_prime_end() -> None:
    starts, ends = np.array([50, 50, 5]), np.array([86, 86, 41])
    forward = np.array([True, False, False])
    got = extended(starts, ends, forward, 180)
    assert got[0].tolist() == [50, -94, -139]
    assert got[1].tolist() == [230, 86, 41]
    # And shrink: the first base read is the one that stays.
    assert [side.tolist() for side in extended(starts[:2], ends[:2], forward[:2], 1)] == [
        [50, 85],
        [51, 86],
    ]


def test_cut_sites_by_hand() -> None:
    # Fragments 10-60 and 56-60; the left site of the second is past the contig, the right is 55.
    sites = cut_sites(np.array([10, 56]), np.array([60, 60]), LENGTH)
    assert np.flatnonzero(sites).tolist() == [14, 55]
    assert sites[55] == 2
