"""Training of a recipe: one network, or several of other seeds that become one."""

from __future__ import annotations

from pathlib import Path

from lightning_fabric import Fabric
from safetensors.torch import load_file, save
from torch import Tensor

from zooctl.progress import Advance, Say
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.windows import TrainingWindows, choose_windows
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.fit import fit
from zooctl.training.loop.metrics_log import METRICS, STEPS, metrics_csv, write_bytes
from zooctl.training.nets.average import MEMBERS


def member_recipes(recipe: Recipe) -> list[Recipe]:
    """Return the recipe of each network: the recipe itself, and one for each further seed."""
    alone = recipe.model_copy(update={"ensemble": ()})
    return [alone.model_copy(update={"seed": seed}) for seed in (recipe.seed, *recipe.ensemble)]


def fit_recipe(
    recipe: Recipe,
    dataset: Dataset,
    windows: TrainingWindows,
    run: Path,
    *,
    device: str,
    say: Say,
    advance: Advance,
    fabric: Fabric | None = None,
) -> RunState:
    """Train all networks of a recipe, from their last checkpoints where there are any.

    Each of several has a folder of its own below the run. Their best weights are joined in the
    run's ``best.safetensors``; ``metrics.csv`` has their means over the epochs that all trained.

    Args:
        recipe: Values of the run.
        dataset: Sequence and signal.
        windows: As ``choose_windows`` gives them for the recipe.
        run: Folder of the run.
        device: ``cpu`` or ``cuda``.
        say: Takes a line an epoch.
        advance: Takes the number of windows done.
        fabric: As for ``fit``.

    Raises:
        ZooError: As ``fit``.
    """
    if not recipe.ensemble:
        return fit(
            recipe, dataset, windows, run, device=device, say=say, advance=advance, fabric=fabric
        )
    states: list[RunState] = []
    weights: dict[str, Tensor] = {}
    steps = b""
    for number, member in enumerate(member_recipes(recipe)):
        folder = run / f"seed_{member.seed}"
        own = choose_windows(member, dataset) if number else windows
        say(f"seed {member.seed}: network {number + 1} of {len(recipe.ensemble) + 1}")
        states.append(
            fit(
                member, dataset, own, folder, device=device, say=say, advance=advance, fabric=fabric
            )
        )
        best = load_file(folder / "best.safetensors")
        weights |= {f"{MEMBERS}.{number}.{name}": tensor for name, tensor in best.items()}
        log = (folder / STEPS).read_bytes()
        steps += log if not steps else log.partition(b"\n")[2]
    joined = _mean_state(states)
    if fabric is None or fabric.is_global_zero:
        write_bytes(run / "best.safetensors", save(weights))
        write_bytes(run / METRICS, metrics_csv(joined))
        write_bytes(run / STEPS, steps)
    return joined


def _mean_state(states: list[RunState]) -> RunState:
    """Return the mean progress of networks over the epochs that all of them trained."""
    epochs = list(zip(*(state.history for state in states), strict=False))
    history = [
        {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
        | {"epoch": rows[0]["epoch"]}  # a whole number, as in each run
        for rows in epochs
    ]
    losses = [state.best_loss for state in states if state.best_loss is not None]
    best = min(range(len(history)), key=lambda epoch: history[epoch]["validation_loss"])
    mean = sum(losses) / len(losses)
    return RunState(finished=True, history=history, best_loss=mean, best_epoch=best)
