"""`zooctl scan` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

BOX = ">box\n9 0 0 0\n0 9 0 0\n0 0 9 0\n0 0 0 9\n0 0 0 9\n0 0 9 0\n0 9 0 0\n0 9 0 0\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "box.pfm").write_text(BOX)
    (tmp_path / "toy.fa").write_text(f">chr1\n{'T' * 40}ACGTTGCC{'T' * 40}GGCAACGT\n")
    return tmp_path


def test_sites_and_counts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "scan --motifs box.pfm --fasta toy.fa --region chr1 -o a.bed"
    assert run(command.split()) == 0
    printed = capsys.readouterr()
    assert printed.out.split() == ["sites", "2", "motifs", "1", "bases", "96", "a.bed"]
    assert printed.err == "genome: toy.fa\n"
    rows = [line.split("\t") for line in (here / "a.bed").read_text().splitlines()[1:]]
    assert [(row[1], row[2], row[5]) for row in rows] == [("40", "48", "+"), ("88", "96", "-")]
    assert run(command.split()) == 2
    assert "--force" in capsys.readouterr().err
    assert run(f"{command} --force --one-strand --json".split()) == 0
    assert json.loads(capsys.readouterr().out) == {
        "sites": 1,
        "motifs": 1,
        "bases": 96,
        "threshold": 1e-4,
        "sites_by_motif": {"box": 1},
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--motifs box.pfm --region chr1 -o a.bed", "say which genome"),
        ("--motifs box.pfm --fasta toy.fa -o a.bed", "say which regions"),
        ("--motifs no.pfm --fasta toy.fa --region chr1 -o a.bed", "no.pfm"),
        ("--motifs box.pfm --motif bax --fasta toy.fa --region chr1 -o a.bed", "did you mean box?"),
        ("--motifs box.pfm --fasta toy.fa --region chr1 -o a.tsv", "expected .bed or .bed.gz"),
    ],
)
@pytest.mark.usefixtures("here")
def test_refused(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", *arguments.split()]) == 2
    assert message in capsys.readouterr().err
    assert not Path("a.bed").exists()
