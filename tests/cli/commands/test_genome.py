"""`zooctl genome` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOOCTL_GENOMES", raising=False)


def test_find(repo: Path, capsys: Captured) -> None:
    assert run(["genome", "find", "hg19"]) == 0
    out, err = capsys.readouterr()
    folder = repo / "recipes/data/hg19_chr20_chr21"
    assert out == f"{folder}/hg19.chr20.fa.gz\n{folder}/hg19.chr21.fa.gz\n"
    assert err.startswith("genome: hg19, in part: ")


def test_not_found(capsys: Captured) -> None:
    assert run(["genome", "find", "hg38"]) == 2
    assert "Hint: zooctl genome fetch hg38, or name its FASTA" in capsys.readouterr().err


def test_fetch_prints_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Path, capsys: Captured
) -> None:
    """What is in the cache and right needs no network; this also checks the pins of sacCer3."""
    import gzip

    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)
    assert run(["genome", "fetch", "sacCer3"]) == 4
    assert "network is switched off" in capsys.readouterr().err
    cached = tmp_path / "home/genomes/sacCer3/sacCer3.fa"
    with gzip.open(mirror / "yeast_atac_sacCer3/sacCer3.fa.gz") as packed:
        cached.write_bytes(packed.read())
    assert run(["genome", "fetch", "sacCer3"]) == 0
    assert capsys.readouterr().out == f"{cached}\n"
    assert run(["genome", "fetch", "sacCer3", "--json"]) == 0
    expected = {"assembly": "sacCer3", "files": [str(cached)]}
    assert json.loads(capsys.readouterr().out) == expected


def test_fetch_of_an_unknown_assembly(capsys: Captured) -> None:
    assert run(["genome", "fetch", "mm10"]) == 2
    assert capsys.readouterr().err == (
        "error: no published digest is known for mm10, so it is not downloaded (expected hg38"
        " or hg19 or sacCer3). Hint: download it yourself, check it, and name it with --fasta or in"
        " ZOOCTL_GENOMES\n"
    )


def test_help(capsys: Captured) -> None:
    assert run(["genome", "--help"]) == 0
    assert "fetch" in capsys.readouterr().out
    assert run(["genome"]) == 2
