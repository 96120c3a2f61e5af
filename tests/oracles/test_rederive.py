"""The figures of a card, and scores of variants, are found again without the program's code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_yeast_is_found_again(repo: Path, mirror: Path) -> None:
    found = subprocess.run(
        [sys.executable, "tests/oracles/rederive.py", "atac_yeast", "--alleles", "5"],
        capture_output=True,
        text=True,
        cwd=repo,
        env=os.environ | {"ZOOCTL_DATA_MIRROR": str(mirror)},
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("atac_yeast") == 5


@pytest.mark.slow
def test_all_are_found_again(repo: Path, mirror: Path) -> None:
    found = subprocess.run(
        [sys.executable, "tests/oracles/rederive.py"],
        capture_output=True,
        text=True,
        cwd=repo,
        env=os.environ | {"ZOOCTL_DATA_MIRROR": str(mirror)},
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_it_shares_no_code_with_the_program(repo: Path) -> None:
    text = (repo / "tests/oracles/rederive.py").read_text()
    assert "import zooctl" not in text
    assert "from zooctl" not in text
