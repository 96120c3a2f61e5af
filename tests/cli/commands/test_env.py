"""`zooctl env` as typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.reproduction.environment import software_digest as environment
from zooctl.reproduction.report.canonical import digest

PYTHON = str(environment.software()["python"])
Captured = pytest.CaptureFixture[str]


def test_components_and_digests(capsys: Captured) -> None:
    assert run(["env", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    here = environment.here()
    assert found["software_digest"] == here.software_digest
    assert found["hardware_digest"] == here.hardware_digest
    assert (found["software"], found["hardware"]) == (here.software, here.hardware)
    assert run(["env"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"software  {here.software_digest}"
    numpy = here.software["distributions"]["numpy"]["version"]  # type: ignore[index,call-overload]
    assert [line.split()[1] for line in lines if "numpy.version" in line] == [numpy]


def test_nothing_is_recorded(toy_zoo: Path, capsys: Captured) -> None:
    assert run(["env", "--against", "toy"]) == 0
    assert capsys.readouterr().out.count("nothing is recorded of toy") == 2


def test_a_digest_alone_does_not_say_what_differs(toy_zoo: Path, capsys: Captured) -> None:
    card = toy_zoo / "model_cards/toy.yaml"
    text = card.read_text().replace("environment: null", f"environment: sha256:{'0' * 64}")
    card.write_text(text.replace("  environment: it was not trained\n", ""))
    assert run(["env", "--against", "toy"]) == 0
    assert "what differs is not known" in capsys.readouterr().out


def test_what_differs_is_named(toy_zoo: Path, repin: Callable[..., None], capsys: Captured) -> None:
    here = environment.here()
    software = {**here.software, "python": "CPython 2.7.18"}
    document = {
        "software": software,
        "hardware": here.hardware,
        "software_digest": digest(software),
        "hardware_digest": here.hardware_digest,
    }
    (toy_zoo / "zoo/toy/environment.json").write_text(json.dumps(document))
    repin()
    assert run(["env", "--against", "toy"]) == 0
    software_line, difference, hardware_line = capsys.readouterr().out.splitlines()
    assert software_line.endswith("differs")
    assert difference.split() == ["python", "CPython", "2.7.18", "->", *PYTHON.split()]
    assert hardware_line.endswith("same")
    assert run(["env", "--against", "toy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["software"]["differences"] == [["python", "CPython 2.7.18", PYTHON]]


def test_a_recorded_environment_that_was_changed(toy_zoo: Path, repin: Callable[..., None]) -> None:
    (toy_zoo / "zoo/toy/environment.json").write_text("{}")
    repin()
    assert run(["env", "--against", "toy"]) == 5


def test_the_image_that_a_container_was_started_from(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "sha256:" + "0f" * 32
    monkeypatch.setenv("ZOOCTL_IMAGE", digest)
    assert run(["env"]) == 0
    assert capsys.readouterr().out.endswith(f"image     {digest}\n")
    assert run(["env", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["image"] == digest
    monkeypatch.setenv("ZOOCTL_IMAGE", "zooctl:latest")
    assert run(["env"]) == 2
    assert "got zooctl:latest; expected sha256:" in capsys.readouterr().err
