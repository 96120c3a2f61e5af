"""Symbolic alleles whose bases a genome states: deletions, tandem duplications, and insertions."""

from __future__ import annotations

import re
from collections.abc import Callable

from zooctl.files.vcf.records import Record
from zooctl.sequence.alleles import Allele
from zooctl.sequence.numbers import parse_int

_KIND = re.compile(r"<(DEL|INS|DUP)(?::[A-Za-z0-9_:]+)?>")
_INFO = 7  # its column
# Keys under which callers write inserted bases.
_INSERTED = (b"SVINSSEQ", b"SEQ")
_BASES = re.compile(r"[ACGTacgt]+")


def explicit(
    record: Record, number: int, chrom: str, letters: Callable[[int, int], str], longest: int
) -> Allele:
    """Return an allele with its bases, or as it is where they are not known.

    POS of a symbolic allele is the base before the event. A deletion ends at POS + SVLEN, whose
    sign does not count, or at END; a duplication inserts a copy of these bases behind POS; an
    insertion inserts the bases that INFO states as SVINSSEQ or SEQ.

    Args:
        record: The record.
        number: Number of the ALT, from 0.
        chrom: The genome's name of the contig.
        letters: Bases ``[start, end)`` of the contig, N outside of it.
        longest: Longest event in bp; longer ones are left symbolic.
    """
    start, alt = record.start, record.alts[number]
    given = Allele(chrom, start, record.ref, alt)
    kind = _KIND.fullmatch(alt)
    # Events inside of mobile elements, and copies elsewhere, are of other bases.
    if kind is None or ":ME" in alt or start < 0 or len(record.ref) != 1:
        return given
    fields = _fields(record.line)
    length = _length(fields, number, len(record.alts), start)
    if kind[1] == "INS":
        inserted = _inserted(fields)
        known = 0 < len(inserted) <= longest and length in (None, len(inserted))
        return given._replace(alt=record.ref + inserted) if known else given
    if length is None or not 0 < length <= longest:
        return given
    event = letters(start + 1, start + 1 + length)
    if kind[1] == "DEL":
        return given._replace(ref=record.ref + event, alt=record.ref)
    return given._replace(alt=record.ref + event)


def _fields(line: bytes) -> dict[bytes, str]:
    info = line.split(b"\t", _INFO + 1)[_INFO]
    parts = (entry.partition(b"=") for entry in info.split(b";"))
    return {key: value.decode("ascii", "replace") for key, _, value in parts}


def _length(fields: dict[bytes, str], number: int, n_alts: int, start: int) -> int | None:
    """Return the length of an event; None where it is not stated, or SVLEN and END disagree."""
    lengths = fields.get(b"SVLEN", "").split(",")
    stated = lengths[number] if len(lengths) == n_alts else ""
    size, end = parse_int(stated.removeprefix("-")), parse_int(fields.get(b"END", ""))
    # One END of a record with several ALTs is that of none of them.
    if end is None or end == start + 1 or n_alts > 1:
        return size
    return end - start - 1 if size in (None, end - start - 1) else None


def _inserted(fields: dict[bytes, str]) -> str:
    """Return the inserted bases that INFO states; "" for none."""
    stated = (fields.get(key, "") for key in _INSERTED)
    return next((bases for bases in stated if _BASES.fullmatch(bases)), "")
