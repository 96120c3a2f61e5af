"""Read peaks: BED, narrowPeak and broadPeak."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.liftover import Chain
from zooctl.files.intervals.table import BedTable, read_table

_BROAD, _NARROW = 9, 10
_STRAND, _SIGNAL, _RGB, _SUMMIT = 5, 6, 8, 9

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Peaks:
    """Peaks in the order of their file.

    Attributes:
        chrom: Contig of each, ``(n,)`` text.
        start: First base, ``(n,)``.
        end: Base after the last, ``(n,)``.
        value: ``signalValue`` of narrowPeak and broadPeak, ``(n,)``; None for BED, also of nine
            columns, whose seventh and eighth are positions.
        summit: Position of the summit in narrowPeak, ``(n,)``; None if the file has none.
        n_dropped: Peaks that could not be lifted.
        reverse: Mask of peaks on the reverse strand, ``(n,)``; None if the file has no strand.
    """

    chrom: NDArray[np.str_]
    start: Integers
    end: Integers
    value: NDArray[np.float32] | None
    summit: Integers | None
    n_dropped: int = 0
    reverse: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.start)

    def ends(self) -> dict[str, int]:
        """Return the last end on each contig."""
        return {
            str(chrom): int(self.end[self.chrom == chrom].max()) for chrom in np.unique(self.chrom)
        }

    def on(self, chrom: str) -> Peaks:
        """Return the peaks of one contig."""
        return self.take(self.chrom == chrom)

    def take(self, rows: NDArray[np.bool_]) -> Peaks:
        """Return the peaks of a mask ``(n,)``."""
        return Peaks(
            self.chrom[rows],
            self.start[rows],
            self.end[rows],
            None if self.value is None else self.value[rows],
            None if self.summit is None else self.summit[rows],
            reverse=None if self.reverse is None else self.reverse[rows],
        )


def read_peaks(path: str | os.PathLike[str], chain: Chain | None = None) -> Peaks:
    """Read peaks, plain or gzipped.

    Args:
        path: BED, narrowPeak (ten columns) or broadPeak (nine), plain or gzipped.
        chain: Lifts the peaks to another assembly.

    Raises:
        InputError: As ``read_bed``; or a value or summit is not a number, or lies outside its peak.
    """
    table = read_table(path, chain)
    start = np.array([interval.start for interval in table.intervals], dtype=np.int64)
    end = np.array([interval.end for interval in table.intervals], dtype=np.int64)
    value = summit = None
    has_values = table.width in (_BROAD, _NARROW) and not _is_bed9(table)
    if has_values:
        value = table.numbers(_SIGNAL, "signalValue").astype(np.float32)
    if has_values and table.width == _NARROW:
        offset = table.integers(_SUMMIT, least=-1)
        if offset is None:
            raise InputError(
                "summits are not whole numbers",
                path=path,
                expected="the tenth column of narrowPeak: an offset from the start, or -1",
            )
        if (offset >= 0).all():  # -1 is "no summit called".
            length = np.array([int(c[2]) - int(c[1]) for c in table.columns], dtype=np.int64)
            if len(wrong := np.flatnonzero(offset > length)):
                raise InputError(
                    "summit lies outside its peak",
                    path=path,
                    line=table.lines[wrong[0]],
                    got=int(offset[wrong[0]]),
                    expected=f"at most {length[wrong[0]]:,}, the peak's length",
                )
            # ENCODE has summits just behind their peak; and lifting may have shortened it.
            summit = np.minimum(start + offset, end - 1)
    chrom = np.array([interval.chrom for interval in table.intervals], dtype=np.str_)
    return Peaks(chrom, start, end, value, summit, table.n_dropped, _reverse(table))


def _reverse(table: BedTable) -> NDArray[np.bool_] | None:
    """Return which lines lie on the reverse strand; None unless each line has a strand."""
    if table.width <= _STRAND:
        return None
    strands = [columns[_STRAND] for columns in table.columns]
    if not set(strands) <= {"+", "-"}:
        return None
    return np.array([strand == "-" for strand in strands], np.bool_)


def _is_bed9(table: BedTable) -> bool:
    """Return whether columns 7 to 9 are thickStart, thickEnd and itemRgb, and no signal.

    Positions in the seventh and eighth column of every line lie within that line's interval; a
    signal and its significance do not. Signals have no commas, colours may.
    """
    if any("," in columns[_RGB] for columns in table.columns):
        return True
    thick = [table.integers(column, least=0) for column in (_SIGNAL, _SIGNAL + 1)]
    ends = [table.integers(column, least=0) for column in (1, 2)]
    if any(side is None for side in (*thick, *ends)):
        return False
    (low, high), (start, end) = (
        [side for side in pair if side is not None] for pair in (thick, ends)
    )
    return bool(((start <= low) & (low <= high) & (high <= end)).all())
