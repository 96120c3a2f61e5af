"""What `train` and `export` share: recipes and data."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zooctl.cli.models import say
from zooctl.errors import InputError

if TYPE_CHECKING:
    from zooctl.catalog.recipe import Recipe
    from zooctl.training.dataset import Dataset


def need_training() -> None:
    """Refuse where the ``train`` extra is not installed.

    Raises:
        InputError: With the command that installs it.
    """
    if importlib.util.find_spec("torch") is None:
        raise InputError("training needs torch", hint="pip install 'zooctl[train]'")


def load(recipe: str, settings: Sequence[str] = ()) -> tuple[Recipe, str]:
    """Return a recipe of the zoo by name, or of a file, as it is to be run.

    Args:
        recipe: Name, or path ending in ``.yaml`` or ``.yml``.
        settings: ``field=value`` that replace values of it.

    Returns:
        The recipe, and its text as a run keeps it: the file's own if nothing is replaced.

    Raises:
        InputError: There is none, or it is wrong.
    """
    from zooctl.catalog import registry, strict_yaml
    from zooctl.catalog.overrides import parse_changed
    from zooctl.catalog.recipe import Recipe
    from zooctl.cli.tables import plain

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
    head = plain(" ".join(f"# {path.name} as run {changes}".split()))
    text = f"{head}\n{strict_yaml.dumps(document.data)}"
    return strict_yaml.parse(Recipe, strict_yaml.loads(text, path)), text


def pin_weights(recipe: Recipe, data: dict[str, Any]) -> bool:
    """Note in a recipe's data which bytes of a model of the zoo it begins with.

    Returns:
        Whether that was still to be done.

    Raises:
        InputError: The model has no weights here.
    """
    from zooctl.catalog import registry

    init = recipe.init_from
    if init is None or init.model is None or init.sha256 is not None:
        return False
    file = f"zoo/{init.model}/{registry.SAFETENSORS}"
    pinned = registry.entry(init.model).manifest().files.get(file)
    if pinned is None:
        raise InputError("model has no safetensors", field="init_from.model", got=init.model)
    given = data["init_from"]
    values = given if isinstance(given, dict) else {"model": given}
    data["init_from"] = values | {"sha256": pinned.sha256}
    return True


def dataset(
    recipe: Recipe, fasta: Path | None, report: Callable[[str], None] | None = None
) -> Dataset:
    """Find a recipe's sources and genome and read them.

    Args:
        recipe: Names them.
        fasta: Genome to use in place of what the assembly leads to.
        report: Called with a line on each, and on what takes time; ``say`` if not given.
    """
    from zooctl.catalog.data import locate
    from zooctl.catalog.genomes import find_genome
    from zooctl.training.prepare import prepare

    report = report or say
    genome, description = find_genome(recipe.genome.assembly, fasta)
    report(f"genome: {description}")
    sources = {}
    for source in recipe.sources:
        found = locate(source)
        report(f"{source.id}: {found.path} ({found.origin})")
        sources[source.id] = found.path
    return prepare(recipe, sources, genome, report)
