"""GTF as GENCODE and Ensembl write it, by lines of both, and genes by place."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.transcripts import Gene, GeneIndex, genes_of, read_transcripts

# TUBB8 by GENCODE, its second exon cut short in a second transcript, and an Ensembl line without a
# gene's name.
GENCODE = """\
##description: evidence-based annotation
chr10\tHAVANA\tgene\t92828\t95178\t.\t-\t.\tgene_id "ENSG00000173876.8"; gene_name "TUBB8";
chr10\tHAVANA\ttranscript\t92828\t95178\t.\t-\t.\tgene_id "ENSG00000173876.8"; \
transcript_id "ENST00000309812.4"; gene_name "TUBB8"; tag "basic"; tag "CCDS";
chr10\tHAVANA\texon\t95122\t95178\t.\t-\t.\tgene_id "ENSG00000173876.8"; \
transcript_id "ENST00000309812.4"; gene_name "TUBB8"; exon_number 1; level 2; tag "basic";
chr10\tHAVANA\texon\t92828\t94054\t.\t-\t.\tgene_id "ENSG00000173876.8"; \
transcript_id "ENST00000309812.4"; gene_name "TUBB8"; exon_number 2; level 2;
chr10\tHAVANA\texon\t93000\t94054\t.\t-\t.\tgene_id "ENSG00000173876.8"; \
transcript_id "ENST00000561967.1"; gene_name "TUBB8"; exon_number 1; level 2;
"""
ENSEMBL = """\
#!genome-build GRCh38.p14
21\tensembl_havana\texon\t5011799\t5011874\t.\t+\t.\tgene_id "ENSG00000279493"; gene_version "1"; \
transcript_id "ENST00000624081"; transcript_version "1"; exon_number "1"; gene_source "ensembl";
"""


@pytest.mark.parametrize("packed", [False, True])
def test_exons_of_both_dialects(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "genes.gtf.gz"
    text = (GENCODE + ENSEMBL).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    one, other, ensembl = read_transcripts(path)
    assert (one.chrom, one.start, one.end, one.strand) == ("chr10", 92_827, 95_178, "-")
    assert (one.gene, one.name) == ("TUBB8", "ENST00000309812.4")
    assert one.exons == ((92_827, 94_054), (95_121, 95_178))
    assert other.exons == ((92_999, 94_054),)
    assert (ensembl.chrom, ensembl.gene, ensembl.strand) == ("21", "ENSG00000279493", "+")
    assert ensembl.exons == ((5_011_798, 5_011_874),)
    tubb8 = genes_of([one, other, ensembl])[1]
    assert tubb8[:3] == ("chr10", 92_827, 95_178)
    assert tubb8.ends == (92_827, 92_999, 94_053, 95_121, 95_177)


def exon(**changed: str) -> str:
    columns = {
        "chrom": "chr1",
        "source": "x",
        "feature": "exon",
        "start": "5",
        "end": "9",
        "score": ".",
        "strand": "+",
        "frame": ".",
        "notes": 'gene_id "G"; transcript_id "T";',
    }
    return "\t".join((columns | changed).values())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("chr1\t5\t9", "not a line of a GTF"),
        (exon(start="10"), "not a line of a GTF"),
        (exon(start="0"), "not a line of a GTF"),
        (exon(notes="ID=exon1;Parent=T"), "not a line of a GTF"),
        (exon(strand="."), "an exon has no strand"),
        (exon(feature="gene"), "no exons"),
    ],
)
def test_refusals(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "genes.gtf"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match=what) as caught:
        read_transcripts(path)
    assert caught.value.line == (None if what == "no exons" else 1)


def test_genes_over_a_base_against_all_of_them() -> None:
    rng = np.random.default_rng(6)
    genes = []
    for number in range(300):
        start = int(rng.integers(0, 5_000))
        end = start + int(rng.choice([5, 50, 2_000]))
        chrom = ("chr1", "chr2")[number % 2]
        genes.append(Gene(chrom, start, end, "+", f"g{number}", ()))
    index = GeneIndex(genes)
    for position in rng.integers(0, 7_000, 400):
        expected = {one.name for one in genes if one[0] == "chr1" and one[1] <= position < one[2]}
        assert {one.name for one in index.over("chr1", int(position))} == expected
    assert index.over("chr3", 5) == []
