"""Lift intervals from one assembly to another, by UCSC chain files."""

from __future__ import annotations

import os
from pathlib import Path

from zooctl.errors import InputError, need
from zooctl.files.disk.text import read_lines
from zooctl.sequence.intervals import Interval

# The default of UCSC liftOver (-minMatch=0.95).
_LENGTH_KEPT = 0.95


class Chain:
    """A chain file, which aligns one assembly to another.

    Args:
        path: A ``.over.chain`` file, plain or gzipped.

    Attributes:
        path: Its path.

    Raises:
        InputError: The file cannot be read or is no chain file, or the library is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        _check(self.path)
        need("liftover", "lifting")
        from liftover import ChainFile

        # Its C library crashes on a broken file, so _check comes first.
        self._chain = ChainFile(str(self.path), one_based=False)

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
        if chrom not in self._chain:
            return None
        places = self._chain.query(chrom, position)
        if len(places) != 1 or places[0][2] != "+":
            return None
        return str(places[0][0]), int(places[0][1])


def _check(path: Path) -> None:
    """Refuse files that the library would crash on or read as an empty chain file."""
    blocks = 0
    inside = False
    for number, line in read_lines(path):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "chain":
            if len(words) not in (12, 13) or inside:
                raise InputError("not a chain file", path=path, line=number, got=line[:60])
            inside = True
        elif inside and len(words) in (1, 3) and all(word.isdigit() for word in words):
            blocks += 1
            inside = len(words) == 3
        else:
            raise InputError("not a chain file", path=path, line=number, got=line[:60])
    if inside or not blocks:
        raise InputError("chain file is empty or cut short", path=path)
