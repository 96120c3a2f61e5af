"""Mean, largest value and sum of a track over intervals, from its bins as they come.

A bin has its value at each of its bases, so a sum is over bases. Bases without a value, as those of
mostly unknown windows, count in none of the three. So does UCSC's bigWigAverageOverBed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.intervals import Interval


class IntervalValues:
    """A receiver of one track's bins (``predict.Sink``) that keeps a few numbers an interval.

    Args:
        intervals: Intervals in any order; overlaps and repeats are allowed.
        contigs: Lengths of the contigs, at which the last bin ends.

    Attributes:
        sums: Sum over bases, ``(n,)``.
        covered: Number of bases with a value, ``(n,)``.
        largest: Largest value, ``(n,)``; -inf without any.
    """

    def __init__(self, intervals: Sequence[Interval], contigs: Mapping[str, int]) -> None:
        self._contigs = contigs
        n = len(intervals)
        self.sums = np.zeros(n)
        self.covered = np.zeros(n, dtype=np.int64)
        self.largest = np.full(n, -np.inf)
        self._by_contig: dict[str, tuple[NDArray[np.int64], ...]] = {}
        rows: dict[str, list[int]] = {}
        for row, interval in enumerate(intervals):
            rows.setdefault(interval.chrom, []).append(row)
        for chrom, members in rows.items():
            order = sorted(members, key=lambda row: intervals[row].start)
            starts = np.array([intervals[row].start for row in order])
            ends = np.array([intervals[row].end for row in order])
            reach = np.maximum.accumulate(ends)
            self._by_contig[chrom] = np.array(order), starts, ends, reach

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        """Take bins from base ``start`` on (0-based); a NaN is a bin without a value."""
        if chrom not in self._by_contig:
            return
        order, starts, ends, reach = self._by_contig[chrom]
        end = min(start + len(values) * bin_size, self._contigs[chrom])
        first = int(np.searchsorted(reach, start, side="right"))
        last = int(np.searchsorted(starts, end, side="left"))
        for index in range(first, last):
            low, high = max(int(starts[index]), start), min(int(ends[index]), end)
            if low < high:
                self._add(int(order[index]), start, low, high, values, bin_size)

    def _add(
        self, row: int, start: int, low: int, high: int, values: NDArray[np.float32], size: int
    ) -> None:
        """Add the bases ``[low, high)`` of a run of bins that begins at ``start``."""
        one, other = (low - start) // size, -(-(high - start) // size)
        some = values[one:other].astype(np.float64)
        edges = start + size * np.arange(one, other + 1)
        bases = np.diff(np.clip(edges, low, high))
        known = ~np.isnan(some)
        if known.any():
            self.sums[row] += float((some[known] * bases[known]).sum())
            self.covered[row] += int(bases[known].sum())
            self.largest[row] = max(self.largest[row], float(some[known].max()))

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return mean, max and sum, each ``(n,)``; NaN for intervals without a value."""
        none = self.covered == 0
        mean = np.divide(self.sums, self.covered, out=np.full(len(none), np.nan), where=~none)
        return {
            "mean": mean,
            "max": np.where(none, np.nan, self.largest),
            "sum": np.where(none, np.nan, self.sums),
        }
