"""The first steps of a training run in a process of its own, to see whether bits repeat.

``python -m zooctl.reproduction.run.first_steps`` reads its order as JSON from stdin and prints the
digest of the weights after these steps, and how many they were; an error is printed as JSON, with
the exit code 1.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.errors import ZooError
from zooctl.progress import silent
from zooctl.schema.manifest import tensor_digest
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import TrainingWindows, choose_windows
from zooctl.training.loop import fit as loop

# Its result is not used; the loop needs some.
_VALIDATION = 64


@dataclass(frozen=True)
class ShortWindows(TrainingWindows):
    """The windows of a run whose epoch ends after a few steps.

    Attributes:
        steps: How many.
    """

    steps: int = 50

    def n_steps(self, recipe: Recipe, devices: int = 1) -> int:
        """Steps of the epoch that is cut short."""
        return min(self.steps, super().n_steps(recipe, devices))


def first_steps(
    recipe: Recipe, fasta: Path | None, run: Path, *, steps: int, ahead: int, dies_at: int | None
) -> tuple[str, int]:
    """Train a few steps, or go on with them; return the digest of the weights and the steps done.

    Args:
        recipe: Of the model.
        fasta: Genome, if not the one that the assembly leads to.
        run: Folder of the run.
        steps: Steps of the first epoch to do; all of it where it has fewer.
        ahead: Batches made ahead by a thread; 0 for none.
        dies_at: Step at which this process kills itself.
    """
    genome, _ = find_genome(recipe.genome.assembly, fasta)
    sources = {source.id: locate(source).path for source in recipe.sources}
    dataset = prepare(recipe, sources, genome, silent)
    whole = choose_windows(recipe, dataset)
    kept = {field.name: getattr(whole, field.name) for field in fields(whole)}
    kept["validation"] = whole.validation.take(np.arange(min(_VALIDATION, len(whole.validation))))
    windows = ShortWindows(**kept, steps=steps)
    short = recipe.model_copy(
        update={"schedule": recipe.schedule.model_copy(update={"max_epochs": 1})}
    )
    n_steps = windows.n_steps(short)
    loop.CHECKPOINT_STEPS = max(1, n_steps // 5)
    done = 0

    def advance(windows: float) -> None:
        nonlocal done
        done += windows > 0
        if done == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    loop.fit(short, dataset, windows, run, device="cpu", say=silent, advance=advance, ahead=ahead)
    return tensor_digest(load_file(run / "best.safetensors")), n_steps


def main() -> int:
    """Carry out the order on stdin; return the exit code."""
    order = json.load(sys.stdin)
    fasta = None if order["fasta"] is None else Path(order["fasta"])
    recipe, run = Path(order["recipe"]), Path(order["run"])
    options = {name: order[name] for name in ("steps", "ahead", "dies_at")}
    try:
        digest, n_steps = first_steps(load_recipe(recipe), fasta, run, **options)
    except ZooError as error:
        return _print_error(error.what, error.path, error.field)
    except OSError as error:
        return _print_error(error.strerror or type(error).__name__, error.filename, None)
    except Exception as error:
        # Its text may name folders, which no report may tell.
        traceback.print_exc()
        return _print_error(type(error).__name__, None, None)
    sys.stdout.write(f"{digest} {n_steps}\n")
    return 0


def _print_error(what: str, path: object, field: str | None) -> int:
    error = {"what": what, "path": None if path is None else str(path), "field": field}
    sys.stdout.write(json.dumps(error) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
