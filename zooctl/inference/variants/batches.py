"""Full batches of windows across records, and the outputs of each haplotype's windows.

An output is a sum a track, or a value a track and bin. Windows are cut straight into the batch. The
outputs of one stretch of sequence are cached for a while under a key, so that the alternatives of a
site, equal records, and neighbours with equal windows share them; a window's prediction has the
same bits in every batch, so sharing changes no score.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.variants.shifts import Haplotype, Spans
from zooctl.sequence.onehot import Codes

Record = TypeVar("Record")

Outputs = NDArray[Any]
"""Outputs of the windows of one haplotype; filled after prediction.

Sums over bases, float64 ``(n, n_tracks)``, or predictions, float32 ``(n, n_tracks, n_bins)``.
"""

# Records that may wait for a batch to fill: with nothing to predict in them, it never would.
_WAITING = 4_096
# Bytes and number of the cached outputs.
_KEPT_BYTES, _KEPT = 2**24, 256


@dataclass(frozen=True)
class AlleleWindows:
    """Windows to predict, and the array that takes their outputs, row by row.

    Attributes:
        haplotype: The windows.
        outputs: The array.
        site: Names the sequence of the genome that they lie on, or whose alternative they are.
        is_reference: Whether they lie on it.
        reference: That sequence, for an alternative that replaces a few bases of it.
        strand: Strand of the genome that they are read on.
        wide: Whether REF or ALT is so long that bases far from the centre are compared.
    """

    haplotype: Haplotype
    outputs: Outputs
    site: Hashable = None
    is_reference: bool = False
    strand: Literal["+", "-"] = "+"
    reference: Haplotype | None = None
    wide: bool = True


@dataclass(frozen=True)
class AlleleBatch(Generic[Record]):
    """Windows to predict together.

    Attributes:
        codes: uint8 ``(n, input_length)``.
        spans: Bases of each that are summed, ``(n, 4)``.
        targets: Arrays that take the outputs, filled in order, row by row.
        records: Records whose outputs are complete after this batch, in order.
    """

    codes: Codes
    spans: Spans
    targets: tuple[Outputs, ...]
    records: tuple[Record, ...]

    def deliver(self, outputs: Outputs) -> None:
        """Copy the outputs ``(n, …)`` of this batch to their targets."""
        first = 0
        for target in self.targets:
            target[:] = outputs[first : first + len(target)]
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
            while first < len(windows.outputs):
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
        self._targets: list[Outputs] = []
        self._n = 0
        self.records: list[Record] = []

    @property
    def full(self) -> bool:
        """Whether no window fits in any more."""
        return self._n == self._shape[0]

    def add(self, windows: AlleleWindows, rows: Iterable[Codes], first: int) -> int:
        """Add the windows from ``first`` on that fit; return their number."""
        taken = min(self._shape[0] - self._n, len(windows.outputs) - first)
        for row, codes in zip(range(self._n, self._n + taken), rows, strict=False):
            self._codes[row] = codes
        part = slice(first, first + taken)
        self._spans[self._n : self._n + taken] = windows.haplotype.spans[part]
        self._targets.append(windows.outputs[part])
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


class OutputsCache:
    """Outputs of the haplotypes that were asked for last.

    Args:
        shape: Shape of a haplotype's outputs; the first size is its number of windows.
        dtype: Their type.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._shape, self._dtype = shape, dtype
        self._most = max(2, min(_KEPT, _KEPT_BYTES // (dtype.itemsize * math.prod(shape))))
        self._outputs: OrderedDict[Hashable, Outputs] = OrderedDict()

    def get(self, key: Hashable) -> tuple[Outputs, bool]:
        """Return the outputs of a key, and whether they are new, so that someone must fill them."""
        outputs = self._outputs.get(key)
        if outputs is not None:
            self._outputs.move_to_end(key)
            return outputs, False
        outputs = self._outputs[key] = np.empty(self._shape, self._dtype)
        if len(self._outputs) > self._most:
            self._outputs.popitem(last=False)
        return outputs, True
