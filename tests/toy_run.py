"""The toy trained in a process of its own, which may be killed or kill itself."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import toy_training as toy
from lightning_fabric import Fabric

from zooctl.schema.manifest import tensor_digest
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop import fit as fit_module
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.fit import fit

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

    fit(recipe, data, windows, run, device="cpu", say=str, advance=advance, ahead=ahead)


def train_share(fabric: Fabric, run: Path, stop: int | None, changes: dict[str, Any]) -> RunState:
    """Train in one of several processes; tell the digest of its weights after each epoch.

    Args:
        fabric: Of this process.
        run: Folder of the run; receives ``rank<n>.txt``, a line an epoch.
        stop: Steps after which all processes fail; None for none.
        changes: Of the toy's recipe.
    """
    fit_module.CHECKPOINT_STEPS = 3
    recipe, data = toy.recipe(**changes), toy.dataset()
    validate = fit_module.validate

    def telling(*arguments: Any) -> float:
        tensors = fit_module.weights_of(arguments[3])
        digest = tensor_digest({name: tensor.numpy() for name, tensor in tensors.items()})
        with (run / f"rank{fabric.global_rank}.txt").open("a") as file:
            file.write(digest + "\n")
        return validate(*arguments)

    fit_module.validate = telling
    cut, left = fit_module.cut, stop

    def failing(*arguments: Any) -> Any:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                raise RuntimeError("stopped on purpose")
        return cut(*arguments)

    fit_module.cut = failing
    windows = choose_windows(recipe, data)
    return fit(recipe, data, windows, run, device="cpu", say=str, advance=str, fabric=fabric)


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
