"""Which alleles can be scored, and that equal alleles become one change, as in bcftools."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysam import bcftools

from zooctl.sequence.alleles import (
    SCORED,
    Allele,
    Change,
    Read,
    Status,
    anchor,
    fault,
    join,
    join_flags,
    left_align,
    trim,
)
from zooctl.sequence.onehot import encode

LENGTHS = {"chr21": 48_129_895, "short": 100}


def reader(genome: str) -> Read:
    codes = encode(genome.encode())

    def read(start: int, end: int) -> np.ndarray:
        assert 0 <= start <= end <= len(codes)
        return codes[start:end]

    return read


def changed(genome: str, change: Change) -> str:
    assert genome[change.start : change.end] == change.ref
    return genome[: change.start] + change.alt + genome[change.end :]


def normal(genome: str, start: int, ref: str, alt: str) -> Change:
    return left_align(trim(start, ref, alt), reader(genome))


@pytest.mark.parametrize(
    ("start", "ref", "alt", "expected"),
    [
        (10, "A", "G", None),
        (10, "a", "gtT", None),
        (10, "AC", "GT", None),
        (99, "A", "G", None),
        (98, "AC", "A", None),
        (10, "A", "<DEL>", Status.SYMBOLIC),
        (10, "A", "<*>", Status.SYMBOLIC),
        (10, "A", "<NON_REF>", Status.SYMBOLIC),
        (10, "A", "<DUP:TANDEM>", Status.SYMBOLIC),
        (10, "A", "A[chr21:5[", Status.BREAKEND),
        (10, "A", "]<ctg1>:5]A", Status.BREAKEND),
        (10, "A", "[<ctg1>:7[A", Status.BREAKEND),
        (10, "A", "A.", Status.BREAKEND),
        (10, "A", ".A", Status.BREAKEND),
        (10, "A", "*", Status.STAR),
        (10, "A", ".", Status.NO_ALT),
        (10, "A", "", Status.NO_ALT),
        (10, "N", "A", Status.N_ALLELE),
        (10, "A", "ANC", Status.N_ALLELE),
        (10, "aCn", "a", Status.N_ALLELE),
        (10, "R", "A", Status.N_ALLELE),
        (10, "A", "R", Status.AMBIGUOUS_ALT),
        (10, "A", "AyA", Status.AMBIGUOUS_ALT),
        (10, "A", "RN", Status.N_ALLELE),
        (10, "A", "A", Status.REF_EQ_ALT),
        (10, "AC", "ac", Status.REF_EQ_ALT),
        (-1, "N", "A", Status.TELOMERE),
        (-1, "A", "<DEL>", Status.TELOMERE),
        (100, "A", "C", Status.TELOMERE),
        (-2, "A", "C", Status.OUT_OF_RANGE),
        (101, "A", "C", Status.OUT_OF_RANGE),
        (99, "AC", "A", Status.OUT_OF_RANGE),
    ],
)
def test_fault(start: int, ref: str, alt: str, expected: Status | None) -> None:
    assert fault(Allele("short", start, ref, alt), LENGTHS) == expected


def test_contig_comes_before_all_else() -> None:
    assert fault(Allele("21", -1, "N", "<DEL>"), LENGTHS) == Status.NO_CONTIG


def test_flags() -> None:
    assert join_flags([]) == "OK"
    joined = join_flags([Status.EDGE, Status.N, Status.SWAPPED])
    assert joined == "EDGE+N+SWAPPED"
    assert set(joined.split("+")) <= SCORED
    assert Status.MOSTLY_N not in SCORED


def test_allele_prints_as_the_record_states_it() -> None:
    assert str(Allele("chr21", 33_000_000, "A", "G")) == "chr21:33000001 A>G"


@pytest.mark.parametrize(
    ("genome", "allele", "expected"),
    [
        # A base of a run, named at its end, in its middle, with its neighbours.
        ("GCAAAAT", (5, "A", ""), (2, "A", "")),
        ("GCAAAAT", (3, "AA", "A"), (2, "A", "")),
        ("GCAAAAT", (1, "CAAAAT", "CAAAT"), (2, "A", "")),
        ("GCAAAAT", (5, "AT", "AAT"), (2, "", "A")),
        # To the contig's first base.
        ("AAAAT", (2, "AA", "A"), (0, "A", "")),
        ("CACACAT", (4, "CA", ""), (0, "CA", "")),
        # One unit of a repeat that is not in step with it.
        ("TGCACACAG", (3, "ACA", "A"), (2, "CA", "")),
        # An unknown base ends a repeat.
        ("AANAAAT", (5, "A", ""), (3, "A", "")),
        # A replacement of bases stays in place.
        ("AAAAT", (2, "AAT", "AGT"), (3, "A", "G")),
        ("AAAAT", (1, "AAA", "TG"), (1, "AAA", "TG")),
        ("AAAAT", (0, "AAAAT", "AAGGGT"), (2, "AA", "GGG")),
    ],
)
def test_one_form(
    genome: str, allele: tuple[int, str, str], expected: tuple[int, str, str]
) -> None:
    assert normal(genome, *allele) == expected


@pytest.mark.parametrize("length", [63, 64, 65, 500, 5_000])
def test_long_repeats(length: int) -> None:
    genome = "G" + "A" * length + "C"
    assert normal(genome, length, "AC", "C") == (1, "A", "")
    genome = "G" + "ACT" * length + "G"
    assert normal(genome, 3 * length, "", "TAC") == (1, "", "ACT")


GENOMES = st.text(st.sampled_from("AC"), min_size=1, max_size=30) | st.text(
    st.sampled_from("ACGTN"), min_size=1, max_size=30
)


@st.composite
def alleles(draw: st.DrawFn) -> tuple[str, int, str, str]:
    """A genome, and an allele on it with known bases."""
    genome = draw(GENOMES)
    start = draw(st.integers(0, len(genome)))
    end = draw(st.integers(start, len(genome)))
    alt = draw(st.text(st.sampled_from("ACGT"), max_size=6))
    ref = genome[start:end]
    if "N" in ref:
        ref = ""
    return genome, start, ref, alt


@given(alleles())
@settings(deadline=None)
def test_the_sequence_stays_the_same(allele: tuple[str, int, str, str]) -> None:
    genome, start, ref, alt = allele
    change = normal(genome, start, ref, alt)
    assert changed(genome, change) == genome[:start] + alt + genome[start + len(ref) :]
    assert len(change.ref) <= len(ref)
    assert change.growth == len(alt) - len(ref)
    if change.ref and change.alt:
        assert change.ref[0] != change.alt[0]
        assert change.ref[-1] != change.alt[-1]


@given(alleles())
@settings(deadline=None)
def test_all_ways_to_write_a_change_are_one(allele: tuple[str, int, str, str]) -> None:
    """Every allele that makes the same sequence of the genome, tried one by one."""
    genome, start, ref, alt = allele
    genome = genome.replace("N", "G")
    expected = normal(genome, start, genome[start : start + len(ref)], alt)
    sequence = changed(genome, expected)
    growth = len(sequence) - len(genome)
    tried = 0
    for first in range(len(genome) + 1):
        for last in range(max(first, first - growth), len(genome) + 1):
            if genome[:first] + sequence[first : last + growth] + genome[last:] == sequence:
                other = normal(genome, first, genome[first:last], sequence[first : last + growth])
                tried += 1
                if sequence != genome:
                    assert other == expected
    assert tried


def random_indels(genome: str, n: int) -> list[Allele]:
    """Insertions and deletions of 1 to 12 bases, anchored on the base before as VCF wants it."""
    rng = np.random.default_rng(7)
    found = []
    while len(found) < n:
        start = int(rng.integers(0, len(genome) - 14))
        length = int(rng.integers(1, 13))
        anchor = genome[start]
        if rng.random() < 0.5:
            # Half of the inserted pieces are copies, so that they can be moved.
            copied = genome[start + 1 : start + 1 + length]
            fresh = "".join(rng.choice(list("ACGT"), length))
            alt = anchor + (copied if rng.random() < 0.5 else fresh)
            found.append(Allele("toy", start, anchor, alt))
        else:
            found.append(Allele("toy", start, genome[start : start + 1 + length], anchor))
    return found


def test_as_bcftools_norm(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    parts = [
        "".join(rng.choice(list("ACGT"), rng.integers(1, 5))) * int(rng.integers(1, 25))
        for _ in range(150)
    ]
    genome = "".join(parts)
    (tmp_path / "toy.fa").write_text(f">toy\n{genome}\n")
    given = random_indels(genome, 2_000)
    lines = [
        "##fileformat=VCFv4.3",
        f"##contig=<ID=toy,length={len(genome)}>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        *(
            f"toy\t{one.start + 1}\t{number}\t{one.ref}\t{one.alt}\t.\t.\t."
            for number, one in enumerate(given)
        ),
    ]
    (tmp_path / "toy.vcf").write_text("\n".join(lines) + "\n")
    told = bcftools.norm("-f", str(tmp_path / "toy.fa"), str(tmp_path / "toy.vcf"))
    records = [line.split("\t") for line in told.splitlines() if not line.startswith("#")]
    assert len(records) == len(given)
    moved = 0
    for _, position, number, ref, alt, *_ in records:
        one = given[int(number)]
        change = normal(genome, one.start, one.ref, one.alt)
        assert change == trim(int(position) - 1, ref, alt)
        moved += change.start != trim(one.start, one.ref, one.alt).start
    assert moved > 500


@pytest.mark.parametrize(
    ("ref", "alt"),
    [
        *(("*", "A"), ("X", "A"), (".", "A"), ("A1!", "A"), ("A,C", "A"), ("é", "A"), ("ſ", "A")),
        *(("A", "X"), ("A", "-A"), ("A", "<DEL"), ("A", "C1"), ("A", "ß"), ("A", "A*"), ("X", "*")),
    ],
)
def test_texts_that_are_no_alleles(ref: str, alt: str) -> None:
    assert fault(Allele("one", 10, ref, alt), {"one": 100}) == Status.INVALID_ALLELE


@pytest.mark.parametrize("alt", ["<DÉL>", "A]chré:5]", "]1:5]A", ".[1:5[", "A.", ".A", "*", "."])
def test_forms_that_are_no_sequence(alt: str) -> None:
    assert fault(Allele("one", 10, "A", alt), {"one": 100}) != Status.INVALID_ALLELE


def test_anchor_is_what_bcftools_writes_at_both_ends() -> None:
    read = reader("GATTACA")
    assert anchor(Change(3, "T", ""), read) == Change(2, "TT", "T")
    assert anchor(Change(3, "", "CC"), read) == Change(2, "T", "TCC")
    assert anchor(Change(0, "GA", ""), read) == Change(0, "GAT", "T")
    assert anchor(Change(0, "", "C"), read) == Change(0, "G", "CG")
    assert anchor(Change(3, "TA", "C"), read) == Change(3, "TA", "C")


@given(data=st.data())
def test_joined_changes_make_the_same_sequence(data: st.DataObject) -> None:
    """As edits that are made one after another from the right; those that clash are refused."""
    genome = data.draw(st.text("ACGT", min_size=8, max_size=24))
    spans = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(genome)), st.integers(0, 3), st.text("ACGT", max_size=3)),
            min_size=1,
            max_size=4,
        )
    )
    changes = [
        Change(start, genome[start : start + n], alt)
        for start, n, alt in spans
        if start + n <= len(genome) and (n or alt)
    ]
    if not changes:
        return
    joined = join(changes, reader(genome))
    ordered = sorted(set(changes), key=lambda one: (one.start, one.end))
    clash = any(
        after.start < before.end or (before.start == before.end == after.start == after.end)
        for before, after in pairwise(ordered)
    )
    if joined is None:
        assert clash
        return
    assert not clash
    expected = genome
    for one in reversed(ordered):
        expected = expected[: one.start] + one.alt + expected[one.end :]
    assert changed(genome, joined) == expected
