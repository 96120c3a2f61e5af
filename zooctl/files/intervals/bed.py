"""Read BED files, checked line by line.

Chromosome, start and end are read (BED specification, version 1.0); other columns are free, but
every line must have as many as the first.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import parse_int

_SHOWN = 5


class Bed(list[Interval]):
    """The intervals of a BED file in its order, overlaps and duplicates kept.

    Attributes:
        path: The file.
        lines: Line number of each interval, from 1.
        n_empty: Number of lines left out because start equals end.
        others: Columns of each line after the third.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.lines: list[int] = []
        self.n_empty = 0
        self.others: list[tuple[str, ...]] = []


def read_bed(path: str | os.PathLike[str]) -> Bed:
    """Read the intervals of a BED file, plain or gzipped.

    Blank lines, comments (#), track and browser lines are left out; empty intervals are counted.

    Raises:
        InputError: The file cannot be read, or holds no interval.
        ManyErrors: Several lines are wrong; lists the first five.
    """
    bed = Bed(Path(path))
    errors: list[ZooError] = []
    first: tuple[int, int] | None = None
    for number, line in read_lines(bed.path):
        if _is_header(line):
            continue
        columns = _columns(line)
        if first is None and len(columns) >= 3:
            first = (number, len(columns))
        try:
            interval = _interval(columns, bed.path, number, first or (number, len(columns)))
        except InputError as error:
            errors.append(error)
            if len(errors) == _SHOWN:
                break
            continue
        if interval.length:
            bed.append(interval)
            bed.lines.append(number)
            bed.others.append(tuple(columns[3:]))
        else:
            bed.n_empty += 1
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    if not bed:
        got = f"empty intervals: {bed.n_empty:,}" if bed.n_empty else None
        raise InputError("no intervals in the BED file", path=bed.path, got=got)
    return bed


def _is_header(line: str) -> bool:
    words = line.split(maxsplit=1)
    return not words or line.startswith("#") or words[0] in ("track", "browser")


def _columns(line: str) -> list[str]:
    """Split a line at tabs, or at white space if tabs give fewer than three columns."""
    columns = line.split("\t")
    return columns if len(columns) >= 3 else line.split()


def _interval(columns: list[str], path: Path, line: int, first: tuple[int, int]) -> Interval:
    """Return the interval of one line, or raise the line's error."""
    if len(columns) < 3:
        raise InputError(
            "not a BED line",
            path=path,
            line=line,
            got=f"{len(columns)} columns" if len(columns) > 1 else repr(columns[0][:40]),
            expected="chromosome, start and end",
        )
    if len(columns) != first[1]:
        raise InputError(
            "lines differ in their number of columns",
            path=path,
            line=line,
            got=len(columns),
            expected=f"{first[1]} as on line {first[0]}",
        )
    chrom = columns[0].strip()
    if not chrom:
        raise InputError("chromosome is empty", path=path, line=line)
    start = _position(columns[1], "start", path, line)
    end = _position(columns[2], "end", path, line)
    if end < start:
        raise InputError("end is before start", path=path, line=line, got=f"{start:,} to {end:,}")
    return Interval(chrom, start, end)


def _position(text: str, name: str, path: Path, line: int) -> int:
    """Return a start or end; forms that only ``int`` takes, such as 1_000, are refused."""
    digits = text.strip()
    position = parse_int(digits)
    if position is not None:
        return position
    negative = digits.startswith("-") and digits[1:].isdigit()
    raise InputError(
        f"{name} is negative" if negative else f"{name} is not a position",
        path=path,
        line=line,
        got=repr(text[:40]),
        expected="a whole number, 0 or more",
    )


def check_intervals(
    intervals: Sequence[Interval],
    contigs: Mapping[str, int],
    *,
    path: str | os.PathLike[str] | None = None,
    lines: Sequence[int] | None = None,
    chrom_map: Mapping[str, str] | None = None,
    clip: bool = False,
    holder: str = "the genome",
) -> list[Interval]:
    """Return intervals with the genome's names of contigs, each checked to lie within its contig.

    Args:
        intervals: The intervals; a ``Bed`` brings its own path and lines.
        contigs: Lengths of the genome's contigs.
        path: File to name in errors.
        lines: Line of each interval in it.
        chrom_map: The genome's name for a name; other names stay as they are.
        clip: Whether to cut intervals at a contig's end. An interval entirely beyond it stays an
            error.
        holder: Name of the owner of the contigs, for errors.

    Raises:
        InputError: A contig is unknown or an interval goes beyond its end.
        ManyErrors: Several of these; lists the first five, each unknown contig once.
    """
    if isinstance(intervals, Bed):
        path, lines = path or intervals.path, lines or intervals.lines
    names, checked = chrom_map or {}, list[Interval]()
    errors: list[ZooError] = []
    unknown: Counter[str] = Counter()
    n_errors = 0
    for index, interval in enumerate(intervals):
        line = None if lines is None else lines[index]
        chrom = names.get(interval.chrom, interval.chrom)
        length = contigs.get(chrom)
        if length is None:
            unknown[chrom] += 1
            n_errors += unknown[chrom] == 1
            if unknown[chrom] == 1 and len(errors) < _SHOWN:
                what = f"contig is not in {holder}"
                errors.append(unknown_contig(chrom, contigs, what=what, path=path, line=line))
        elif interval.end <= length or (clip and interval.start < length):
            checked.append(Interval(chrom, interval.start, min(interval.end, length)))
        else:
            n_errors += 1
            if len(errors) < _SHOWN:
                errors.append(_beyond(interval, chrom, length, path, line, clip))
    if n_errors > len(errors):
        errors.append(InputError(f"{n_errors - len(errors):,} more such problems", path=path))
    if errors:
        raise errors[0] if len(errors) == 1 else ManyErrors(errors)
    return checked


def _beyond(
    interval: Interval,
    chrom: str,
    length: int,
    path: str | os.PathLike[str] | None,
    line: int | None,
    clip: bool,
) -> InputError:
    outside = interval.start >= length
    return InputError(
        "interval lies beyond its contig" if outside else "interval goes beyond its contig",
        path=path,
        line=line,
        got=f"{interval.start:,} to {interval.end:,}",
        expected=f"at most {length:,}, the length of {chrom}",
        hint="is the file of another assembly?" + ("" if outside or clip else " --clip cuts it"),
    )
