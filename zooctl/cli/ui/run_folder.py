"""The folder of a run: made, taken up again, and what is composed into it besides training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zooctl.cli.ui.tables import say
from zooctl.errors import InputError

if TYPE_CHECKING:
    from zooctl.schema.recipe.recipe import Recipe

RECIPE, ENVIRONMENT, CURVE = "recipe.yaml", "environment.json", "learning_curve.png"


@contextmanager
def open_run(folder: Path, recipe: Recipe, text: str, resume: bool) -> Iterator[None]:
    """Make a run folder, or take up an earlier one of the same recipe; no one else may meanwhile.

    Args:
        folder: The run.
        recipe: As it is run.
        text: The same, as kept in the folder.
        resume: Whether to go on with an earlier run.

    Raises:
        InputError: It exists and is not to be resumed, holds another recipe, is no run, or is
            being trained by another process.
    """
    from zooctl.files.disk.folder_lock import hold

    held = folder / RECIPE
    if held.exists():
        if not resume:
            raise InputError("run exists", path=folder, hint="--resume goes on with it")
        _check_same(held, recipe)
    elif folder.exists() and (not folder.is_dir() or _used(folder)):
        raise InputError("folder is not empty and no run", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder, "run is being trained by another process"):
        if not held.exists():
            from zooctl.files.disk.atomic import atomic_output

            with atomic_output(held, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
        yield


def _used(folder: Path) -> bool:
    """Whether there is anything but what a killed process may leave before it has begun."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _check_same(held: Path, recipe: Recipe) -> None:
    """Refuse to go on with a run of other values, and say which differs first."""
    from zooctl.schema.explain import show
    from zooctl.schema.recipe.recipe import load_recipe

    before = load_recipe(held)
    if before == recipe:
        return
    field, old, new = next(_differences(before.model_dump(), recipe.model_dump(), ""))
    raise InputError(
        "run is of another recipe",
        path=held,
        field=field,
        got=show(new),
        expected=show(old),
        hint=f"zooctl train {held} -o {held.parent} --resume, or choose another -o",
    )


def _differences(old: Any, new: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield field, old and new value of what differs between two documents."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            below = f"{field}.{name}" if field else str(name)
            yield from _differences(old.get(name), new.get(name), below)
    elif old != new:
        yield field, old, new


def write_environment(folder: Path, recipe: Recipe, device: str, devices: int = 1) -> None:
    """Record software, hardware and device; where a resumed run finds others, say so, keep both."""
    import json

    from zooctl.files.disk.atomic import atomic_output
    from zooctl.reproduce.environment.environment import hardware, software
    from zooctl.reproduce.report.canonical import digest

    parts = {"software": software(), "hardware": hardware(portable_recipe=recipe.portable)}
    digests = {f"{name}_digest": digest(part) for name, part in parts.items()}
    place = {"device": device} | ({"devices": devices} if devices > 1 else {})
    document = {**place, **digests, **parts}
    target = folder / ENVIRONMENT
    earlier = sorted(folder.glob("environment*.json"))
    if any(json.loads(path.read_text(encoding="utf-8")) == document for path in earlier):
        return
    if earlier:
        say(
            "warning: software, hardware or device changed since the run began; the bits may differ"
        )
        target = folder / f"environment.{len(earlier) + 1}.json"
    with atomic_output(target, force=True) as temporary:
        temporary.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def draw_curve(folder: Path, title: str) -> None:
    """Draw the learning curve of a run from its ``metrics.csv``."""
    import csv
    import importlib.util

    import numpy as np

    if importlib.util.find_spec("matplotlib") is None:
        say(f"no {CURVE}: it needs matplotlib (pip install 'zooctl[plot]')")
        return
    from zooctl.interpret.plots import draw_learning_curve

    with (folder / "metrics.csv").open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    losses = {
        label: np.array([float(row[column]) for row in rows])
        for label, column in (("training", "train_loss"), ("validation", "validation_loss"))
    }
    draw_learning_curve(
        folder / CURVE,
        [int(row["epoch"]) for row in rows],
        losses,
        best=int(losses["validation"].argmin()),
        title=title,
        force=True,
    )
