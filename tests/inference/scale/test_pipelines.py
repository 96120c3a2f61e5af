"""The pipelines of docs/pipelines, by the tools themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_plan import MODEL, SHIFTS, Zooctl


@pytest.mark.slow
def test_snakemake(zooctl: Zooctl, here: Path, repo: Path) -> None:
    snakemake = os.environ.get("ZOOCTL_SNAKEMAKE") or shutil.which("snakemake")
    if snakemake is None:
        pytest.skip("SNAKEMAKE NOT TESTED: it is not here; ZOOCTL_SNAKEMAKE may name it")
    assert zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz")[0] == 0
    commands = here / "bin"
    commands.mkdir()
    (commands / "zooctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m zooctl "$@"\n')
    (commands / "zooctl").chmod(0o755)
    options = " ".join([*MODEL[2:], *SHIFTS, "--shards", "5"])
    done = subprocess.run(
        [
            *(snakemake, "-s", repo / "docs/pipelines/Snakefile", "--cores", "2", "--config"),
            *("vcf=in.vcf", "model=toy", "output=b.vcf.gz", "shares=3", f"options='{options}'"),
        ],
        env={**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(here)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()
