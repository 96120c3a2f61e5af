"""Symbolic alleles are scored as the bases that they stand for, and records pass as they are."""

from __future__ import annotations

from pathlib import Path

from toy_model import toy_zoo
from toy_variants import base, here, line, other, vcf

from zooctl.cli.main import run

__all__ = ["here", "toy_zoo"]

SCORE = ["score-variants", "--model", "toy", "--fasta", "genome.fa", "--shifts", "3"]


def symbolic(pos: int, alt: str, info: str) -> str:
    return f"chr1\t{pos}\t.\t{base('chr1', pos)}\t{alt}\t.\t.\t{info}"


def scores(name: str, *rows: str) -> list[list[str]]:
    """Status, score and values of each row of both tracks, without REF and ALT."""
    Path(f"{name}.vcf").write_text(vcf(*rows))
    assert run([*SCORE, f"{name}.vcf", "-o", f"{name}.tsv"]) == 0
    table = [text.split("\t") for text in Path(f"{name}.tsv").read_text().splitlines()[1:]]
    return [[row[5], *row[7:]] for row in table]


def test_they_score_as_their_bases(here: Path) -> None:
    event, at = base("chr1", 401, 5), base("chr1", 400)
    found = scores(
        "symbolic",
        symbolic(400, "<DEL>", "SVTYPE=DEL;SVLEN=-5"),
        symbolic(400, "<DEL>", "END=405"),
        symbolic(400, "<DUP>", "END=405"),
        symbolic(400, "<INS>", "SVINSSEQ=GATTACA"),
    )
    expected = scores(
        "explicit",
        line("chr1", 400, at, at + event),
        line("chr1", 400, at, at + event),
        line("chr1", 400, at + event, at),
        line("chr1", 400, at + "GATTACA", at),
    )
    assert found == expected
    assert {row[0] for row in found} == {"OK"}


def test_what_cannot_be_known_keeps_its_code(here: Path) -> None:
    """Without bases, or longer than the toy's windows share."""
    found = scores(
        "unknown",
        symbolic(400, "<INS>", "SVLEN=40"),
        symbolic(400, "<DEL>", "END=600"),
        symbolic(400, "<INV>", "END=410"),
        symbolic(898, "<DEL>", "SVLEN=5"),
        "chr7\t5\t.\tA\t<DEL>\t.\t.\tSVLEN=3",
    )
    assert [row[0] for row in found[::2]] == [
        *("SYMBOLIC", "SYMBOLIC", "SYMBOLIC", "OUT_OF_RANGE", "NO_CONTIG")
    ]


def test_blocks_of_a_gvcf_pass_through(here: Path) -> None:
    """Their lines and their order, with the reason; the file is indexed by their ends."""
    alt = other(base("chr1", 300))
    blocks = [
        symbolic(100, "<NON_REF>", "END=299"),
        line("chr1", 300, f"{alt},<NON_REF>"),
        symbolic(301, "<*>", "END=420"),
    ]
    Path("g.vcf").write_text(vcf(*blocks))
    assert run([*SCORE, "g.vcf", "-o", "g.vcf.gz"]) == 0
    assert Path("g.vcf.gz.tbi").exists()
    assert run([*SCORE, "g.vcf", "-o", "out.vcf"]) == 0
    lines = [text for text in Path("out.vcf").read_text().splitlines() if text[0] != "#"]
    assert [text.split("\t")[:5] for text in lines] == [text.split("\t")[:5] for text in blocks]
    found = [text.rpartition("ZOO_toy_STATUS=")[2] for text in lines]
    assert found == ["SYMBOLIC", "OK,SYMBOLIC", "SYMBOLIC"]
    assert "END=299" in lines[0]
