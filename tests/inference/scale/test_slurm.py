"""A plan on a real Slurm: munge, a controller and a node of this machine, started for the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from toy_clusters import said, wait_for
from toy_plan import MODEL, SHIFTS, Zooctl


def test_scripts_and_commands(zooctl: Zooctl, here: Path) -> None:
    assert zooctl("plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "plan")[0] == 0
    options = (
        *("submit", "plan", "--slurm", "--dry-run", "-o", "a.vcf.gz", "--array-limit", "2"),
        *("--time", "2:00:00", "--memory", "2G", "--tasks", "3"),
    )
    code, out, err = zooctl(*options)
    assert code == 0, err
    run, merge = out.splitlines()
    assert "sbatch --parsable --array=1-3%2 --cpus-per-task=1 --signal=B:TERM@30 " in run
    assert "--time=2:00:00 --mem=2G " in run
    assert run.endswith(f"{here}/plan/slurm/run.sh")
    assert "--dependency=afterok:JOB --kill-on-invalid-dep=yes" in merge
    found = json.loads(zooctl("submit", "plan", "--slurm", "--dry-run", "-o", "b", "--json")[1])
    assert [command[0] for command in found["commands"]] == ["sbatch", "sbatch"]
    assert zooctl(*options)[0] == 0
    script = (here / "plan/slurm/run.sh").read_text()
    expected = f'{sys.executable} -m zooctl run {here}/plan --shard "$SLURM_ARRAY_TASK_ID/3"'
    assert f"exec {expected}\n" in script
    # A task of the array, without Slurm.
    done = subprocess.run(
        ["sh", here / "plan/slurm/run.sh"],
        env={**os.environ, "SLURM_ARRAY_TASK_ID": "2"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "computed: 2 shards" in done.stderr


@pytest.mark.parametrize(("output", "expected"), [("out/", "out/"), ("a.bw", "a.bw")])
def test_a_merge_into_a_folder(output: str, expected: str, zooctl: Zooctl, here: Path) -> None:
    """The slash that says that an output is a folder is still there on the node of the merge."""
    assert zooctl("plan", "predict", *MODEL, "--region", "chr1:11-4003", "-o", "plan")[0] == 0
    assert zooctl("submit", "plan", "--slurm", "--dry-run", "-o", output)[0] == 0
    script = (here / "plan/slurm/merge.sh").read_text()
    assert script.endswith(f"merge {here}/plan -o {here}/{expected}\n")


def test_options_that_are_none(zooctl: Zooctl, here: Path) -> None:
    assert zooctl("plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "plan")[0] == 0
    code, _, err = zooctl("submit", "plan", "-o", "a.vcf.gz")
    assert (code, "no scheduler is named (expected --slurm)" in err) == (2, True)
    code, _, err = zooctl("submit", "plan", "--slurm", "-o", "a.vcf.gz", "--time", "1; rm")
    assert (code, "not an option of Slurm (got '1; rm')" in err) == (2, True)


def test_a_machine_without_slurm(
    zooctl: Zooctl, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zooctl("plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "plan")[0] == 0
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(here))
    code, _, err = zooctl("submit", "plan", "--slurm", "-o", "a.vcf.gz")
    assert code == 2
    assert "sbatch is not here. Hint: submit on a machine of the cluster" in err
    (here / "sbatch").write_text(f"#!/bin/sh\nPATH={path}\necho 7\n")
    (here / "sbatch").chmod(0o755)
    code, out, _ = zooctl("submit", "plan", "--slurm", "-o", "a.vcf.gz")
    assert (code, out) == (0, "7 7\n")


@pytest.mark.slow
def test_an_array_job_and_its_merge(slurm: Path, zooctl: Zooctl, here: Path) -> None:
    plain = ["score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "a.vcf.gz"]
    assert zooctl(*plain)[0] == 0
    planned = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "4", "-o", "plan"]
    assert zooctl(*planned)[0] == 0
    code, out, err = zooctl("submit", "plan", "--slurm", "-o", "b.vcf.gz", "--array-limit", "2")
    assert code == 0, err
    assert all(part.isdigit() for part in out.split())
    wait_for(lambda: not said("squeue", "-h"), seconds=600)
    logs = {path.name: path.read_text() for path in (here / "plan/slurm").glob("*.log")}
    assert sorted(logs) == ["merge.log", *(f"run-{number}.log" for number in range(1, 5))]
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes(), logs


@pytest.mark.slow
def test_a_task_that_fails_stops_the_merge(slurm: Path, zooctl: Zooctl, here: Path) -> None:
    planned = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS, "--shards", "4", "-o", "plan"]
    assert zooctl(*planned)[0] == 0
    kept = (here / "in.vcf").read_bytes()
    (here / "in.vcf").write_bytes(kept + b"\n")
    assert zooctl("submit", "plan", "--slurm", "-o", "b.vcf.gz")[0] == 0
    wait_for(lambda: not said("squeue", "-h"), seconds=600)
    assert not (here / "b.vcf.gz").exists()
    assert "input has changed" in (here / "plan/slurm/run-1.log").read_text()
    (here / "in.vcf").write_bytes(kept)
    assert zooctl("submit", "plan", "--slurm", "-o", "b.vcf.gz")[0] == 0
    wait_for(lambda: not said("squeue", "-h"), seconds=600)
    assert (here / "b.vcf.gz").exists()
