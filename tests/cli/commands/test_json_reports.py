"""Commands that report print the same as JSON: check, data, reproduce, report, calibrate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


def printed(capsys: Captured, *command: str, code: int = 0) -> Any:
    assert run([*command, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_check(toy_zoo: Path, capsys: Captured) -> None:
    (found,) = printed(capsys, "check", "toy")
    assert (found["model"], found["ok"], found["problems"]) == ("toy", True, [])
    assert {"card", "manifest", "model.onnx"} <= set(found["parts"])
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(b"other")
    (found,) = printed(capsys, "check", "toy", code=3)
    assert found["ok"] is False
    assert "bytes differ" in found["problems"][0]


def test_data(repo: Path, capsys: Captured) -> None:
    found = printed(capsys, "data", "fetch", str(repo / "recipes/ctcf_gm12878.yaml"))
    assert [(one["source"], one["origin"]) for one in found] == [
        ("signal", "embedded"),
        ("input", "embedded"),
    ]
    assert [one["size"] for one in found] == [2_199_555, 2_020_170]
    assert all(Path(one["path"]).stat().st_size == one["size"] for one in found)


def test_reports(
    toy_zoo: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "r.json"
    # `--offline` switches the network off for this process, and so for later tests.
    monkeypatch.setenv("ZOOCTL_OFFLINE", "1")
    # The toy's data is nowhere, so it reaches no level.
    command = ["reproduce", "toy", "--report", str(report)]
    found = printed(capsys, *command, code=3)
    assert found["level"] == "none"
    assert found == json.loads(report.read_text())
    verdict = printed(capsys, "report", "verify", str(report))
    assert verdict == {"model": "toy", "level": found["level"], "mode": "verify"}
    (listed,) = printed(capsys, "report", "list")
    assert listed == {"model": "toy", "holds": False, "problems": []}


def test_calibrate(toy_zoo: Path, tmp_path: Path, capsys: Captured) -> None:
    letters = np.random.default_rng(1).choice(list("ACGT"), 3000)
    (tmp_path / "genome.fa").write_text(">chr1\n" + "".join(letters) + "\n")
    output = str(tmp_path / "own.safetensors")
    command = ["calibrate", "toy", "--kind", "snv", "--alleles", "1000", "-o", output]
    command += ["--fasta", str(tmp_path / "genome.fa"), "--threads", "1", "--device", "cpu"]
    assert printed(capsys, *command) == {"background": output, "alleles": {"random/snv": 1000}}
