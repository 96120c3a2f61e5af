"""What `train` and `export` share: recipes, run folders, data, and what they say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from zooctl.errors import InputError

if TYPE_CHECKING:
    from zooctl.catalog.recipe import Recipe
    from zooctl.training.dataset import Dataset

RECIPE = "recipe.yaml"


def need_training() -> None:
    """Refuse where the ``train`` extra is not installed.

    Raises:
        InputError: With the command that installs it.
    """
    if importlib.util.find_spec("torch") is None:
        raise InputError("training needs torch", hint="pip install 'zooctl[train]'")


def load(recipe: str) -> tuple[Recipe, str]:
    """Return a recipe of the zoo by name, or of a file, with its text."""
    from zooctl.catalog import registry
    from zooctl.catalog.recipe import load_recipe

    path: Path | None = Path(recipe)
    if not recipe.endswith((".yaml", ".yml")):
        path = registry.entry(recipe).recipe_path
    if path is None:
        raise InputError("model has no recipe", got=recipe)
    return load_recipe(path), path.read_text(encoding="utf-8")


def open_run(folder: Path, recipe_text: str, resume: bool) -> Path:
    """Make a run folder, or take up an earlier one of the same recipe.

    Raises:
        InputError: It exists and is not to be resumed, or holds another recipe.
    """
    held = folder / RECIPE
    if held.exists():
        if not resume:
            raise InputError("run exists", path=folder, hint="--resume goes on with it")
        if held.read_text(encoding="utf-8") != recipe_text:
            raise InputError("run is of another recipe", path=held, hint="choose another -o")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise InputError("folder is not empty and no run", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    held.write_text(recipe_text, encoding="utf-8")
    return folder


def dataset(recipe: Recipe, fasta: Path | None) -> Dataset:
    """Find a recipe's sources and genome and read them."""
    from zooctl.catalog.data import locate
    from zooctl.catalog.genomes import find_genome
    from zooctl.training.prepare import prepare

    genome, description = find_genome(recipe.genome.assembly, fasta)
    say(f"genome: {description}")
    sources = {}
    for source in recipe.sources:
        found = locate(source)
        say(f"{source.id}: {found.path} ({found.origin})")
        sources[source.id] = found.path
    return prepare(recipe, sources, genome, say)


def say(text: str) -> None:
    """Print a line on stderr."""
    from zooctl.cli.tables import plain

    typer.echo(plain(text), err=True)
