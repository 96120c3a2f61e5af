"""Messages in the manner that was asked for."""

from __future__ import annotations

import json
import re

import pytest

from zooctl.cli.main import run
from zooctl.cli.ui.messages import manner, say, take_manner


@pytest.fixture(autouse=True)
def plain_again() -> object:
    yield
    take_manner([])


def test_options_are_taken_wherever_they_stand() -> None:
    assert take_manner(["-q", "list", "--log-json", "--", "-v"]) == ["list", "--", "-v"]
    assert (manner().quiet, manner().as_json, manner().verbose) == (True, True, False)
    # A command with such an option of its own keeps it.
    assert take_manner(["audit", "-v", "toy"]) == ["audit", "-v", "toy"]
    assert manner().verbose


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    take_manner(["-q"])
    for text in ("genome: hg19", "note: a remark", "warning: look", "error: stop"):
        say(text)
    assert capsys.readouterr() == ("", "warning: look\nerror: stop\n")


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    take_manner(["--verbose"])
    say("genome: hg19")
    assert re.fullmatch(r"\[\d+\.\d s\] genome: hg19\n", capsys.readouterr().err)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", "nosuchmodel", "--log-json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    found = json.loads(line)
    assert set(found) == {"time", "level", "message"}
    assert found["level"] == "error"
    assert found["message"].startswith("error: no such model")
