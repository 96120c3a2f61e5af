"""`zooctl filters` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from zooctl.cli.main import run
from zooctl.files.motifs import read_motifs


def test_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["filters", "pwm_ctcf", "-n", "100", "-o", "out"]) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1] == "wrote out"
    assert "match" not in printed.out
    assert [motif.name for motif in read_motifs("out/filters.meme")] == ["filter_0", "filter_1"]
    for name in ("logos", "weights"):
        with Image.open(f"out/{name}.png") as image:
            assert min(image.size) > 100
    rows = Path("out/filters.tsv").read_text().splitlines()
    report = json.loads(Path("out/filters.json").read_text())
    assert len(rows) == 3
    assert rows[1].split("\t")[3] == report["profiles"][0]["consensus"]
    assert run(["filters", "pwm_ctcf", "-n", "100", "-o", "out"]) == 2
    assert "--force" in capsys.readouterr().err
    assert run(["filters", "pwm_ctcf", "-n", "100", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == report


def test_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["filters", "h3k36me3_brain"]) == 2
    assert "is no convolution of the sequence" in capsys.readouterr().err
