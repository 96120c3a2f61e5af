"""The folder of a run: made or resumed, locked, with its recipe."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.lock import hold
from zooctl.schema.explain import show
from zooctl.schema.recipe.recipe import Recipe, load_recipe

RECIPE, ENVIRONMENT = "recipe.yaml", "environment.json"


@contextmanager
def open_run(folder: Path, recipe: Recipe, text: str, resume: bool) -> Iterator[None]:
    """Make a run folder, or resume an earlier run of the same recipe; the folder stays locked.

    Args:
        folder: The run.
        recipe: Its recipe, all changes applied.
        text: Text of the recipe, as kept in the folder.
        resume: Whether to continue an earlier run.

    Raises:
        InputError: It exists and is not to be resumed, holds another recipe, is no run, or is
            being trained by another process.
    """
    kept = folder / RECIPE
    if kept.exists():
        if not resume:
            raise InputError("run exists", path=folder, hint="--resume goes on with it")
        _check_same(kept, recipe)
    elif folder.exists() and (not folder.is_dir() or _used(folder)):
        raise InputError("folder is not empty and no run", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder, "run is being trained by another process"):
        if not kept.exists():
            with atomic_output(kept, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
        yield


def resume_hint(run: Path) -> str:
    """Return the command that continues a run.

    >>> resume_hint(Path("runs/my run"))
    "zooctl train 'runs/my run/recipe.yaml' -o 'runs/my run' --resume"
    """
    return f"zooctl train {shlex.quote(str(run / RECIPE))} -o {shlex.quote(str(run))} --resume"


def _used(folder: Path) -> bool:
    """Return whether a folder holds more than the hidden files that a killed process may leave."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _check_same(kept: Path, recipe: Recipe) -> None:
    """Refuse to resume a run of other values; the error names the first that differs."""
    before = load_recipe(kept)
    if before == recipe:
        return
    field, old, new = next(_differences(before.model_dump(), recipe.model_dump(), ""))
    raise InputError(
        "run is of another recipe",
        path=kept,
        field=field,
        got=show(new),
        expected=show(old),
        hint=f"{resume_hint(kept.parent)}, or choose another -o",
    )


def _differences(old: Any, new: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield field, old and new value of each difference between two documents."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            below = f"{field}.{name}" if field else str(name)
            yield from _differences(old.get(name), new.get(name), below)
    elif old != new:
        yield field, old, new
