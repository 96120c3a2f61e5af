"""Windows of a model: lengths of input, output and core, and places on the genome.

The genome grid: cores tile a contig from position 0, so a predicted value depends on the genome
and the model, never on the cuts between regions. Window k of a contig has::

    core   [k * core_length,               (k + 1) * core_length)
    input  [k * core_length - input_flank, … + input_length)

    |<----------------- input_length ----------------->|
            |<---------- output_length --------->|
                     |<-- core_length -->|
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.sequence.onehot import Codes, N

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Geometry:
    """Lengths of a model's window in bp; input, output and core share one centre.

    Attributes:
        input_length: Sequence the network reads.
        output_length: Part of the input it predicts.
        bin_size: Bases to a predicted value.
        core_length: Part of the output that is kept; stride of the genome grid.

    Raises:
        InputError: Lengths that cannot be centred on each other in whole bases and bins.

    >>> window = Geometry(input_length=2048, output_length=1024, bin_size=32, core_length=512)
    >>> window.n_bins, window.core_bins, window.core_bin_offset, window.input_flank
    (32, 16, 8, 768)
    """

    input_length: int
    output_length: int
    bin_size: int
    core_length: int

    def __post_init__(self) -> None:
        for field in ("input_length", "output_length", "bin_size", "core_length"):
            if getattr(self, field) < 1:
                raise InputError("a length is not positive", field=field, got=getattr(self, field))
        self._require(
            self.output_length <= self.input_length, "output_length", "at most input_length"
        )
        self._require(
            self.core_length <= self.output_length, "core_length", "at most output_length"
        )
        self._require(self.output_length % self.bin_size == 0, "output_length", "whole bins")
        self._require(self.core_length % self.bin_size == 0, "core_length", "whole bins")
        self._require(
            (self.input_length - self.output_length) % 2 == 0,
            "output_length",
            "an even difference from input_length, so that it can be centred",
        )
        self._require(
            (self.output_length - self.core_length) % (2 * self.bin_size) == 0,
            "core_length",
            "whole bins on both sides of the core, so that it can be centred in the output",
        )

    def _require(self, holds: bool, field: str, expected: str) -> None:
        if not holds:
            raise InputError(
                "window lengths do not fit together", field=field, got=self, expected=expected
            )

    @property
    def n_bins(self) -> int:
        """Predicted values of a window and track."""
        return self.output_length // self.bin_size

    @property
    def core_bins(self) -> int:
        """Predicted values of a window and track that are kept."""
        return self.core_length // self.bin_size

    @property
    def core_bin_offset(self) -> int:
        """Index of the first kept bin in the output."""
        return (self.output_length - self.core_length) // 2 // self.bin_size

    @property
    def input_flank(self) -> int:
        """Bases the network reads on each side of the core."""
        return (self.input_length - self.core_length) // 2

    def input_starts(self, windows: Integers) -> Integers:
        """Return the first base of the inputs of grid windows ``(n,)``; it may be negative.

        >>> Geometry(8, 4, 2, 4).input_starts(np.array([0, 5])).tolist()
        [-2, 18]
        """
        return windows * self.core_length - self.input_flank


def grid_windows(starts: Integers, ends: Integers, core_length: int) -> Integers:
    """Return the grid windows whose cores touch any interval of one contig, sorted and unique.

    Args:
        starts: First bases, ``(n,)``; any order, overlaps allowed.
        ends: Bases after the last, ``(n,)``; an empty interval touches nothing.
        core_length: Stride of the grid in bp.

    >>> grid_windows(np.array([1000, 0, 5000]), np.array([1100, 10, 5000]), 512).tolist()
    [0, 1, 2]
    """
    starts, ends = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    full = ends > starts
    first = starts[full] // core_length
    counts = -(-ends[full] // core_length) - first
    # All ranges at once: positions within each range are a global count less its offset.
    offsets = np.cumsum(counts) - counts
    within = np.arange(counts.sum(), dtype=np.int64) - np.repeat(offsets, counts)
    return np.unique(np.repeat(first, counts) + within)


def gather(codes: Codes, starts: Integers, length: int) -> Codes:
    """Cut windows ``(n, length)`` out of the codes of one contig, N outside of it.

    Args:
        codes: Codes of a contig (or of a part, with ``starts`` relative to it), 1-d.
        starts: First base of each window, ``(n,)``; may be negative or beyond the end.
        length: Bases to a window.

    >>> gather(np.array([0, 1, 2, 3], dtype=np.uint8), np.array([1, -1, 3]), 2).tolist()
    [[1, 2], [4, 0], [3, 4]]
    """
    starts = np.asarray(starts, dtype=np.int64)
    inside = (starts >= 0) & (starts + length <= len(codes))
    if inside.all() and len(starts):
        return np.lib.stride_tricks.sliding_window_view(codes, length)[starts]
    windows = np.full((len(starts), length), N, dtype=np.uint8)
    if inside.any():
        view = np.lib.stride_tricks.sliding_window_view(codes, length)
        windows[inside] = view[starts[inside]]
    for row in np.flatnonzero(~inside):
        low, high = max(starts[row], 0), min(starts[row] + length, len(codes))
        if low < high:
            windows[row, low - starts[row] : high - starts[row]] = codes[low:high]
    return windows


def unknown_fraction(windows: Codes) -> NDArray[np.float64]:
    """Return the share of unknown bases of each window: ``(n, length)`` to ``(n,)``.

    >>> unknown_fraction(np.array([[0, 1, 4, 4], [0, 1, 2, 3]], dtype=np.uint8)).tolist()
    [0.5, 0.0]
    """
    fraction: NDArray[np.float64] = (windows == N).mean(axis=-1)
    return fraction


def mostly_unknown_bins(windows: Codes, geometry: Geometry) -> NDArray[np.bool_]:
    """Return which bins of the cores of windows have more than half N, ``(n, core_bins)``.

    Args:
        windows: Codes of the inputs, ``(n, input_length)``.
        geometry: Lengths of a window.

    >>> mostly_unknown_bins(np.array([[0, 4, 1, 4, 4, 2]], dtype=np.uint8), Geometry(6, 4, 2, 4))
    array([[False,  True]])
    """
    core = windows[:, geometry.input_flank : geometry.input_flank + geometry.core_length]
    bins = core.reshape(len(windows), geometry.core_bins, geometry.bin_size)
    unknown: NDArray[np.bool_] = 2 * np.count_nonzero(bins == N, axis=2) > geometry.bin_size
    return unknown
