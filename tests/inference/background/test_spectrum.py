"""The spectrum of common variants, counted again where the data are."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from zooctl.files.fasta.reader import Fasta
from zooctl.files.intervals.liftover import Chain
from zooctl.inference.background.spectrum import COUNTS, substitution_weights
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import decode

OTHER_STRAND = str.maketrans("ACGT", "TGCA")


def test_counts() -> None:
    assert sum(map(sum, COUNTS.values())) == 43_154
    assert len(COUNTS) == 32
    # Deamination of CpG: C to T, more than any other substitution of its trinucleotide.
    for one in "ACGT":
        assert COUNTS[f"{one}CG"][2] == max(COUNTS[f"{one}CG"])


def test_weights() -> None:
    for human in (True, False):
        weights = substitution_weights(human)
        assert weights.sum() == pytest.approx(1)
        assert ((weights > 0).sum(axis=1) == 3).all()
    assert len(set(substitution_weights(False)[substitution_weights(False) > 0])) == 1


@pytest.mark.slow
def test_counted_again(repo: Path) -> None:
    mirror = Path(os.environ.get("ZOOCTL_DATA_MIRROR", ""))
    sites = mirror / "vcf_1000g_grch38/1000Genomes_chr21-22.vcf.gz"
    if not sites.is_file():
        pytest.skip("REAL DATA MISSING: vcf_1000g_grch38; set ZOOCTL_DATA_MIRROR")
    chain = Chain(mirror / "chains/hg38ToHg19.over.chain.gz")
    found: Counter[tuple[str, str]] = Counter()
    with (
        Fasta(repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz") as genome,
        gzip.open(sites, "rt") as lines,
    ):
        for line in lines:
            chrom, pos, _, ref, alts, *_ = (line + "\t\t\t\t\t").split("\t")
            if chrom != "21" or len(ref) != 1:
                continue
            lifted = chain.lift(Interval("chr21", int(pos) - 1, int(pos)))
            if lifted is None or lifted.chrom != "chr21":
                continue
            around = decode(genome.codes("chr21", lifted.start - 1, lifted.end + 1))
            if around[1] != ref or "N" in around:
                continue
            for alt in alts.split(","):
                if alt in ("A", "C", "G", "T"):
                    turned = around.translate(OTHER_STRAND)[::-1], alt.translate(OTHER_STRAND)
                    found[turned if ref in "AG" else (around, alt)] += 1
    expected = {
        (name, alt): count
        for name, counts in COUNTS.items()
        for alt, count in zip((a for a in "ACGT" if a != name[1]), counts, strict=True)
    }
    assert found == expected
