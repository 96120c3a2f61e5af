"""Alleles of a variant: checks before scoring, and the unique form of equal alleles.

A VCF may write one change in many ways: padded with unchanged bases, and an insertion or deletion
in a repeat at any of its places. Trimmed and left-aligned, all of them are one ``Change``. It is
unique: an allele that replaces bases differs from the genome at its first and its last base and so
has no other form; a pure insertion or deletion is moved left as far as possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from zooctl.sequence.onehot import BASES, Codes, decode, encode

# Bases read at once to the left of an insertion or deletion; doubled while the repeat continues.
_REACH = 64

_LETTERS = "[ACGTNRYSWKMBDHVacgtnryswkmbdhv]"
_REF = re.compile(f"{_LETTERS}*")
# Bases, * and ., <ID>, a breakend such as G]17:198982] or .[13:123457[, a single breakend .A or A.
_ALT = re.compile(
    rf"{_LETTERS}+\.?|\.{_LETTERS}+|[*.]|<[^<>\s,]+>"
    rf"|(?:\.|{_LETTERS}*)[\[\]][^\[\]\s,]+[\[\]](?:\.|{_LETTERS}*)"
)

Read = Callable[[int, int], Codes]
"""``(start, end)`` to the codes of a contig, N outside of it."""


class Status(StrEnum):
    """Outcome of an allele; ``+`` joins the flags of a scored one, as in ``EDGE+N``.

    Attributes:
        text: What it means, in a sentence.
    """

    text: str

    def __new__(cls, value: str, text: str) -> Status:
        """Return the status of a value, with its sentence."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.text = text
        return made

    OK = "OK", "Scored; nothing is to be said about it."
    EDGE = "EDGE", "Scored; a window overhangs the contig and is padded with N."
    N = "N", "Scored; over a tenth of the bases of a window are unknown or padding."
    SWAPPED = "SWAPPED", "Scored; the genome has ALT, not REF, and the caller allowed that."
    REF_MISMATCH = "REF_MISMATCH", "The genome has another sequence than REF."
    SYMBOLIC = "SYMBOLIC", "ALT is symbolic, as ``<DEL>``, and has no sequence."
    BREAKEND = "BREAKEND", "ALT is a breakend, as ``G]17:198982]``."
    STAR = "STAR", "``*``: the base is deleted by another record."
    NO_ALT = "NO_ALT", "ALT is ``.``: no other allele was seen."
    INVALID_ALLELE = (
        "INVALID_ALLELE",
        "REF or ALT is nothing that the VCF specification allows there, such as ``X`` or ``-A``.",
    )
    OUT_OF_RANGE = "OUT_OF_RANGE", "REF lies partly or wholly outside the contig."
    NO_CONTIG = "NO_CONTIG", "The genome has no contig of that name."
    TOO_LONG = (
        "TOO_LONG",
        "A changed stretch is longer than half of the part that all windows share.",
    )
    N_ALLELE = "N_ALLELE", "REF or ALT holds N, or REF another code for several bases."
    AMBIGUOUS_ALT = "AMBIGUOUS_ALT", "ALT holds a letter that stands for several bases."
    TELOMERE = (
        "TELOMERE",
        "POS is 0 or the contig's length plus 1: a telomere in the VCF specification.",
    )
    REF_EQ_ALT = "REF_EQ_ALT", "REF and ALT are the same sequence."
    NO_GENE = "NO_GENE", "Genes were asked for, and none of the annotation lies over POS."
    MOSTLY_N = (
        "MOSTLY_N",
        "Over half the bases of a window are unknown, so the window has no value.",
    )
    NOT_STORED = "NOT_STORED", "Answered from a store alone, which does not have it."
    NO_RATIO = (
        "NO_RATIO",
        "Predicted, but no mean is above 0, so that there is no log ratio; beside other flags.",
    )
    SOME_RATIO = (
        "SOME_RATIO",
        "Scored; the means of some tracks are not above 0, so that these have no log ratio.",
    )


SCORED = frozenset({Status.OK, Status.EDGE, Status.N, Status.SWAPPED, Status.SOME_RATIO})
"""Flags in the status of a scored allele."""


class Allele(NamedTuple):
    """One ALT of a record; ``start`` counts from 0."""

    chrom: str
    start: int
    ref: str
    alt: str

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1} {self.ref}>{self.alt}"


class Change(NamedTuple):
    """Bases ``[start, start + len(ref))`` of a contig become ``alt``; either may be empty."""

    start: int
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """Position after the last replaced base."""
        return self.start + len(self.ref)

    @property
    def growth(self) -> int:
        """Length of ALT minus length of REF, in bp."""
        return len(self.alt) - len(self.ref)


def join_flags(flags: list[Status]) -> str:
    """Return the status of a scored allele.

    >>> join_flags([]), join_flags([Status.EDGE, Status.N])
    ('OK', 'EDGE+N')
    """
    return "+".join(flags) or str(Status.OK)


def add_flag(status: str, flag: Status) -> str:
    """Return a status with another flag.

    >>> add_flag("OK", Status.NO_RATIO), add_flag("EDGE", Status.SOME_RATIO)
    ('NO_RATIO', 'EDGE+SOME_RATIO')
    """
    return str(flag) if status == Status.OK else f"{status}+{flag}"


