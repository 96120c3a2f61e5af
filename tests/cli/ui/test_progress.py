"""The progress bar: on a terminal alone, and on stderr alone."""

from __future__ import annotations

import io

import pytest

from zooctl.cli.ui.progress import progress


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
