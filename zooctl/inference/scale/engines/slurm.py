"""Slurm: an array job for the shards of a plan, and a merge that waits for all of it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.inference.scale.folder import PlanFolder
from zooctl.inference.scale.plan_files import is_address

_FOLDER = "slurm"
# Seconds before the end of the time at which a worker is told: it needs a few to clean up.
_WARNED = 30


@dataclass(frozen=True)
class SlurmOptions:
    """Options of the jobs.

    Attributes:
        tasks: Tasks of the array, each with an equal share of the shards; at most as many.
        array_limit: Tasks that run at once; None for as many as the cluster lets.
        time: Time limit of a task, as Slurm writes it.
        memory: Memory of a task, as Slurm writes it.
        partition: Partition.
    """

    tasks: int
    array_limit: int | None = None
    time: str | None = None
    memory: str | None = None
    partition: str | None = None


@dataclass(frozen=True)
class SlurmScripts:
    """The scripts of a plan, and the arguments of ``sbatch`` for each.

    Attributes:
        run: Arguments and script of the array job.
        merge: Arguments and script of the merge, but for the job that it waits for.
    """

    run: tuple[str, ...]
    merge: tuple[str, ...]


def write_scripts(folder: PlanFolder, options: SlurmOptions, merge: Sequence[str]) -> SlurmScripts:
    """Write both scripts into the plan's folder.

    Args:
        folder: The plan's folder.
        options: Options of the jobs.
        merge: Arguments of ``zooctl merge`` behind the plan.

    Raises:
        InputError: An option has a space or a control character; or the plan is at an address.
    """
    if is_address(folder.address):
        raise InputError(
            "the scripts of jobs lie in the plan's folder",
            path=folder.address,
            hint=f"have a job of your own run zooctl run {folder.address} --shard 1/40, and so on",
        )
    given = [options.time, options.memory, options.partition]
    for text in filter(None, given):
        if not re.fullmatch(r"[\w.:,-]+", text):
            raise InputError("not an option of Slurm", got=repr(text))
    place = Path(folder.address) / _FOLDER
    place.mkdir(exist_ok=True)
    n = min(options.tasks, len(folder.plan.shards))
    zooctl = [sys.executable, "-m", "zooctl"]
    plan = folder.address
    # exec: the worker itself gets the signals that Slurm sends to the script.
    run = f'exec {shlex.join([*zooctl, "run", plan])} --shard "$SLURM_ARRAY_TASK_ID/{n}"'
    join = f"exec {shlex.join([*zooctl, 'merge', plan, *merge])}"
    for name, line in (("run.sh", run), ("merge.sh", join)):
        (place / name).write_text(f"#!/bin/sh\n{line}\n")
    limit = "" if options.array_limit is None else f"%{options.array_limit}"
    threads = folder.plan.options["session"]["threads"]
    common = [f"--time={options.time}"] if options.time else []
    common += [f"--mem={options.memory}"] if options.memory else []
    common += [f"--partition={options.partition}"] if options.partition else []
    gpus = (
        ["--ntasks=1", "--gpus-per-task=1"]
        if folder.plan.options["session"]["device"] == "cuda"
        else []
    )
    return SlurmScripts(
        run=(
            f"--array=1-{n}{limit}",
            f"--cpus-per-task={threads}",
            f"--signal=B:TERM@{_WARNED}",
            *gpus,
            *common,
            f"--output={place}/run-%a.log",
            "--job-name=zooctl-run",
            str(place / "run.sh"),
        ),
        merge=(
            "--kill-on-invalid-dep=yes",
            *common,
            f"--output={place}/merge.log",
            "--job-name=zooctl-merge",
            str(place / "merge.sh"),
        ),
    )


def submit(scripts: SlurmScripts) -> tuple[int, int]:
    """Submit the array job and the merge; return their numbers.

    Raises:
        InputError: There is no ``sbatch`` here, or it refuses a job.
    """
    array = _sbatch(scripts.run)
    return array, _sbatch((f"--dependency=afterok:{array}", *scripts.merge))


def _sbatch(arguments: Sequence[str]) -> int:
    program = shutil.which("sbatch")
    if program is None:
        raise InputError("sbatch is not here", hint="submit on a machine of the cluster")
    done = subprocess.run(  # noqa: S603
        [program, "--parsable", *arguments], capture_output=True, text=True, check=False
    )
    found = re.match(r"(\d+)", done.stdout)
    if done.returncode or found is None:
        said = done.stderr.strip().splitlines() or ["no reason"]
        raise InputError("Slurm refuses the job", path=Path(arguments[-1]), got=said[-1])
    return int(found[1])
