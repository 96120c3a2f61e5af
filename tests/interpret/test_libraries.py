"""Commands without the libraries of their extras: one line, before any work and any file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zooctl.errors import EXTRAS

REGION = "chr21:39,731,901-39,731,904"
VARIANT = "chr21:39731913 A>G"
# A command and the libraries that it needs, of those that are taken away.
COMMANDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("explain", "ctcf_gm12878", VARIANT): ("torch", "captum", "memelite", "logomaker"),
    ("explain", "pwm_ctcf", VARIANT): ("memelite", "matplotlib"),
    ("explain", "pwm_ctcf", VARIANT, "-o", "a.json"): ("memelite",),
    ("attribute", "ctcf_gm12878", "--region", REGION): ("torch", "tangermeme", "h5py"),
    ("attribute", "ctcf_gm12878", "--region", REGION, "-o", "a.bw"): ("torch",),
    ("attribute", "pwm_ctcf", "--method", "ism", "--region", REGION): ("h5py", "logomaker"),
    ("attribute", "pwm_ctcf", "--method", "ism", "--check", "--region", REGION): ("torch",),
    ("mutate", "pwm_ctcf", "--region", REGION): ("matplotlib", "logomaker"),
    ("motifs", "ctcf_gm12878", "--region", REGION, "-o", "a"): ("torch", "modiscolite"),
    ("motifs", "pwm_ctcf", "--method", "ism", "--region", REGION, "-o", "a"): ("modiscolite",),
    ("filters", "pwm_ctcf", "-o", "a"): ("matplotlib", "logomaker"),
    ("filters", "pwm_ctcf", "--motifs", "jaspar"): ("memelite",),
    ("marginalise", "pwm_ctcf", "--pattern", "CACGTG", "-o", "a"): ("matplotlib",),
    ("design", "ctcf_gm12878", "--gradient", "-o", "a.fa"): ("torch",),
    ("design", "pwm_ctcf", "-o", "a.png"): ("matplotlib",),
    ("scan", "--motifs", "jaspar", "--assembly", "hg19", "--region", REGION, "-o", "s.bed"): (
        "memelite",
    ),
    ("gkm", "train", "a.bed", "--name", "a", "--assembly", "hg19", "--licence", "MIT"): (
        "gkmsvm",
        "sklearn",
    ),
    ("embed", "ctcf_gm12878", "--region", REGION, "-o", "a.h5ad"): ("h5py",),
    ("embed", "ctcf_gm12878", "--region", REGION, "-o", "a.parquet"): ("pyarrow",),
    ("embed", "ctcf_gm12878", "--region", REGION, "-o", "a.png"): ("matplotlib",),
    ("plot", "a.bw", "--region", REGION, "-o", "a.png"): ("matplotlib",),
    ("train", "ctcf_gm12878"): ("torch",),
    ("tune", "ctcf_gm12878", "--space", "a.bed"): ("torch",),
    ("export", "a"): ("torch",),
    ("evaluate", "ctcf_gm12878"): ("sklearn",),
    ("evaluate-variants", "ctcf_gm12878", "a.bed"): ("sklearn",),
    ("benchmark", "ctcf_gm12878", "--set", "a.bed"): ("sklearn",),
    ("audit", "ctcf_gm12878"): ("sklearn",),
}
# Runs command lines of stdin where some libraries are not installed.
CHILD = """
import importlib.machinery, json, sys

given = json.load(sys.stdin)


class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in given["missing"]:
            return None
        return super().find_spec(name, path, target)


sys.meta_path = [
    Finder if one is importlib.machinery.PathFinder else one for one in sys.meta_path
]
from zooctl.cli.main import run

for command in given["commands"]:
    code = run(command)
    print(f"exit {code}", file=sys.stderr, flush=True)
"""


def ran(missing: list[str], commands: list[tuple[str, ...]], folder: Path) -> list[str]:
    """Lines on stderr and the exit code of each command."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps({"missing": missing, "commands": commands}),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2 * len(commands), done.stderr
    assert set(lines[1::2]) == {"exit 2"}
    return lines[::2]


def test_without_any_extra(tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chr21\t39731900\t39731904\n")
    (tmp_path / "a.bw").write_bytes(b"")
    before = sorted(tmp_path.iterdir())
    errors = ran([*EXTRAS, "scipy", "threadpoolctl"], list(COMMANDS), tmp_path)
    for (command, libraries), error in zip(COMMANDS.items(), errors, strict=True):
        assert " needs " in error, (command, error)
        assert ". Hint: pip install " in error, (command, error)
        assert [one for one in libraries if one not in error] == [], (command, error)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("library", ["torch", "captum", "tangermeme"])
def test_without_one_library(library: str, tmp_path: Path) -> None:
    """`make demo` installs the others, but no torch."""
    commands = [one for one in COMMANDS if one[0] in ("explain", "attribute", "motifs")]
    commands = [one for one in commands if one[1] == "ctcf_gm12878"]
    for error in ran([library], commands, tmp_path):
        assert f" needs {library}. Hint: pip install " in error
    assert list(tmp_path.iterdir()) == []
