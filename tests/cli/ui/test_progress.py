"""The progress bar: on a terminal alone, and on stderr alone."""

from __future__ import annotations

import io
import json

import pytest

from zooctl.cli.ui.messages import take_manner
from zooctl.cli.ui.progress import ProgressLines, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(10, "windows", "predicting") as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")


def test_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress(1_200, "windows", "predicting [red]chr21") as advance:
        advance(600)
        advance(600)
    assert "predicting [red]chr21" in terminal.getvalue()
    assert "1,200/1,200 windows" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_an_error_inside_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ZeroDivisionError), progress(None, "B", "fetching"):
        raise ZeroDivisionError


def test_lines_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line at most every 30 seconds, with rate and time left."""
    clock = [100.0]
    monkeypatch.setattr("zooctl.cli.ui.progress.time.monotonic", lambda: clock[0])
    lines = ProgressLines(12_000, 1, "alleles", "toy", 30)
    for _ in range(80):
        clock[0] += 1
        lines.advance(50)
    expected = ["toy: 1,500/12,000 alleles  50 alleles/s, about 4 min left"]
    expected.append("toy: 3,000/12,000 alleles  50 alleles/s, about 3 min left")
    assert capsys.readouterr().err.splitlines() == expected


def test_lines_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("zooctl.cli.ui.progress._EVERY", 0.0)
    take_manner(["list", "--log-json"])
    with progress(None, "records", "reading") as advance:
        advance(7)
    take_manner([])
    found = json.loads(capsys.readouterr().err)
    assert found["level"] == "info"
    assert found["message"].startswith("reading: 7 records")
