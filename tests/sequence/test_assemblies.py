"""Assemblies by lengths, compared with real genomes and published totals."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from zooctl.files.fasta.reader import Fasta
from zooctl.sequence.assemblies import LENGTHS, likely_assembly, same_assembly, unlike


def test_totals_are_the_published_ones() -> None:
    """Bases in the chromosomes without mitochondrion, as the assemblies' reports add them up."""
    assert sum(LENGTHS["hg19"].values()) == 3_095_677_412
    assert sum(LENGTHS["hg38"].values()) == 3_088_269_832
    assert sum(LENGTHS["hs1"].values()) == 3_117_275_501
    assert sum(LENGTHS["mm10"].values()) == 2_725_521_370
    assert sum(LENGTHS["sacCer3"].values()) == 12_071_326
    assert sum(LENGTHS["ce11"].values()) == 100_272_607


def test_no_two_share_a_chromosome() -> None:
    for one, other in combinations(LENGTHS.values(), 2):
        assert not set(one.items()) & set(other.items())


@pytest.mark.parametrize("assembly", LENGTHS)
def test_each_is_told_in_both_styles(assembly: str) -> None:
    lengths = LENGTHS[assembly]
    assert likely_assembly(lengths) == assembly
    assert likely_assembly({f"chr{name}": n for name, n in lengths.items()}) == assembly
    for name, n in lengths.items():
        assert likely_assembly({f"chr{name}": n, "chrUn_1": 5}) == assembly


def test_the_real_one(repo: Path) -> None:
    with Fasta(repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz") as genome:
        assert likely_assembly(genome.contigs) == "hg19"
        assert unlike(genome.contigs, "hg19") is None
        assert unlike(genome.contigs, "hg38") == "chr21 has 48,129,895 bp, in hg38 46,709,983 bp"


def test_a_part_that_disagrees() -> None:
    mixed = {"chr1": 249_250_621, "chr2": 243_199_373, "chrY": 7}
    assert likely_assembly(mixed) == "hg19"
    assert likely_assembly({"chr1": 249_250_621, "chrY": 7}) is None
    assert likely_assembly({}) is None
    assert unlike({"scaffold_1": 5}, "hg19") is None
    assert unlike({"chr1": 5}, "unheard") is None


def test_names_of_one_assembly() -> None:
    assert same_assembly("GRCh38", "hg38")
    assert not same_assembly("mm10", "mm39")
