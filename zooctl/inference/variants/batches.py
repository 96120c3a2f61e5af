"""Full batches of windows across records, and the sums of each haplotype's windows.

Windows are cut straight into the batch. The sums of one stretch of sequence are cached for a while
under a key, so that the alternatives of a site, equal records, and neighbours with equal windows
share them; a window's prediction has the same bits in every batch, so sharing changes no score.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.variants.shifts import Haplotype, Spans
from zooctl.sequence.onehot import Codes

Record = TypeVar("Record")

Sums = NDArray[np.float64]
"""Sums over the windows of one haplotype, ``(n, n_tracks)``; filled after prediction."""

# Records that may wait for a batch to fill: with nothing to predict in them, it never would.
_WAITING = 4_096
# Bytes and number of the cached sums.
_KEPT_BYTES, _KEPT = 2**24, 256


@dataclass(frozen=True)
class AlleleWindows:
    """Windows to predict, and the array that takes their sums, row by row."""

    haplotype: Haplotype
    sums: Sums


@dataclass(frozen=True)
class AlleleBatch(Generic[Record]):
    """Windows to predict together.

    Attributes:
        codes: uint8 ``(n, input_length)``.
        spans: Bases of each that are summed, ``(n, 4)``.
        targets: Arrays that take the sums, filled in order, row by row.
        records: Records whose sums are complete after this batch, in order.
    """

    codes: Codes
    spans: Spans
    targets: tuple[Sums, ...]
    records: tuple[Record, ...]

    def deliver(self, sums: Sums) -> None:
        """Copy the sums ``(n, n_tracks)`` of this batch to their targets."""
        first = 0
        for target in self.targets:
            target[:] = sums[first : first + len(target)]
            first += len(target)


def fill_batches(
    records: Iterable[tuple[Record, Sequence[AlleleWindows]]], batch_size: int, input_length: int
) -> Generator[AlleleBatch[Record]]:
    """Yield batches of windows; all but the last are full, unless few records need windows.

    Args:
        records: Each with the windows that it is the first to need.
        batch_size: Windows in a batch.
        input_length: Bases in a window.
    """
    filling = _Filling[Record](batch_size, input_length)
    for record, needed in records:
        for windows in needed:
            rows = windows.haplotype.rows(input_length)
            first = 0
            while first < len(windows.sums):
                first += filling.add(windows, rows, first)
                if filling.full:
                    yield filling.take()
        filling.records.append(record)
        if len(filling.records) == _WAITING:
            yield filling.take()
    if filling.records:
        yield filling.take()


class _Filling(Generic[Record]):
    """A batch that is being filled."""

    def __init__(self, batch_size: int, input_length: int) -> None:
        self._shape = batch_size, input_length
        self._start()

    def _start(self) -> None:
        self._codes = np.empty(self._shape, dtype=np.uint8)
        self._spans = np.empty((self._shape[0], 4), dtype=np.int32)
        self._targets: list[Sums] = []
        self._n = 0
        self.records: list[Record] = []

    @property
    def full(self) -> bool:
        """Whether no window fits in any more."""
        return self._n == self._shape[0]

    def add(self, windows: AlleleWindows, rows: Iterable[Codes], first: int) -> int:
        """Add the windows from ``first`` on that fit; return their number."""
        taken = min(self._shape[0] - self._n, len(windows.sums) - first)
        for row, codes in zip(range(self._n, self._n + taken), rows, strict=False):
            self._codes[row] = codes
        part = slice(first, first + taken)
        self._spans[self._n : self._n + taken] = windows.haplotype.spans[part]
        self._targets.append(windows.sums[part])
        self._n += taken
        return taken

    def take(self) -> AlleleBatch[Record]:
        """Return the batch so far and start an empty one."""
        n = self._n
        batch = AlleleBatch(
            self._codes[:n], self._spans[:n], tuple(self._targets), tuple(self.records)
        )
        self._start()
        return batch


class SumsCache:
    """Sums of the haplotypes that were asked for last.

    Args:
        n_windows: Windows of a haplotype.
        n_tracks: Tracks of the network.
    """

    def __init__(self, n_windows: int, n_tracks: int) -> None:
        self._shape = n_windows, n_tracks
        self._most = max(2, min(_KEPT, _KEPT_BYTES // (8 * n_windows * n_tracks)))
        self._sums: OrderedDict[Hashable, Sums] = OrderedDict()

    def get(self, key: Hashable) -> tuple[Sums, bool]:
        """Return the sums of a key, and whether they are new, so that someone must fill them."""
        sums = self._sums.get(key)
        if sums is not None:
            self._sums.move_to_end(key)
            return sums, False
        sums = self._sums[key] = np.empty(self._shape)
        if len(self._sums) > self._most:
            self._sums.popitem(last=False)
        return sums, True
