"""Sequences rebuilt from a table's REF column, and SNVs on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.effects import Effect, read_effects
from zooctl.inference.variants.constructs import Constructs, alleles_on_genome, select_snvs
from zooctl.sequence.alleles import Allele
from zooctl.sequence.onehot import decode


def effect(start: int, ref: str, alt: str = "T", n: float | None = 20) -> Effect:
    return Effect("one", "chr1", start, ref, alt, 0.5, n)


def test_sequence_and_places() -> None:
    found = Constructs([effect(12, "G"), effect(10, "A"), effect(10, "A", "-"), effect(13, "CA")])
    assert found.contigs == {"one": 5}
    assert decode(found.padded_codes("one", -2, 7)) == "NNANGCANN"
    assert found.allele(effect(12, "G")) == Allele("one", 2, "G", "T")


def test_lines_that_disagree() -> None:
    with pytest.raises(InputError, match=r"lines of one disagree .*got C at chr1:11"):
        Constructs([effect(10, "A"), effect(10, "C")])
    found = Constructs([effect(10, "A"), effect(10, "C")._replace(element="two")])
    assert found.contigs == {"one": 1, "two": 1}
    with pytest.raises(InputError, match="disagree"):
        Constructs([effect(10, "A"), effect(11, "C")._replace(chrom="chr2")])


def test_only_snvs_with_enough_observations() -> None:
    kept = [effect(1, "A"), effect(2, "C", n=None)]
    left = [effect(3, "C", "-"), effect(4, "CA", "T"), effect(5, "C", n=9), effect(6, "N")]
    assert select_snvs([*left, *kept], 10) == kept


def test_names_of_the_genome() -> None:
    contigs = {"chr1": 100, "2": 100}
    chroms = [effect(1, "A")._replace(chrom=chrom) for chrom in ("1", "chr2", "chr9")]
    assert [allele.chrom for allele in alleles_on_genome(chroms, contigs)] == ["chr1", "2", "chr9"]


def test_rebuilt_hnf4a_is_what_hg19_has(mirror: Path, repo: Path) -> None:
    effects = read_effects(mirror / "mpra_satmut/elements.tsv.gz", "hg19")
    found = Constructs(effects)
    (first,) = {e.start - found.allele(e).start for e in effects if e.element == "HNF4A"}
    with Fasta(repo / "recipes/data/hg19_chr20_chr21/hg19.chr20.fa.gz") as genome:
        expected = decode(genome.codes("chr20", first, first + 285))
    assert decode(found.padded_codes("HNF4A", 0, 285)) == expected
