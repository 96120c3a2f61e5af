"""A VCF held against a genome before anything is computed."""

from __future__ import annotations

import pytest
from toy_genome import ToyGenome, toy_genome

from zooctl.errors import InputError
from zooctl.files.vcf.records import Record, parse_record
from zooctl.inference.vcf.check import (
    Vcf,
    check_contigs,
    check_skipped,
    genome_names,
    survey,
)
from zooctl.inference.vcf.tally import Tally

GENOME = toy_genome()
VCF = Vcf("a.vcf", GENOME, {"1": "one"})


def record(chrom: str, pos: int, ref: str, alt: str) -> Record:
    return parse_record(f"{chrom}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.".encode(), 8, "a.vcf", 7)


def test_survey() -> None:
    found = survey(
        [record("one", 1, "A", "C,T"), record("two", 1, "A", "."), record("one", 2, "A", "C")]
    )
    assert (found.records, found.alleles, found.chroms) == (3, 4, {"one": 3, "two": 1})
    assert survey([]).alleles == 0


def test_names_of_the_genome() -> None:
    assert VCF.alleles(record("1", 3, "A", "C,<DEL>")) == [
        ("one", 2, "A", "C"),
        ("one", 2, "A", "<DEL>"),
    ]


def test_mismatch() -> None:
    letters = GENOME.sequences["one"]
    found = letters[9:12]
    other = found.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    text, strand = VCF.mismatch(record("1", 10, other, "C"))
    assert text == f"1:10 (line 7): REF is {other}, the genome has {found}"
    assert strand
    long = "A" * 30
    text, strand = VCF.mismatch(record("1", 10, long, "C"))
    assert f"REF is {'A' * 20}… (30 bp), the genome has {letters[9:29]}… (30 bp)" in text
    assert not strand


@pytest.mark.parametrize(
    ("chroms", "most", "message"),
    [
        ({"three": 2}, 1.0, "no contig of the VCF is in the genome (got three; expected names"),
        ({"three": 6, "one": 4}, 0.5, "6 of 10 alleles are on contigs that the genome lacks"),
    ],
)
def test_contigs_that_the_genome_lacks(chroms: dict[str, int], most: float, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_contigs(chroms, VCF, most)
    assert message in str(caught.value)


def test_mitochondrion_alone() -> None:
    """--chrom-map auto does not map it where the header does not give its length."""
    genome = ToyGenome({"chrM": "ACGT", "chr1": "ACGT"})
    with pytest.raises(InputError, match="two mitochondria are in use"):
        check_contigs({"MT": 1}, Vcf("a.vcf", genome, {}), 1)
    with pytest.raises(InputError, match="pass --chrom-map auto"):
        check_contigs({"MT": 1, "1": 1}, Vcf("a.vcf", genome, {}), 1)


def test_a_mitochondrion_of_another_length_is_named() -> None:
    """The error does not expect "names such as chrM" of a VCF that has chrM."""
    vcf = Vcf("a.vcf", ToyGenome({"chrM": "ACGT"}), {"chrM": ""})
    with pytest.raises(InputError, match="chrM of the VCF is another sequence") as caught:
        check_contigs({"chrM": 1}, vcf, 1)
    assert caught.value.expected == "chrM of 4 bp"
    assert caught.value.hint == "name a genome that has them with --fasta"


def test_raising_the_share_is_advised_only_where_it_helps() -> None:
    chroms = {"three": 9, "one": 1}
    with pytest.raises(InputError, match="or raise --max-skipped"):
        check_contigs(chroms, VCF, 0.5)
    check_contigs(chroms, VCF, 0.9)
    with pytest.raises(InputError) as caught:
        check_contigs({"three": 9}, VCF, 1)
    assert caught.value.hint == "name a genome that has them with --fasta"


def test_contigs_of_a_part_of_the_genome() -> None:
    check_contigs({"three": 5, "1": 5}, VCF, 0.5)
    check_contigs({"three": 9, "one": 0}, VCF, 1.0)
    check_contigs({}, VCF, 0.0)


def test_lengths_in_the_header() -> None:
    lengths = {"chr1": 100, "chrM": 16_571}

    def names(header: dict[str, int | None], named: dict[str, str]) -> dict[str, str]:
        return genome_names(header, named, lengths, assembly="hg19", path="a.vcf")

    assert names({"chr1": 100, "chr7": 5, "chrUn": None}, {}) == {}
    assert names({"1": 100, "MT": 16_569}, {"1": "chr1"}) == {"1": "chr1"}
    assert names({"chrM": 16_569}, {}) == {"chrM": ""}
    with pytest.raises(InputError, match=r"another length for 1 .got 99 bp; expected 100 bp"):
        names({"1": 99}, {"1": "chr1"})


def test_share_that_disagrees() -> None:
    tally = Tally(alleles=10, statuses={"OK": 4, "STAR": 1, "NO_CONTIG": 2, "REF_MISMATCH": 3})
    check_skipped(tally, 0.5, "a.vcf")
    with pytest.raises(InputError) as caught:
        check_skipped(tally, 0.49, "a.vcf")
    assert "got REF_MISMATCH 3, NO_CONTIG 2 of 10; expected at most 49%" in str(caught.value)
    check_skipped(Tally(), 0.0, "a.vcf")
