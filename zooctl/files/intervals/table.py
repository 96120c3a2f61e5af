"""Read BED-like files with the text of all columns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.files.intervals.bed import read_bed
from zooctl.files.intervals.liftover import Chain
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import parse_float, parse_int

T = TypeVar("T")

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class BedTable:
    """Lines of a BED-like file.

    Attributes:
        path: The file.
        intervals: Interval of each line.
        lines: Number of each line, from 1.
        columns: Text of each line's columns, the first three before lifting.
        n_dropped: Number of intervals that could not be lifted.
    """

    path: Path
    intervals: list[Interval]
    lines: list[int]
    columns: list[list[str]]
    n_dropped: int = 0

    @property
    def width(self) -> int:
        """Number of columns, equal for all lines."""
        return len(self.columns[0])

    def numbers(self, column: int, name: str) -> NDArray[np.float64]:
        """Return a column as numbers ``(n,)``.

        Args:
            column: From 0.
            name: Name of its values, for the error.

        Raises:
            InputError: A cell is not a finite number of 32 bits.
        """
        values = np.empty(len(self.columns))
        for row, text in enumerate(line[column] for line in self.columns):
            value = parse_float(text.strip(), least=-_LARGEST, most=_LARGEST)
            if value is None:
                raise InputError(
                    f"{name} is not a number",
                    path=self.path,
                    line=self.lines[row],
                    got=repr(text[:40]),
                    expected="a number that 32 bits hold",
                )
            values[row] = value
        return values

    def integers(self, column: int, least: int) -> NDArray[np.int64] | None:
        """Return a column as integers ``(n,)``; None if a cell is none, or is below ``least``."""
        found = [parse_int(line[column].strip(), least=least) for line in self.columns]
        known = [value for value in found if value is not None]
        return np.array(known, dtype=np.int64) if len(known) == len(found) else None


def read_table(path: str | os.PathLike[str], chain: Chain | None = None) -> BedTable:
    """Read a BED-like file with all its columns, plain or gzipped.

    Args:
        path: The file.
        chain: Lifts intervals to another assembly; those that cannot be lifted are dropped.

    Raises:
        InputError: As ``read_bed``; or no interval can be lifted.
    """
    bed = read_bed(path)
    numbers = set(bed.lines)
    columns = [
        line.split("\t") if line.count("\t") >= 2 else line.split()
        for number, line in read_lines(bed.path)
        if number in numbers
    ]
    if chain is None:
        return BedTable(bed.path, list(bed), bed.lines, columns)
    places = [chain.lift(interval) for interval in bed]
    kept = [row for row, place in enumerate(places) if place is not None]
    if not kept:
        raise InputError(
            "no interval can be lifted",
            path=bed.path,
            got=f"{bed[0]} and {len(bed) - 1:,} more",
            hint=f"is {chain.path.name} of another assembly?",
        )
    return BedTable(
        bed.path,
        [place for place in places if place is not None],
        _rows(bed.lines, kept),
        _rows(columns, kept),
        len(bed) - len(kept),
    )


def _rows(values: list[T], rows: list[int]) -> list[T]:
    return [values[row] for row in rows]


def check_places(
    ends: Mapping[str, int], contigs: Mapping[str, int], path: str | os.PathLike[str]
) -> None:
    """Check that the intervals of a file fit the genome, which may lack some of their contigs.

    Args:
        ends: Last end on each contig that the file names.
        contigs: Length of each contig of the genome.
        path: The file.

    Raises:
        InputError: The genome has none of the contigs, or one ends before an interval.
    """
    if not ends.keys() & contigs.keys():
        raise unknown_contig(next(iter(ends)), contigs, path=path)
    for chrom, end in ends.items():
        if end > contigs.get(chrom, end):
            raise InputError(
                "interval goes beyond its contig",
                path=path,
                got=f"{end:,}",
                expected=f"at most {contigs[chrom]:,}, the length of {chrom}",
                hint="is the file of another assembly?",
            )
