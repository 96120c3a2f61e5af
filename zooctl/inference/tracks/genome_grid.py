"""Grid windows of regions, read from a genome in batches of codes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.genome import Genome
from zooctl.sequence.intervals import Interval, merge
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry, Integers, gather, grid_windows, unknown_fraction

CHUNK = 2**21
"""Bases read at once."""

GAP = 2**16
"""Bases between windows beyond which they are not read."""

MOST_UNKNOWN = 0.5
"""Share of N in a window beyond which it has no value."""

# Bases of the windows cut from a chunk: large windows on a small stride overlap many times.
_CHUNK_CODES = 2**24


@dataclass(frozen=True)
class GridPlan:
    """The bins that overlap regions of a genome, and the windows of the grid that hold them.

    Attributes:
        geometry: The model's window.
        regions: Starts and ends of merged regions by contig, in the genome's order.
    """

    geometry: Geometry
    regions: Mapping[str, tuple[Integers, Integers]]

    def windows(self, chrom: str) -> Integers:
        """Return the grid windows of a contig that hold a bin of its regions, sorted."""
        starts, ends = self.regions[chrom]
        return grid_windows(starts, ends, self.geometry.core_length)

    def overlapping(self, chrom: str, bin_starts: Integers) -> NDArray[np.bool_]:
        """Return which bins overlap a region: first bases ``(n,)`` to bools ``(n,)``."""
        starts, ends = self.regions[chrom]
        following = np.searchsorted(ends, bin_starts, side="right")
        # No region begins behind the last one.
        opens = np.append(starts, np.iinfo(np.int64).max)[following]
        overlaps: NDArray[np.bool_] = opens < bin_starts + self.geometry.bin_size
        return overlaps

    @property
    def n_windows(self) -> int:
        """Windows to predict, those without a value included."""
        return sum(len(self.windows(chrom)) for chrom in self.regions)

    @property
    def n_bins(self) -> int:
        """Bins that overlap a region."""
        size = self.geometry.bin_size
        return sum(len(grid_windows(starts, ends, size)) for starts, ends in self.regions.values())


def plan(intervals: Iterable[Interval], contigs: Mapping[str, int], geometry: Geometry) -> GridPlan:
    """Lay intervals onto the genome grid; they may overlap and come in any order.

    Args:
        intervals: Regions within their contigs; empty ones are left out.
        contigs: Lengths of the genome's contigs; their order is the order of the results.
        geometry: The model's window.

    >>> window = Geometry(input_length=2048, output_length=1024, bin_size=32, core_length=1024)
    >>> found = plan([Interval("chr21", 9_000, 12_000)], {"chr21": 48_129_895}, window)
    >>> found.windows("chr21").tolist(), found.n_bins
    ([8, 9, 10, 11], 94)
    """
    ends_of: dict[str, list[tuple[int, int]]] = {}
    for chrom, start, end in intervals:
        ends_of.setdefault(chrom, []).append((start, end))
    regions = {}
    for chrom in contigs:
        if chrom in ends_of:
            sides = np.array(ends_of[chrom], dtype=np.int64)
            starts, ends = merge(sides[:, 0], sides[:, 1])
            if len(starts):
                regions[chrom] = (starts, ends)
    return GridPlan(geometry, regions)


@dataclass(frozen=True)
class WindowBatch:
    """Windows to predict together.

    Attributes:
        codes: uint8 ``(n, input_length)``.
        parts: Contig and its grid windows, in the order of ``codes``.
        skipped: Windows passed over since the last batch, because over half their bases are N.
    """

    codes: Codes
    parts: tuple[tuple[str, Integers], ...]
    skipped: int


def read_batches(plan: GridPlan, genome: Genome, batch_size: int) -> Generator[WindowBatch]:
    """Yield the windows of a plan in the genome's order; all batches but the last are full.

    The last batch may hold no window, to carry the count of skipped ones.
    """
    codes = np.empty((batch_size, plan.geometry.input_length), dtype=np.uint8)
    parts: list[tuple[str, Integers]] = []
    filled = skipped = 0
    for chrom, windows, found in _read_chunks(plan, genome):
        known = unknown_fraction(found) <= MOST_UNKNOWN
        skipped += int(np.count_nonzero(~known))
        windows, found = windows[known], found[known]
        while len(windows):
            taken = min(batch_size - filled, len(windows))
            codes[filled : filled + taken] = found[:taken]
            parts.append((chrom, windows[:taken]))
            filled += taken
            windows, found = windows[taken:], found[taken:]
            if filled == batch_size:
                yield WindowBatch(codes, tuple(parts), skipped)
                codes, parts, filled, skipped = np.empty_like(codes), [], 0, 0
    if filled or skipped:
        yield WindowBatch(codes[:filled], tuple(parts), skipped)


def _read_chunks(plan: GridPlan, genome: Genome) -> Iterator[tuple[str, Integers, Codes]]:
    """Yield (contig, windows, their codes ``(n, input_length)``), each from one reading."""
    geometry = plan.geometry
    length = geometry.input_length
    at_once = max(1, min(CHUNK // geometry.core_length, _CHUNK_CODES // length))
    for chrom in plan.regions:
        windows = plan.windows(chrom)
        gaps = np.flatnonzero(np.diff(geometry.input_starts(windows)) > length + GAP) + 1
        for close in np.split(windows, gaps):
            for first in range(0, len(close), at_once):
                some = close[first : first + at_once]
                starts = geometry.input_starts(some)
                low = int(starts[0])
                codes = genome.padded_codes(chrom, low, int(starts[-1]) + length)
                yield chrom, some, gather(codes, starts - low, length)
