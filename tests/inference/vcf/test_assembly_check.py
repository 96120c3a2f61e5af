"""A VCF held against a genome before anything is computed."""

from __future__ import annotations

import pytest
from toy_genome import ToyGenome, toy_genome

from zooctl.errors import InputError
from zooctl.files.vcf.records import Record, parse_record
from zooctl.inference.vcf.assembly_check import (
    Vcf,
    check_contigs,
    check_lengths,
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
    assert "if it is the same one, pass --chrom-map FILE" in str(caught.value.hint)


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


def test_hint_for_contigs_that_no_share_lets_through() -> None:
    with pytest.raises(InputError, match="name a genome that has them with --fasta") as caught:
        check_contigs({"three": 2}, VCF, 1.0)
    assert "--max-skipped" not in str(caught.value)


def test_mitochondrion_of_another_length() -> None:
    """Its name is that of the genome's, so names that are expected would say nothing."""
    genome = ToyGenome({"chrM": "ACGT"})
    with pytest.raises(InputError, match="two mitochondria are in use; if it is the same one"):
        check_contigs({"chrM": 1}, Vcf("a.vcf", genome, {"chrM": ""}), 1)


def test_names_by_lengths_in_the_header() -> None:
    lengths = {"chr1": 100, "chrM": 16_571}

    assert genome_names({"chr1": 100, "chr7": 5, "chrUn": None}, {}, lengths) == {}
    assert genome_names({"1": 99, "MT": 16_569}, {"1": "chr1"}, lengths) == {"1": "chr1"}
    assert genome_names({"chrM": 16_569}, {}, lengths) == {"chrM": ""}
    assert genome_names({"chrM": None}, {}, lengths) == {}
    # The hint says that a file of names gets past it.
    assert genome_names({"chrM": 16_569}, {"chrM": "chrM"}, lengths) == {"chrM": "chrM"}


LENGTHS = {name: GENOME.contigs[name] for name in ("one", "two")}


@pytest.mark.parametrize(
    ("header", "chroms", "note"),
    [
        (LENGTHS, {"one": 1, "two": 1}, None),
        ({"one": None, "two": None}, {"one": 1}, None),
        (LENGTHS | {"three": 5}, {"one": 1, "three": 1}, None),
        (LENGTHS | {"two": 99}, {"one": 5}, None),
        ({"two": 99}, {"one": 5}, None),
        ({"one": 99, "two": 99}, {}, None),
        (LENGTHS | {"two": 99}, {"two": 1}, f"two 99 bp, not {LENGTHS['two']:,}"),
        ({"1": 99}, {"1": 1}, f"1 99 bp, not {LENGTHS['one']:,}"),
    ],
)
def test_lengths_in_the_header(
    header: dict[str, int | None], chroms: dict[str, int], note: str | None
) -> None:
    found = check_lengths(header, chroms, VCF, genome="toy.fa")
    assert found == (
        note and f"the header gives other lengths than toy.fa: {note}; REF is compared all the same"
    )


def test_many_other_lengths() -> None:
    with pytest.raises(InputError) as caught:
        check_lengths({"one": 98, "two": 99}, {"two": 1}, VCF, genome="toy.fa")
    assert str(caught.value) == (
        "a.vcf: wrong assembly? The header gives other lengths for 2 contigs "
        f"(got 99 bp for two; expected {LENGTHS['two']:,} bp, as in toy.fa). "
        "Hint: lift the VCF over to the assembly of toy.fa, or name its own with --fasta"
    )


def test_share_that_disagrees() -> None:
    tally = Tally(alleles=10, statuses={"OK": 4, "STAR": 1, "NO_CONTIG": 2, "REF_MISMATCH": 3})
    check_skipped(tally, 0.5, "a.vcf")
    with pytest.raises(InputError) as caught:
        check_skipped(tally, 0.49, "a.vcf")
    assert "got REF_MISMATCH 3, NO_CONTIG 2 of 10; expected at most 49%" in str(caught.value)
    check_skipped(Tally(), 0.0, "a.vcf")
