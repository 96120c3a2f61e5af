"""`make` installs torch by its pinned digest, and stops where the bytes are others."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCKED = "install --quiet --require-hashes --no-deps -r requirements-torch.lock"
PLAIN = "install --quiet torch==2.13.0"
MISMATCH = (
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated "
    "the package versions, please update the hashes."
)
MISSING = (
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0+cpu (from "
    "versions: 2.13.0)\nERROR: No matching distribution found for torch==2.13.0+cpu"
)
# In place of Python: says a platform, and notes what pip is to do; pip fails with a text once.
PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then echo "{platform}"; exit; fi
shift 4
echo "$*" >> pip.log
case "$*" in *--require-hashes*) cat failure >&2; [ ! -s failure ];; esac
"""


@pytest.mark.parametrize(
    ("system", "failure", "installed", "code"),
    [
        ("3 11 Linux x86_64", "", [LOCKED], 0),
        ("3 11 Linux x86_64", MISSING, [LOCKED, PLAIN], 0),
        ("3 11 Linux x86_64", MISMATCH, [LOCKED], 2),
        ("3 11 Linux x86_64", "ERROR: Connection refused", [LOCKED], 2),
        ("3 12 Linux x86_64", MISMATCH, [PLAIN], 0),
        ("3 11 Darwin arm64", MISMATCH, [PLAIN], 0),
    ],
)
def test_torch(
    system: str, failure: str, installed: list[str], code: int, repo: Path, tmp_path: Path
) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make")
    for name in ("Makefile", "requirements.lock", "requirements-torch.lock", "pyproject.toml"):
        shutil.copy(repo / name, tmp_path)
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(platform=system))
    python.chmod(0o755)
    (tmp_path / "failure").write_text(failure)
    (tmp_path / ".venv/.base").touch()
    done = subprocess.run(["make", ".venv/.test"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert failure in done.stderr or LOCKED not in installed
    assert (tmp_path / "pip.log").read_text().splitlines() == installed
    assert (tmp_path / ".venv/.test").exists() == (code == 0)


def test_the_platform_is_asked_for_as_it_is_written(repo: Path) -> None:
    """The command that says the platform says what the Makefile compares with, on CI's Python."""
    text = (repo / "Makefile").read_text()
    code = text.split("PLATFORM = $(BIN)/python -c '")[1].split("'")[0]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    major, minor = sys.version_info[:2]
    assert done.stdout == f"{major} {minor} {platform.system()} {platform.machine()}\n"
