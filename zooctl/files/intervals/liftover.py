"""Lift intervals from one assembly to another, by UCSC chain files."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import is_name, parse_float, parse_int

# The default of UCSC liftOver (-minMatch=0.95).
_LENGTH_KEPT = 0.95
# Of the header: chain, score, then name, size, strand, start and end of both sides, and an id that
# may be missing.
_WORDS = (12, 13)


class Chain:
    """A chain file, which aligns one assembly to another.

    Args:
        path: A ``.over.chain`` file, plain or gzipped.

    Attributes:
        path: Its path.

    Raises:
        InputError: The file cannot be read or is no chain file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        blocks: dict[str, _Blocks] = {}
        for header in _chains(self.path):
            header.add_to(blocks.setdefault(header.name, _Blocks()))
        if not blocks:
            raise InputError("chain file is empty", path=path)
        self._segments = {chrom: found.segments() for chrom, found in blocks.items()}

    def lift(self, interval: Interval) -> Interval | None:
        """Return an interval in the coordinates of the other assembly; None if it cannot be lifted.

        Both ends must map to one position each, on one contig and the forward strand, and the
        length may not change by more than a twentieth: split, reversed and grown ones are dropped.
        """
        first = self._base(interval.chrom, interval.start)
        last = self._base(interval.chrom, interval.end - 1)
        if first is None or last is None or first[0] != last[0]:
            return None
        length = last[1] - first[1] + 1
        if not _LENGTH_KEPT * interval.length <= length <= interval.length / _LENGTH_KEPT:
            return None
        return Interval(first[0], first[1], last[1] + 1)

    def _base(self, chrom: str, position: int) -> tuple[str, int] | None:
        """Return contig and position of a base; None unless it maps once, to the forward strand."""
        segments = self._segments.get(chrom)
        if segments is None:
            return None
        at = bisect_right(segments.starts, position) - 1
        if at < 0 or position >= segments.ends[at]:
            return None
        return segments.names[at], position + segments.shifts[at]


class _Segments(NamedTuple):
    """Disjoint parts of a contig whose bases map once, to the forward strand, in order.

    Attributes:
        starts: First base of each.
        ends: Base after its last.
        names: Contig of the other assembly.
        shifts: Position there, less the position here.
    """

    starts: list[int]
    ends: list[int]
    names: list[str]
    shifts: list[int]


class _Blocks:
    """Aligned blocks of a contig, in any order."""

    def __init__(self) -> None:
        self.starts, self.sizes, self.shifts = array("q"), array("q"), array("q")
        self.forward = array("b")
        self.names: list[str] = []

    def add(self, start: int, size: int, other: int, name: str, forward: bool) -> None:
        """Add a block; ``other`` is the position of its first base in the other assembly."""
        self.starts.append(start)
        self.sizes.append(size)
        self.shifts.append(other - start)
        self.forward.append(forward)
        self.names.append(name)

    def segments(self) -> _Segments:
        """Return the parts that exactly one block covers, on the forward strand."""
        starts = np.array(self.starts, dtype=np.int64)
        ends = starts + np.array(self.sizes, dtype=np.int64)
        number = np.arange(1, len(starts) + 1)
        places = np.concatenate([starts, ends])
        order = np.argsort(places, kind="stable")
        places = places[order]
        # Behind each place: how many blocks cover it, and which one if it is one.
        depth = np.cumsum(np.repeat([1, -1], len(starts))[order])
        covering = np.cumsum(np.concatenate([number, -number])[order])
        known = np.flatnonzero((np.diff(places) > 0) & (depth[:-1] == 1))
        block = covering[known] - 1
        chosen = np.array(self.forward, dtype=np.bool_)[block]
        known, block = known[chosen], block[chosen]
        return _Segments(
            places[known].tolist(),
            places[known + 1].tolist(),
            [self.names[index] for index in block.tolist()],
            np.array(self.shifts, dtype=np.int64)[block].tolist(),
        )


class _Chain(NamedTuple):
    """One chain: two aligned stretches, and the sizes of blocks and gaps between them."""

    name: str
    start: int
    other: str
    other_start: int
    forward: bool
    rows: list[tuple[int, int, int]]

    def add_to(self, blocks: _Blocks) -> None:
        """Add the chain's blocks; those of no base are left out."""
        here, there = self.start, self.other_start
        for size, gap, other_gap in self.rows:
            if size:
                blocks.add(here, size, there, self.other, self.forward)
            here, there = here + size + gap, there + size + other_gap


class _Side(NamedTuple):
    """One side of a chain's header."""

    name: str
    forward: bool
    start: int
    end: int


def _chains(path: Path) -> Iterator[_Chain]:
    """Yield the chains of a file, as UCSC liftOver reads them.

    Raises:
        InputError: A line is no part of a chain, or blocks and gaps do not add up to its header.
    """
    sides: tuple[_Side, _Side] | None = None
    rows: list[tuple[int, int, int]] = []
    number = 0
    for number, line in read_lines(path):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if sides is None:
            sides, rows = _header(path, number, line, words), []
            continue
        sizes = [parse_int(word) for word in words]
        if len(sizes) not in (1, 3) or None in sizes:
            raise _no_chain(path, number, line, "a block: its size, and the gaps on both sides")
        size, gap, other_gap = (*(n for n in sizes if n is not None), 0, 0)[:3]
        rows.append((size, gap, other_gap))
        if len(words) == 3:
            continue
        _check_ends(path, number, sides, rows)
        here, there = sides
        yield _Chain(here.name, here.start, there.name, there.start, there.forward, rows)
        sides = None
    if sides is not None:
        raise InputError(
            "chain file is cut short", path=path, line=number, expected="a last block of a chain"
        )


def _header(path: Path, number: int, line: str, words: list[str]) -> tuple[_Side, _Side]:
    if words[0] != "chain" or len(words) not in _WORDS or parse_float(words[1]) is None:
        raise _no_chain(path, number, line, "chain, score, and name, size, strand, … of both sides")
    sides = []
    for name, size_text, strand, *ends in (words[2:7], words[7:12]):
        size, start, end = (parse_int(text) for text in (size_text, *ends))
        if size is None or start is None or end is None or not start < end <= size:
            raise _no_chain(path, number, line, "0 ≤ start < end ≤ size")
        if not is_name(name) or strand not in ("+", "-"):
            raise _no_chain(path, number, line, "a name, and the strand + or -")
        sides.append(_Side(name, strand == "+", start, end))
    if not sides[0].forward:
        raise _no_chain(path, number, line, "the strand + of the assembly to be lifted")
    return sides[0], sides[1]


def _check_ends(
    path: Path, number: int, sides: tuple[_Side, _Side], rows: list[tuple[int, int, int]]
) -> None:
    sizes, *gaps = map(sum, zip(*rows, strict=True))
    for side, gap in zip(sides, gaps, strict=True):
        if side.start + sizes + gap != side.end:
            raise InputError(
                f"blocks and gaps of {side.name} do not add up to its end",
                path=path,
                line=number,
                got=f"{side.start + sizes + gap:,}",
                expected=f"{side.end:,}",
                hint="download the chain file again",
            )


def _no_chain(path: Path, line: int, text: str, expected: str) -> InputError:
    return InputError(
        "not a chain file", path=path, line=line, got=repr(text[:60]), expected=expected
    )
