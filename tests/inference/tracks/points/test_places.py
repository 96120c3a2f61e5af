"""Places of a GTF and of a stranded BED file, derived by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.inference.tracks.points.places import read_places

LINE = '{0}\tx\texon\t{1}\t{2}\t.\t{3}\t.\tgene_id "{4}"; transcript_id "{5}"; gene_name "{4}";\n'
GTF = "".join(
    LINE.format(*columns)
    for columns in (
        ("21", 101, 200, "+", "A", "A.1"),
        ("21", 301, 400, "+", "A", "A.1"),
        ("21", 101, 250, "+", "A", "A.2"),
        ("21", 501, 600, "-", "B", "B.1"),
        ("X", 1, 10, "-", "C", "C.1"),
    )
)
CONTIGS = {"chr21": 1_000}


@pytest.fixture
def gtf(tmp_path: Path) -> Path:
    path = tmp_path / "genes.gtf"
    path.write_text(GTF)
    return path


def test_of_an_annotation_in_another_style(gtf: Path) -> None:
    promoters = read_places("promoter", gtf, None, CONTIGS)
    # Two transcripts of one start are one place; contig X is not in the genome.
    assert [place[:5] for place in promoters] == [
        ("chr21", 100, 101, "+", "A"),
        ("chr21", 599, 600, "-", "B"),
    ]
    ends = read_places("polya", gtf, None, CONTIGS)
    assert [place[1:3] for place in ends] == [(249, 250), (399, 400), (500, 501)]
    exons = read_places("exon", gtf, None, CONTIGS)
    assert [place[1:3] for place in exons] == [(100, 200), (100, 250), (300, 400), (500, 600)]


def test_of_a_bed_file(tmp_path: Path) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text("#head\nchr21\t10\t30\tone\t0\t+\nchr21\t50\t90\ttwo\t0\t-\n")
    for point, spans in (
        ("promoter", [(10, 11), (89, 90)]),
        ("polya", [(29, 30), (50, 51)]),
        ("exon", [(10, 30), (50, 90)]),
    ):
        found = read_places(point, None, bed, CONTIGS)
        assert [place[1:3] for place in found] == spans
        assert [place.gene for place in found] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("chr21\t10\t30\n", "not a line of a BED file with strands"),
        ("chr21\t10\t30\ta\t0\t.\n", "not a line of a BED file with strands"),
        ("21\t10\t30\ta\t0\t+\n", "contig is not in the genome"),
        ("chr21\t10\t3000\ta\t0\t+\n", "no gene lies on a contig"),
    ],
)
def test_refusals(tmp_path: Path, gtf: Path, text: str, what: str) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text(text)
    with pytest.raises(InputError, match=what):
        read_places("promoter", None, bed, CONTIGS)
    for genes, other in ((None, None), (gtf, bed)):
        with pytest.raises(InputError, match="say which genes"):
            read_places("promoter", genes, other, CONTIGS)
