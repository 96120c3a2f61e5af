"""Symbolic alleles with their bases, against sequences edited by hand; others stay as they are."""

from __future__ import annotations

import pytest

from zooctl.files.vcf.fields.symbolic import explicit
from zooctl.files.vcf.records import Record, parse_record
from zooctl.sequence.alleles import Allele

#         1234567890123456
GENOME = "ACGTTGCAACGTACGT"


def record(alt: str, info: str, pos: int = 4, ref: str = "T") -> Record:
    line = f"1\t{pos}\t.\t{ref}\t{alt}\t.\t.\t{info}".encode()
    return parse_record(line, 8, "a.vcf", 1)


def letters(start: int, end: int) -> str:
    return GENOME[start:end].ljust(end - start, "N")


def given(alt: str, info: str, longest: int = 10, pos: int = 4) -> tuple[str, str]:
    made = explicit(record(alt, info, pos), 0, "1", letters, longest)
    assert made[:2] == ("1", pos - 1)
    return made.ref, made.alt


@pytest.mark.parametrize(
    ("alt", "info", "expected"),
    [
        ("<DEL>", "SVLEN=-3", ("TTGC", "T")),
        ("<DEL>", "SVLEN=3;END=7", ("TTGC", "T")),
        ("<DEL>", "END=7;X", ("TTGC", "T")),
        ("<DUP>", "SVLEN=3", ("T", "TTGC")),
        ("<DUP:TANDEM>", "END=7", ("T", "TTGC")),
        ("<INS>", "SVINSSEQ=GATTACA", ("T", "TGATTACA")),
        ("<INS>", "END=4;SVLEN=2;SEQ=ga", ("T", "Tga")),
    ],
)
def test_bases_that_are_known(alt: str, info: str, expected: tuple[str, str]) -> None:
    assert given(alt, info) == expected


@pytest.mark.parametrize(
    ("alt", "info"),
    [
        ("<DEL>", "."),
        ("<DEL>", "SVLEN=-3;END=8"),
        ("<DEL>", "SVLEN=11"),
        ("<DEL>", "END=3"),
        ("<DEL:ME>", "SVLEN=3"),
        ("<DEL:ME:ALU>", "SVLEN=3"),
        ("<INS>", "SVLEN=5"),
        ("<INS>", "SVLEN=5;SEQ=GA"),
        ("<INS>", "SEQ=<NOT>"),
        ("<INV>", "SVLEN=3"),
        ("<CNV>", "END=8"),
        ("<NON_REF>", "END=8"),
        ("<*>", "END=8"),
        ("]1:9]T", "SVTYPE=BND"),
        ("*", "END=8"),
    ],
)
def test_what_stays(alt: str, info: str) -> None:
    assert given(alt, info) == ("T", alt)


def test_each_alt_has_its_own_length() -> None:
    several = record("<DEL>,C,<DUP>", "SVLEN=-2,.,4;END=8")
    found = [explicit(several, number, "chr1", letters, 10) for number in range(3)]
    assert found == [
        Allele("chr1", 3, "TTG", "T"),
        Allele("chr1", 3, "T", "C"),
        Allele("chr1", 3, "T", "TTGCA"),
    ]


def test_places_without_a_base_before() -> None:
    """A telomere, and a REF of several bases, whose end is not that of one base."""
    assert given("<DEL>", "SVLEN=2", pos=0) == ("T", "<DEL>")
    long = record("<DEL>", "SVLEN=2", ref="TTG")
    assert explicit(long, 0, "1", letters, 10).alt == "<DEL>"
