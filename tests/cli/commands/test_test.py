"""`zooctl test` as typed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


def test_a_line_a_model(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["test", "--all"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ok       toy (")
    assert run(["test", "toy", "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)
    assert (outcome["model"], outcome["result"], outcome["details"]) == ("toy", "ok", [])


def test_a_changed_graph_fails(toy_zoo: Path, tmp_path: Path, capsys: Captured) -> None:
    graph = toy_zoo / "zoo/toy/model.onnx"
    graph.write_bytes(graph.read_bytes() + b"x")
    junit = tmp_path / "report.xml"
    assert run(["test", "toy", "--junit", str(junit)]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("failed   toy (")
    assert "bytes differ from" in err
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("1", "1", "0")
    (failure,) = suite.iter("failure")
    assert "bytes differ from" in str(failure.get("message"))


def test_weights_that_are_elsewhere_are_skipped_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    monkeypatch.setenv("ZOOCTL_HOME", str(tmp_path / "home"))
    assert run(["test", "xpresso", "spliceai"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["skipped", "xpresso"],
        ["skipped", "spliceai"],
    ]
    assert "xpresso: weights are not here" in err
    assert "not for commercial use" in err


def test_which_models(capsys: Captured) -> None:
    assert run(["test"]) == 2
    assert "say which models" in capsys.readouterr().err
