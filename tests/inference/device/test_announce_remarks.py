"""A genome of another assembly than the training's: allowed, and said."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from toy_model import repin, toy_graph, toy_zoo

import zooctl
from zooctl.cli.main import run
from zooctl.inference.device.announce_remarks import announce_genome
from zooctl.schema.card import Card, load_card

__all__ = ["repin", "toy_graph", "toy_zoo"]

CHR_I = 230_218  # bp of chrI in sacCer3
YEAST = "warning: toy: trained on hg19, predicting on sacCer3"


@pytest.fixture
def yeast(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FASTA file whose chrI has the length that it has in sacCer3, and a VCF on it."""
    monkeypatch.chdir(tmp_path)
    sequence = "".join(random.Random(5).choices("ACGT", k=CHR_I))
    (tmp_path / "yeast.fa").write_text(f">chrI\n{sequence}\n")
    rows = [
        f"chrI\t{at}\t.\t{sequence[at - 1]}\t{'CA'[sequence[at - 1] == 'C']}\t.\t.\t.\n"
        for at in range(1000, 3000, 100)
    ]
    (tmp_path / "in.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "".join(rows)
    )
    return tmp_path


def test_predict_and_score_say_it(yeast: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--model", "toy", "--fasta", "yeast.fa"]
    assert run(["predict", *given, "--region", "chrI:1,001-2,000"]) == 0
    err = capsys.readouterr().err
    assert YEAST in err.splitlines()
    assert "genome: yeast.fa" in err.splitlines()
    assert run(["score-variants", "in.vcf", *given]) == 0
    err = capsys.readouterr().err
    assert err.count(YEAST) == 1
    assert "scored: 20 of 20" in err


def test_python_says_it(yeast: Path) -> None:
    said: list[str] = []
    model = zooctl.load("toy", say=said.append)
    model.predict_region("chrI:1,001-2,000", fasta="yeast.fa")
    assert YEAST in said


def test_a_vcf_is_compared_with_the_genome_in_use(
    yeast: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not with the assembly of the card: the error names what the FASTA is."""
    text = (yeast / "in.vcf").read_text()
    head = "##fileformat=VCFv4.2\n##contig=<ID=chrI,length=5>\n"
    (yeast / "other.vcf").write_text(text.replace("##fileformat=VCFv4.2\n", head))
    given = ["--model", "toy", "--fasta", "yeast.fa"]
    # A wrong length is a note, since REF is compared with the genome anyway.
    assert run(["score-variants", "other.vcf", *given]) == 0
    assert "230,218" in capsys.readouterr().err
    shifted = text.replace("chrI\t1", "chrI\t4").replace("chrI\t2", "chrI\t5")
    (yeast / "wrong.vcf").write_text(shifted)
    assert run(["score-variants", "wrong.vcf", *given]) == 2
    err = capsys.readouterr().err
    assert "wrong assembly? REF is not what yeast.fa has" in err
    assert "expected a VCF on sacCer3, the genome in use" in err


def card_of(toy_zoo: Path, **changes: str) -> Card:
    path = toy_zoo / "model_cards/toy.yaml"
    text = path.read_text()
    for old, new in changes.items():
        text = text.replace(f"{old}: hg19", new)
    path.write_text(text)
    return load_card(path)


def said_of(card: Card, contigs: dict[str, int]) -> list[str]:
    said: list[str] = []
    announce_genome(card, contigs, said.append)
    return said


def test_by_lengths(toy_zoo: Path) -> None:
    card = card_of(toy_zoo)
    assert said_of(card, {"chr21": 48_129_895}) == []
    assert said_of(card, {"21": 48_129_895, "MT": 16_569}) == []
    assert said_of(card, {"scaffold_1": 5}) == []
    assert said_of(card, {"chr21": 46_709_983}) == [
        "warning: toy: trained on hg19, predicting on hg38"
    ]
    assert said_of(card, {"chr21": 5_000}) == [
        "warning: toy: the genome is no hg19: chr21 has 5,000 bp, in hg19 48,129,895 bp"
    ]


def test_trained_on_one_and_for_another(toy_zoo: Path) -> None:
    card = card_of(toy_zoo, assembly="assembly: GRCh38\ntrained_on: GRCh37")
    assert card.training_assembly == "GRCh37"
    assert said_of(card, {"chr21": 48_129_895}) == []
    assert said_of(card, {"chr21": 46_709_983}) == [
        "warning: toy: trained on GRCh37, predicting on hg38"
    ]
