"""The container's recipe agrees with the Makefile and the checkout; building it installs."""

from __future__ import annotations

import re
from pathlib import Path


def test_what_it_copies_is_there(repo: Path) -> None:
    text = (repo / "Containerfile").read_text()
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY")]
    assert [name for names in copied for name in names if not (repo / name).exists()] == []
    # The environment is made by a target of the Makefile, from files that are copied before it.
    needed = re.search(r"^\$\(VENV\)/\.base: (.*)$", (repo / "Makefile").read_text(), re.MULTILINE)
    assert needed is not None
    assert set(needed[1].split()) <= set(copied[0])
    assert "make .venv/.base" in text


def test_what_is_ignored_is_made(repo: Path) -> None:
    """No file that git keeps is left out of the image."""
    kept = (repo / ".gitignore").read_text().splitlines()
    for line in (repo / ".containerignore").read_text().splitlines():
        name = line.removeprefix("**/")
        assert name == ".git" or f"{name}/" in kept, line
