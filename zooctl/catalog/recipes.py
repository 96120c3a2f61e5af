"""Recipes as run: with values replaced and initial weights pinned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zooctl.catalog import registry
from zooctl.catalog.entry import ONNX, SAFETENSORS
from zooctl.errors import InputError
from zooctl.schema import strict_yaml
from zooctl.schema.escape import visible
from zooctl.schema.recipe.overrides import parse_changed
from zooctl.schema.recipe.recipe import Recipe


def recipe_as_run(recipe: str, settings: Sequence[str] = ()) -> tuple[Recipe, str]:
    """Return a recipe of the zoo or of a file, with values replaced and initial weights pinned.

    Args:
        recipe: Name, or path ending in ``.yaml`` or ``.yml``.
        settings: Replacements of values, each ``field=value``.

    Returns:
        The recipe, and its text for the run's folder: the file's own if nothing is replaced.

    Raises:
        InputError: There is no such recipe, or it is wrong.
    """
    path: Path | None = Path(recipe)
    if not recipe.endswith((".yaml", ".yml")):
        path = registry.entry(recipe).recipe_path
    if path is None:
        raise InputError("model has no recipe", got=recipe)
    chosen, document = parse_changed(Recipe, strict_yaml.load(path), settings)
    pinned = pin_weights(chosen, document.data)
    if not settings and not pinned:
        return chosen, path.read_text(encoding="utf-8")
    changes = " ".join(f"--set {setting}" for setting in settings)
    # A line break in a value would end the comment, and YAML refuses control characters.
    head = visible(" ".join(f"# {path.name} as run {changes}".split()))
    text = f"{head}\n{strict_yaml.dumps(document.data)}"
    return strict_yaml.parse(Recipe, strict_yaml.loads(text, path)), text


def pin_weights(recipe: Recipe, data: dict[str, Any]) -> bool:
    """Pin the zoo's weights that training begins with, in a recipe's data.

    Returns:
        True if the data changed; False for a recipe without such weights, or with a pin.

    Raises:
        InputError: The model has no weights here.
    """
    init = recipe.init_from
    if init is None or init.model is None or init.sha256 is not None:
        return False
    graph = recipe.network.key == "trunk_head"
    file = f"zoo/{init.model}/{ONNX if graph else SAFETENSORS}"
    pinned = registry.entry(init.model).manifest().files.get(file)
    if pinned is None:
        raise InputError(
            "model has no safetensors",
            field="init_from.model",
            got=init.model,
            hint="network.key: trunk_head trains a head on its graph",
        )
    given = data["init_from"]
    values = given if isinstance(given, dict) else {"model": given}
    data["init_from"] = values | {"sha256": pinned.sha256}
    return True
