"""The toy trained in a process of its own, which may be killed or kill itself."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import toy_training as toy

from zooctl.training import fit as fit_module
from zooctl.training.fit import fit
from zooctl.training.selection import choose_windows

FILES = ("best.safetensors", "metrics.csv", "steps.csv")


def train(
    run: Path,
    *,
    ahead: int = 2,
    steps: Connection | None = None,
    dies_at_sync: int | None = None,
    **changes: Any,
) -> None:
    """Train with a checkpoint every third step.

    Args:
        run: Folder of the run.
        ahead: Batches made ahead.
        steps: Told of every step.
        dies_at_sync: Kill this process when it is about to sync a file for the n-th time, which is
            in the middle of writing a checkpoint, a log or the weights.
    """
    fit_module.CHECKPOINT_STEPS = 3
    if dies_at_sync is not None:
        die_at_sync(dies_at_sync)
    recipe, data = toy.recipe(**changes), toy.dataset()
    windows = choose_windows(recipe, data)

    def advance(done: float) -> None:
        if steps is not None:
            steps.send(done)

    fit(recipe, data, windows, run, device="cpu", report=str, advance=advance, ahead=ahead)


def die_at_sync(number: int) -> None:
    """Replace ``os.fsync`` by one that kills this process at its n-th call."""
    sync, left = os.fsync, number

    def dying(handle: int) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(handle)

    os.fsync = dying


if __name__ == "__main__":
    train(Path(sys.argv[1]), ahead=int(sys.argv[2]))
