"""Aligned reads (BED6) and fragments of read pairs (BED, BEDPE)."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.columns import Table, read_table
from zooctl.files.liftover import Chain
from zooctl.sequence.intervals import Interval

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Reads:
    """Reads or fragments, in the order of their file.

    Attributes:
        chroms: Names of contigs.
        chrom: Index of each one's contig in ``chroms``, ``(n,)``.
        start: First base, ``(n,)``.
        end: Base after the last, ``(n,)``.
        forward: Whether it lies on the forward strand, ``(n,)``; fragments do.
    """

    chroms: tuple[str, ...]
    chrom: Integers
    start: Integers
    end: Integers
    forward: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Integers | NDArray[np.bool_]) -> Reads:
        """The reads of these rows."""
        return Reads(
            self.chroms, self.chrom[rows], self.start[rows], self.end[rows], self.forward[rows]
        )

    def on(self, chrom: str) -> Reads:
        """The reads of one contig; none if the file does not name it."""
        index = self.chroms.index(chrom) if chrom in self.chroms else -1
        return self.take(self.chrom == index)

    def ends(self) -> dict[str, int]:
        """Return the last end on each contig."""
        return {
            chrom: int(self.end[self.chrom == index].max(initial=0))
            for index, chrom in enumerate(self.chroms)
        }

    def sample(self, depth: int, seed: list[int]) -> Reads:
        """Draw exactly ``depth`` reads without replacement, in their order.

        Args:
            depth: How many.
            seed: Non-negative integers; the draw depends on them and on the number of reads alone.

        Raises:
            InputError: There are fewer.
        """
        if depth > len(self):
            raise InputError(
                "fewer reads than they are to be brought down to",
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
        chain: Brings the reads to another assembly.

    Raises:
        InputError: As ``read_bed``; or a line has no strand.
    """
    table = read_table(path, chain)
    strands = [line[5] if len(line) > 5 else "" for line in table.columns]
    for strand, line in zip(strands, table.lines, strict=True):
        if strand not in ("+", "-"):
            raise InputError(
                "read without a strand",
                path=table.path,
                line=line,
                got=repr(strand),
                expected="+ or - in column 6",
            )
    return _reads(table.intervals, np.array([strand == "+" for strand in strands]))


def read_fragments(path: str | os.PathLike[str], chain: Chain | None = None) -> Reads:
    """Read fragments: one interval a line (BED), or both mates of a pair (BEDPE).

    BEDPE has the second mate in columns 4 to 6; a fragment reaches from the first base of either
    mate to the last.

    Args:
        path: The file, plain or gzipped.
        chain: Brings fragments to another assembly; not for BEDPE with mates.

    Raises:
        InputError: As ``read_bed``; or the mates of a pair lie on two contigs.
    """
    table = read_table(path, chain)
    if not _paired(table):
        return _reads(table.intervals, np.ones(len(table.intervals), np.bool_))
    if chain is not None:
        raise InputError("pairs of mates can't be lifted", path=path, hint="join them to fragments")
    fragments = []
    for (chrom, start, end), line, number in zip(
        table.intervals, table.columns, table.lines, strict=True
    ):
        if line[3] != chrom or not (line[4].isdigit() and line[5].isdigit()):
            raise InputError(
                "mates do not lie on one contig",
                path=table.path,
                line=number,
                got=" ".join(line[:6]),
                hint="keep proper pairs alone",
            )
        fragments.append(Interval(chrom, min(start, int(line[4])), max(end, int(line[5]))))
    return _reads(fragments, np.ones(len(fragments), np.bool_))


def _paired(table: Table) -> bool:
    """Say whether lines hold two mates: column 6 of BED is a strand, of BEDPE a position."""
    return table.width >= 6 and table.columns[0][5] not in ("+", "-", ".")


def _reads(intervals: list[Interval], forward: NDArray[np.bool_]) -> Reads:
    chroms = tuple(dict.fromkeys(interval.chrom for interval in intervals))
    index = {chrom: number for number, chrom in enumerate(chroms)}
    return Reads(
        chroms,
        np.array([index[interval.chrom] for interval in intervals], dtype=np.int64),
        np.array([interval.start for interval in intervals], dtype=np.int64),
        np.array([interval.end for interval in intervals], dtype=np.int64),
        forward,
    )