def fault(allele: Allele, contigs: Mapping[str, int]) -> Status | None:
    """Return why an allele cannot be scored, whatever the genome's bases; None if it can.

    Args:
        allele: As in the record; letters of either case.
        contigs: Lengths of the genome's contigs.

    >>> lengths = {"chr21": 48_129_895}
    >>> [str(fault(Allele("chr21", 9_411_238, "G", alt), lengths)) for alt in ("a", "*", "<DEL>")]
    ['None', 'STAR', 'SYMBOLIC']
    """
    chrom, start, ref, alt = allele
    if chrom not in contigs:
        return Status.NO_CONTIG
    if not _REF.fullmatch(ref) or not _ALT.fullmatch(alt or "."):
        return Status.INVALID_ALLELE
    length = contigs[chrom]
    if start in (-1, length):
        return Status.TELOMERE
    if start < 0 or start + len(ref) > length:
        return Status.OUT_OF_RANGE
    return _form(alt) or _letters(ref.upper(), alt.upper())


def _form(alt: str) -> Status | None:
    """Return the kind of an ALT that is no sequence; None if it is one."""
    if alt in ("", "."):
        return Status.NO_ALT
    if alt == "*":
        return Status.STAR
    if "[" in alt or "]" in alt or alt[0] == "." or alt[-1] == ".":
        return Status.BREAKEND
    if alt[0] == "<":
        return Status.SYMBOLIC
    return None


def _letters(ref: str, alt: str) -> Status | None:
    if ref.strip(BASES) or "N" in alt:
        return Status.N_ALLELE
    if alt.strip(BASES):
        return Status.AMBIGUOUS_ALT
    return Status.REF_EQ_ALT if ref == alt else None


def trim(start: int, ref: str, alt: str) -> Change:
    """Drop the bases that REF and ALT share, at the end first, then at the start.

    >>> trim(100, "CAGT", "CAT")
    Change(start=102, ref='G', alt='')
    """
    ref, alt = ref.upper(), alt.upper()
    most = min(len(ref), len(alt))
    tail = 0
    while tail < most and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    ref, alt = ref[: len(ref) - tail], alt[: len(alt) - tail]
    head = 0
    while head < most - tail and ref[head] == alt[head]:
        head += 1
    return Change(start + head, ref[head:], alt[head:])


def left_align(change: Change, read: Read) -> Change:
    """Move a trimmed insertion or deletion left as long as the resulting sequence is the same.

    It moves by one base while the base before it equals its last base; many bases are tested at
    once. An unknown base stops it, as does the contig's start.

    Args:
        change: As ``trim`` returns it; one that replaces bases is returned unchanged.
        read: The contig.

    >>> genome = encode(b"GCACACAT")
    >>> left_align(Change(5, "CA", ""), lambda start, end: genome[start:end])
    Change(start=1, ref='CA', alt='')
    """
    if change.ref and change.alt:
        return change
    moved = encode((change.ref or change.alt).encode("ascii"))
    start, length, reach = change.start, len(moved), _REACH
    while start > 0:
        low = max(0, start - reach)
        row = np.concatenate((read(low, start), moved))
        # A move by one base compares the base before with the base one length further on.
        same = row[: start - low] == row[length : length + start - low]
        steps = start - low if same.all() else int(same[::-1].argmin())
        moved = row[start - low - steps : start - low - steps + length]
        start -= steps
        if start > low:
            break
        reach *= 2
    sequence = decode(moved)
    return Change(start, sequence, "") if change.ref else Change(start, "", sequence)


def anchor(change: Change, read: Read) -> Change:
    """Return a change as a VCF writes it: a pure insertion or deletion with the base before it.

    At the contig's start it is the base behind it, as the VCF specification has it. Together with
    ``left_align`` this is the normal form that bcftools norm and vt write.

    Args:
        change: Trimmed and left-aligned.
        read: The contig.

    >>> genome = encode(b"GCACACAT")
    >>> anchor(Change(1, "CA", ""), lambda start, end: genome[start:end])
    Change(start=0, ref='GCA', alt='G')
    """
    if change.ref and change.alt:
        return change
    if change.start > 0:
        base = decode(read(change.start - 1, change.start))
        return Change(change.start - 1, base + change.ref, base + change.alt)
    base = decode(read(change.end, change.end + 1))
    return Change(change.start, change.ref + base, change.alt + base)


def join(changes: Sequence[Change], read: Read) -> Change | None:
    """Return several changes of one haplotype as one; None where two of them cannot both be.

    They are applied where their records state them: moving an insertion or deletion within a repeat
    could move it past another change.

    Args:
        changes: Trimmed changes of a contig, at least one.
        read: The contig.

    >>> genome = encode(b"GCACACAT")
    >>> join([Change(5, "CA", ""), Change(1, "C", "T")], lambda start, end: genome[start:end])
    Change(start=1, ref='CACACA', alt='TACA')
    """
    ordered = sorted(dict.fromkeys(changes), key=lambda change: (change.start, change.end))
    start = end = ordered[0].start
    parts: list[str] = []
    for before, change in zip([None, *ordered], ordered, strict=False):
        if change.start < end or (before is not None and before.end == before.start == change.end):
            return None
        parts += [decode(read(end, change.start)), change.alt]
        end = change.end
    return Change(start, decode(read(start, end)), "".join(parts))
