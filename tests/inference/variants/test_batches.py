"""Batches are full, every row arrives where it belongs, and what is kept is bounded."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.inference.variants.batches import AlleleBatch, AlleleWindows, OutputsCache, fill_batches
from zooctl.inference.variants.shifts import Haplotype

LENGTH = 4


def windows(n: int, first: int) -> AlleleWindows:
    """Windows of which each begins with a number of its own, on a stretch of 0 to 255."""
    codes = (first + np.arange(n + LENGTH - 1)).astype(np.uint8)
    spans = np.arange(first, first + n, dtype=np.int32)[:, None].repeat(4, axis=1)
    return AlleleWindows(Haplotype(codes, tuple(range(n)), spans), np.full((n, 2), np.nan))


@given(st.lists(st.lists(st.integers(1, 7), max_size=3), max_size=12), st.integers(1, 9))
@settings(deadline=None)
def test_every_window_travels_once(sizes: list[list[int]], batch_size: int) -> None:
    numbers = itertools.count(step=10)
    records = [[windows(n, next(numbers) % 200) for n in record] for record in sizes]
    batches: list[AlleleBatch[int]] = list(fill_batches(enumerate(records), batch_size, LENGTH))
    total = sum(map(sum, sizes))
    assert sum(len(batch.codes) for batch in batches) == total
    assert all(len(batch.codes) == batch_size for batch in batches[:-1])
    told: list[int] = []
    for batch in batches:
        # A network that sums up to a window's first base, and to its first span.
        batch.deliver(np.stack((batch.codes[:, 0], batch.spans[:, 0]), axis=1).astype(float))
        for number in batch.records:
            told.append(number)
            for one in records[number]:
                expected = one.haplotype.spans[:, 0]
                assert np.array_equal(one.outputs, np.stack((expected, expected), axis=1))
    assert told == list(range(len(records)))


def test_records_without_windows_do_not_wait_for_ever() -> None:
    endless = ((number, []) for number in itertools.count())
    first = next(fill_batches(endless, 64, LENGTH))
    assert first.codes.shape == (0, LENGTH)
    assert len(first.records) < 10_000


def test_windows_are_cut_where_they_lie() -> None:
    one = windows(3, 5)
    (batch,) = fill_batches([("a", [one])], 8, LENGTH)
    assert batch.codes.tolist() == [[5, 6, 7, 8], [6, 7, 8, 9], [7, 8, 9, 10]]
    assert batch.records == ("a",)


def test_sums_are_kept_for_a_while() -> None:
    kept = OutputsCache((20, 3), np.dtype(np.float64))
    first, new = kept.get("a")
    assert new
    assert first.shape == (20, 3)
    again, new = kept.get("a")
    assert again is first
    assert not new
    for number in range(1_000):
        kept.get(number)
        kept.get("a")
    assert kept.get("a")[0] is first
    assert kept.get(0)[1]
