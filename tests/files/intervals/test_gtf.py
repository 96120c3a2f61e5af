"""Genes of annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.gtf import read_genes

LINE = 'chr{chrom}\tx\t{feature}\t{start}\t{end}\t.\t{strand}\t.\tgene_id "g";\n'


def write(folder: Path, *rows: tuple[int, str, int, int, str]) -> Path:
    path = folder / "genes.gtf"
    keys = ("chrom", "feature", "start", "end", "strand")
    lines = [LINE.format(**dict(zip(keys, row, strict=True))) for row in rows]
    path.write_text("#!genome-build toy\n" + "".join(lines))
    return path


def found(path: Path) -> dict[str, list[list[int]]]:
    return {chrom: [side.tolist() for side in ends] for chrom, ends in read_genes(path).items()}


def test_genes_of_both_strands_are_merged(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        (1, "gene", 1, 10, "+"),
        (1, "exon", 100, 200, "+"),
        (1, "gene", 8, 20, "-"),
        (2, "gene", 5, 5, "+"),
    )
    assert found(path) == {"chr1": [[0], [20]], "chr2": [[4], [5]]}


def test_transcripts_where_there_are_no_genes(tmp_path: Path) -> None:
    path = write(tmp_path, (1, "exon", 1, 2, "+"), (1, "transcript", 1, 30, "+"))
    assert found(path) == {"chr1": [[0], [30]]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t0\t100\n", "not a line of an annotation"),
        ("chr1\tx\tgene\t10\t9\t.\t+\t.\t\n", "feature ends before it starts"),
        ("chr1\tx\tgene\t0\t9\t.\t+\t.\t\n", "feature ends before it starts"),
        ("chr1\tx\tCDS\t1\t9\t.\t+\t.\t\n", "no genes"),
        (f"chr1\tx\tgene\t1\t{'9' * 20}\t.\t+\t.\tg\n", "genes.gtf:1: not a line"),
        (f"chr1\tx\tgene\t1\t{'9' * 5000}\t.\t+\t.\tg\n", "genes.gtf:1: not a line"),
        ("chr1\tx\tgene\t1\t²\t.\t+\t.\tg\n", "genes.gtf:1: not a line"),
        ("chr1\tx\tgene\t1\t٣\t.\t+\t.\tg\n", "genes.gtf:1: not a line"),
        ("##FASTA\n>chrI\nACGT\n", "no genes"),
    ],
)
def test_what_is_no_annotation(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "genes.gtf"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_genes(path)


@pytest.mark.parametrize("sequence", ["##FASTA\n>chrI\nCCACACCACACCC\n", ">chrI\nCCACAC\n"])
def test_sequence_behind_an_annotation_is_not_read(tmp_path: Path, sequence: str) -> None:
    path = tmp_path / "sgd.gff"
    gene = "chrI\tSGD\tgene\t335\t649\t.\t+\t.\tID=YAL069W\n"
    path.write_text(f"##gff-version 3\n{gene}###\n{sequence}")
    assert found(path) == {"chrI": [[334], [649]]}


def test_the_genes_of_yeast(mirror: Path) -> None:
    (path,) = (mirror / "yeast_atac_sacCer3").glob("*.gtf*")
    genes = read_genes(path)
    # 12,157,105 bp, of which most are in genes.
    total = sum(int((ends - starts).sum()) for starts, ends in genes.values())
    assert len(genes) >= 16
    assert 0.6 < total / 12_157_105 < 0.85
