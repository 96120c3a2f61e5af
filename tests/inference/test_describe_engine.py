"""The page on the engine prints what `zooctl info --engine` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zooctl.cli.main import run

COMMAND = re.compile(r"    \$ zooctl (info \w+ --engine)\n((?:    \S.*\n)+)")


def test_page(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = COMMAND.findall((repo / "docs/engine.md").read_text())
    assert len(found) == 2
    for command, printed in found:
        assert run(command.split()) == 0
        expected = [line.removeprefix("    ") for line in printed.splitlines()]
        assert capsys.readouterr().out.splitlines() == expected


def test_other_listings_are_excluded(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", "ctcf_gm12878", "--engine", "--json"]) == 2
    assert "--engine excludes --json and --plot" in capsys.readouterr().err
