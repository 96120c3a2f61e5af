"""The first steps of training, repeated in fresh processes, to see whether bits repeat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import zooctl
from zooctl.errors import VerificationError
from zooctl.reproduction.report.rows import FirstSteps

STEPS = 50

# Settings that must not matter.
_ONE = {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"}
_OTHER = {"PYTHONHASHSEED": "4242", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu"}
# Folders that may be named relative to where the command was typed.
_FOLDERS = ("ZOOCTL_ZOO", "ZOOCTL_HOME", "ZOOCTL_DATA_MIRROR", "ZOOCTL_GENOMES", "XDG_CACHE_HOME")


def repeat_first_steps(
    recipe: Path, fasta: Path | None, folder: Path, *, steps: int = STEPS
) -> FirstSteps:
    """Train the first steps twice, and once killed half-way and resumed.

    The second run has another hash seed, locale, time zone, working folder and loader than the
    first; the third is killed without warning.

    Args:
        recipe: File of the recipe.
        fasta: Genome, if not the one that the assembly leads to.
        folder: For the runs; holds nothing yet.
        steps: How many of the first epoch.

    Returns:
        Digests of the weights after the steps, and how many these were.

    Raises:
        VerificationError: A process failed.
    """
    order = {
        "recipe": str(recipe.resolve()),
        "fasta": None if fasta is None else str(fasta.resolve()),
        "steps": steps,
    }

    def train(name: str, settings: Mapping[str, str], ahead: int, dies_at: int | None) -> str:
        place = folder / f"in {name}"
        place.mkdir(parents=True, exist_ok=True)
        rest = {"run": str((folder / name).resolve()), "ahead": ahead, "dies_at": dies_at}
        return _process({**order, **rest}, settings, place)

    once, _, n_steps = train("once", _ONE, 2, None).partition(" ")
    half = max(1, int(n_steps) // 2)
    if (killed := train("killed", _ONE, 2, half)) != "killed":
        raise VerificationError("the run ended before it could be interrupted", got=killed)
    return FirstSteps(
        n=int(n_steps),
        once=once,
        again=train("again", _OTHER, 0, None).split()[0],
        killed=train("killed", _OTHER, 2, None).split()[0],
    )


def _process(order: Mapping[str, object], settings: Mapping[str, str], place: Path) -> str:
    """Run the first steps in a process; return digest and steps, or ``killed``."""
    environment = {**os.environ, **settings}
    for name in _FOLDERS:
        if environment.get(name) and "://" not in environment[name]:
            environment[name] = str(Path(environment[name]).resolve())
    package = str(Path(zooctl.__file__).resolve().parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run(
        [sys.executable, "-m", "zooctl.reproduction.run.first_steps"],
        input=json.dumps(order),
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    if order["dies_at"] is not None and done.returncode == -signal.SIGKILL:
        return "killed"
    if done.returncode:
        raise _failed(done)
    return done.stdout.strip()


def _failed(done: subprocess.CompletedProcess[str]) -> VerificationError:
    """Return the error that the process printed, or its exit code where something else ended it."""
    what = "the first steps of training failed"
    try:
        told = json.loads(done.stdout)
        said = ": ".join(filter(None, (told["field"], told["what"])))
        return VerificationError(what, path=told["path"], got=said)
    except (ValueError, KeyError, TypeError):
        return VerificationError(what, got=f"exit code {done.returncode}")
