"""`zooctl cache`, `remove` and `genome list` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    for name, size in (("models/ab/model.onnx", 1_500), ("data/x", 10), ("data/y", 5)):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    monkeypatch.setenv("ZOOCTL_HOME", str(home))
    return home


def test_parts_and_their_sizes(cache: Path, capsys: Captured) -> None:
    assert run(["cache", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "data", "files": 2, "size": 15},
        {"name": "models", "files": 1, "size": 1_500},
    ]
    assert run(["cache", "list"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].split() == ["data", "2", "15", "B"]
    assert err == f"cache: {cache}\n"


def test_clean(cache: Path, capsys: Captured) -> None:
    assert run(["cache", "clean", "nothing"]) == 2
    assert "no such part of the cache" in capsys.readouterr().err
    assert run(["cache", "clean", "data"]) == 0
    assert capsys.readouterr().out == "removed: data, 2 files, 15 B\n"
    assert sorted(path.name for path in cache.iterdir()) == ["models"]
    assert run(["cache", "clean", "--all"]) == 0
    assert list(cache.iterdir()) == []
    assert run(["cache", "clean"]) == 2


def test_remove_a_model_of_ones_own(
    toy_zoo: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOCTL_ZOO", str(toy_zoo))
    monkeypatch.setattr("zooctl.catalog.root.packaged_root", lambda: tmp_path / "package")
    (toy_zoo / "model_cards/toy.png").write_bytes(b"x")
    assert run(["remove", "toy"]) == 0
    assert str(toy_zoo / "zoo/toy") in capsys.readouterr().out.splitlines()
    assert not list((toy_zoo / "model_cards").glob("toy*"))
    assert not (toy_zoo / "zoo/toy").exists()
    assert run(["remove", "toy"]) == 2
    assert run(["remove", "../toy"]) == 2


def test_packaged_models_stay(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOCTL_ZOO", raising=False)
    assert run(["remove", "pwm_ctcf"]) == 2
    assert "packaged models are not removed" in capsys.readouterr().err


def test_genomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, capsys: Captured
) -> None:
    folder = tmp_path / "genomes"
    folder.mkdir()
    (folder / "hg38.fa").write_text(">chr1\nACGT\n")
    monkeypatch.setenv("ZOOCTL_GENOMES", str(folder))
    monkeypatch.delenv("ZOOCTL_DATA_MIRROR", raising=False)
    assert run(["genome", "list", "--json"]) == 0
    found = {row["assembly"]: row["files"] for row in json.loads(capsys.readouterr().out)}
    assert found["hg38"] == [str(folder / "hg38.fa")]
    assert run(["genome", "list"]) == 0
    assert capsys.readouterr().out.startswith("assembly")
