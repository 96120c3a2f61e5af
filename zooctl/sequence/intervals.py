"""Intervals on contigs, 0-based and half-open, and the region strings people type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.numbers import parse_int

Integers = NDArray[np.int64]


class Interval(NamedTuple):
    """Bases ``start`` to ``end - 1`` of a contig, counted from 0.

    >>> Interval("chr21", 33_000_000, 35_000_000).length
    2000000
    """

    chrom: str
    start: int
    end: int

    @property
    def length(self) -> int:
        """Bases in the interval."""
        return self.end - self.start

    def __str__(self) -> str:
        """Return the interval as people type it: 1-based, inclusive.

        >>> str(Interval("chr21", 0, 1_000))
        'chr21:1-1,000'
        """
        return f"{self.chrom}:{self.start + 1:,}-{self.end:,}"


_NUMBER = r"[0-9]+(?:,[0-9]{3})*"
_RANGE = re.compile(rf"(?P<first>{_NUMBER})?(?P<dash>-)?(?P<last>{_NUMBER})?")


def parse_region(
    text: str, contigs: Mapping[str, int] | None = None, holder: str = "the genome"
) -> Interval:
    """Read a region as samtools does: 1-based, inclusive, commas allowed.

    ``chr21`` is the whole contig, ``chr21:100`` and ``chr21:100-`` go to its end and ``chr21:-100``
    starts at its start; these need ``contigs``. Of several contig names that fit (names may hold
    colons), the longest counts; ``{name}:1-2`` marks the name.

    Args:
        text: The region.
        contigs: Lengths of the contigs; the region is then checked against them.
        holder: Name of the owner of the contigs, for errors.

    Raises:
        InputError: Not a region, an unknown contig, or a region beyond its contig.

    >>> parse_region("chr21:30,000,001-31,000,000")
    Interval(chrom='chr21', start=30000000, end=31000000)
    >>> parse_region("HLA-A*01:01", {"HLA-A*01:01": 3503})
    Interval(chrom='HLA-A*01:01', start=0, end=3503)
    """
    chrom, positions = _split_region(text.strip(), contigs)
    if contigs is not None and chrom not in contigs:
        raise unknown_contig(chrom, contigs, what=f"region {text!r}: contig is not in {holder}")
    length = None if contigs is None else contigs[chrom]
    match = _RANGE.fullmatch(positions) if positions is not None else None
    if positions is not None and (match is None or positions in ("", "-") or _joined(match)):
        raise _not_a_region(text)
    first = _position(text, match["first"]) if match and match["first"] else 1
    if match and match["last"]:
        last = _position(text, match["last"])
    elif length is None:
        raise InputError(
            f"region {text!r} has no end, and the length of its contig is not known here",
            expected="chrom:start-end",
        )
    else:
        last = length
    return _checked(text, chrom, first, last, length)


def _position(region: str, text: str) -> int:
    position = parse_int(text.replace(",", ""))
    if position is None:
        raise _not_a_region(region)
    return position


def _joined(match: re.Match[str]) -> bool:
    """Return whether two numbers lack a dash between them (``1,0002``)."""
    return bool(match["first"] and match["last"] and not match["dash"])


def _split_region(text: str, contigs: Mapping[str, int] | None) -> tuple[str, str | None]:
    """Return the contig name and the part behind its colon, None if there is none."""
    if text.startswith("{") and "}" in text:
        name, _, rest = text[1:].partition("}")
        if rest and not rest.startswith(":"):
            raise _not_a_region(text)
        return name, rest[1:] if rest else None
    if contigs is not None and text in contigs:
        return text, None
    name, colon, rest = text.rpartition(":")
    if not colon:
        name, rest = text, ""
    if not name:
        raise _not_a_region(text)
    return name, rest if colon else None


def _checked(text: str, chrom: str, first: int, last: int, length: int | None) -> Interval:
    """Return the interval, or refuse a wrong end."""
    if first < 1:
        raise InputError(f"region {text!r} starts at 0", hint="regions count from 1, BED from 0")
    if last < first:
        raise InputError(f"region {text!r} ends before it starts", got=f"{first:,}-{last:,}")
    if length is not None and last > length:
        raise InputError(
            f"region {text!r} goes beyond the end of its contig",
            got=f"{last:,}",
            expected=f"at most {length:,}, the length of {chrom}",
            hint="is it from another assembly?",
        )
    return Interval(chrom, first - 1, last)


def _not_a_region(text: str) -> InputError:
    return InputError(
        "not a region", got=repr(text[:60]), expected="such as chr21:30,000,001-31,000,000"
    )


def merge(starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Merge overlapping and touching intervals of one contig; the result is sorted.

    Args:
        starts: First bases, ``(n,)``, in any order.
        ends: Bases after the last, ``(n,)``; empty intervals are left out.

    Returns:
        Starts and ends, ``(m,)`` with m <= n, with at least one base between neighbours.

    >>> [side.tolist() for side in merge(np.array([50, 0, 10]), np.array([60, 10, 20]))]
    [[0, 50], [20, 60]]
    """
    starts, ends = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    full = ends > starts
    order = np.argsort(starts[full], kind="stable")
    starts, ends = starts[full][order], ends[full][order]
    if not len(starts):
        return starts, ends
    reach = np.maximum.accumulate(ends)
    opens = np.concatenate(([True], starts[1:] > reach[:-1]))
    return starts[opens], reach[np.concatenate((opens[1:], [True]))]
