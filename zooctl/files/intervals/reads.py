"""Read aligned reads (BED6) and fragments of read pairs (BED, BEDPE)."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.files.intervals.liftover import Chain
from zooctl.sequence.intervals import Interval
from zooctl.sequence.numbers import parse_int

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Reads:
    """Reads or fragments, in the order of their file.

    Attributes:
        chroms: Names of contigs.
        chrom: Index in ``chroms`` of the contig of each, ``(n,)``.
        start: First base, ``(n,)``.
        end: Base after the last, ``(n,)``.
        forward: True for the forward strand, ``(n,)``; always true for fragments.
    """

    chroms: tuple[str, ...]
    chrom: Integers
    start: Integers
    end: Integers
    forward: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Integers | NDArray[np.bool_]) -> Reads:
        """Return the reads of these rows."""
        return Reads(
            self.chroms, self.chrom[rows], self.start[rows], self.end[rows], self.forward[rows]
        )

    def on(self, chrom: str) -> Reads:
        """Return the reads of one contig, none for a contig that the file lacks."""
        index = self.chroms.index(chrom) if chrom in self.chroms else -1
        return self.take(self.chrom == index)

    def ends(self) -> dict[str, int]:
        """Return the last end on each contig."""
        return {
            chrom: int(self.end[self.chrom == index].max(initial=0))
            for index, chrom in enumerate(self.chroms)
        }

    def sample(self, depth: int, seed: list[int]) -> Reads:
        """Draw exactly ``depth`` reads without replacement, and keep their order.

        Args:
            depth: Number of reads.
            seed: Non-negative integers; the draw depends on them and on the number of reads alone.

        Raises:
            InputError: There are fewer.
        """
        if depth > len(self):
            raise InputError(
                "fewer reads than the depth to sample",
                field="depth",
                got=f"{len(self):,}",
                expected=f"at least {depth:,}",
            )
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
        return self.take(np.sort(rng.choice(len(self), size=depth, replace=False)))


def read_reads(path: str | os.PathLike[str], chain: Chain | None = None) -> Reads:
    """Read a BED file of aligned reads, whose sixth column is the strand.

    Args:
        path: The file, plain or gzipped.
        chain: Lifts the reads to another assembly; those that cannot be lifted are dropped.

    Raises:
        InputError: A line is no BED line or has no strand, or no read is left.
    """
    found = _Arrays(chain)
    for number, columns, interval in _records(Path(path)):
        strand = columns[5] if len(columns) > 5 else ""
        if strand not in ("+", "-"):
            raise InputError(
                "read without a strand",
                path=path,
                line=number,
                got=repr(strand),
                expected="+ or - in column 6",
            )
        found.add(interval, strand == "+")
    return found.reads(path)


def read_fragments(path: str | os.PathLike[str], chain: Chain | None = None) -> Reads:
    """Read fragments: one interval a line (BED), or both mates of a pair (BEDPE).

    BEDPE has the second mate in columns 4 to 6; a fragment reaches from the first base of either
    mate to the last.

    Args:
        path: The file, plain or gzipped.
        chain: Lifts fragments to another assembly; those that cannot be lifted are dropped.

    Raises:
        InputError: A line is neither BED nor BEDPE, the mates of a pair lie on two contigs, or no
            fragment is left.
    """
    found = _Arrays(chain)
    for number, columns, interval in _records(Path(path)):
        # Column 6 of BED is a strand, of BEDPE a position.
        if len(columns) >= 6 and columns[5] not in ("+", "-", "."):
            chrom, start, end = interval
            other_start, other_end = parse_int(columns[4]), parse_int(columns[5])
            if columns[3] != chrom or other_start is None or other_end is None:
                raise InputError(
                    "mates do not lie on one contig",
                    path=path,
                    line=number,
                    got=" ".join(columns[:6])[:90],
                    hint="keep proper pairs alone",
                )
            interval = Interval(chrom, min(start, other_start), max(end, other_end))
        found.add(interval, True)
    return found.reads(path)


def _records(path: Path) -> Iterator[tuple[int, list[str], Interval]]:
    """Yield number, columns and interval of each line; files of reads are too large to be kept."""
    for number, line in read_lines(path):
        columns = line.split("\t")
        if len(columns) < 3:
            columns = line.split()
        if not columns or line.startswith("#") or columns[0] in ("track", "browser"):
            continue
        start = end = None
        if len(columns) >= 3:
            start, end = parse_int(columns[1]), parse_int(columns[2])
        if start is None or end is None:
            raise InputError(
                "not a BED line",
                path=path,
                line=number,
                got=repr(line[:60]),
                expected="chromosome, start and end",
            )
        if end <= start:
            raise InputError(
                "end is not after start",
                path=path,
                line=number,
                got=f"{start:,} to {end:,}",
            )
        yield number, columns, Interval(columns[0], start, end)


class _Arrays:
    """Growing arrays of reads, 21 bytes each."""

    def __init__(self, chain: Chain | None) -> None:
        self._chain = chain
        self._chroms: dict[str, int] = {}
        self._chrom, self._start, self._end = array("i"), array("q"), array("q")
        self._forward = array("b")

    def add(self, interval: Interval, forward: bool) -> None:
        """Add a read, if it can be lifted."""
        place = interval if self._chain is None else self._chain.lift(interval)
        if place is not None:
            self._chrom.append(self._chroms.setdefault(place.chrom, len(self._chroms)))
            self._start.append(place.start)
            self._end.append(place.end)
            self._forward.append(forward)

    def reads(self, path: str | os.PathLike[str]) -> Reads:
        """Return the reads.

        Raises:
            InputError: There are none.
        """
        if not self._chrom:
            hint = None if self._chain is None else f"is {self._chain.path.name} of its assembly?"
            raise InputError("no reads in the file", path=path, hint=hint)
        return Reads(
            tuple(self._chroms),
            np.array(self._chrom, dtype=np.int64),
            np.array(self._start, dtype=np.int64),
            np.array(self._end, dtype=np.int64),
            np.array(self._forward, dtype=np.bool_),
        )
