"""`zooctl mutate` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

SITE = "chr21:39,731,901-39,731,908"


def test_a_folder_json_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["mutate", "pwm_ctcf", "--region", SITE, "--shifts", "1", "--threads", "1"]
    assert run([*common, "-o", "./"]) == 0
    stem = "chr21_39731901-39731908.pwm_ctcf"
    assert capsys.readouterr().out.split() == [f"{stem}.tsv", f"{stem}.png"]
    assert run([*common, "--json", "-o", "a.svg", "--deletions", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["changes"] == 8 * 3 + 8
    assert document["files"] == ["a.svg"]
    assert document["pearson"] is None
    assert "39,731,901" in (tmp_path / "a.svg").read_text()
    assert run([*common, "-o", "./"]) == 2
    assert "--force" in capsys.readouterr().err
    assert run(["mutate", "ctcf_dream", "--region", SITE]) == 2
    assert "one track is drawn" in capsys.readouterr().err
