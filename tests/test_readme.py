"""The README names every command and every file it speaks of exists."""

from __future__ import annotations

import re
from pathlib import Path

from zooctl.cli.main import COMMANDS


def test_every_command_is_documented(repo: Path) -> None:
    text = (repo / "README.md").read_text()
    missing = [name for name in COMMANDS if f"zooctl {name}" not in text]
    assert not missing


def test_links_lead_somewhere(repo: Path) -> None:
    text = (repo / "README.md").read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert targets
    assert [target for target in targets if not (repo / target).exists()] == []


def test_make_targets_exist(repo: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (repo / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)`?", (repo / "README.md").read_text()))
    assert named <= targets
    assert {"demo", "test", "lint", "bench"} <= named
