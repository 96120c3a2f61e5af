"""`zooctl export`: an entry of the zoo from a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zooctl.cli.ui.options import AsJson, RecipeGenome
from zooctl.cli.ui.tables import echo_files


def command(
    run: Annotated[Path, typer.Argument(help="Folder that `zooctl train` wrote.")],
    name: Annotated[
        str | None, typer.Option(help="Entry to write; default: the recipe's name.")
    ] = None,
    fasta: RecipeGenome = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing weights.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an entry's ONNX, safetensors, probe and manifest, and its card or a draft of it."""
    import json

    from zooctl.catalog import registry
    from zooctl.catalog.recipes import recipe_as_run
    from zooctl.catalog.root import own_root
    from zooctl.cli.ui.messages import say
    from zooctl.cli.ui.restart import hold_portable
    from zooctl.errors import InputError, need
    from zooctl.schema.manifest import pin_genome
    from zooctl.schema.recipe.recipe import load_recipe

    need("torch", "training")
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.export.entry import write_entry
    from zooctl.training.loop.run_folder import ENVIRONMENT

    recipe = load_recipe(run / "recipe.yaml")
    hold_portable(recipe)
    root, entry = own_root(), name or recipe.name
    if entry != recipe.name:
        raise InputError(
            "an entry has the name of its recipe",
            got=entry,
            expected=recipe.name,
            hint=f"copy the recipe to {root / 'recipes' / entry}.yaml, name it so inside, and "
            "train that file",
        )
    kept = root / "recipes" / f"{entry}.yaml"
    # As run: with the pins of the weights that training began with.
    if kept.exists() and recipe_as_run(str(kept))[0] != recipe:
        raise InputError(
            "the run has other values than the recipe it is named after",
            path=run / "recipe.yaml",
            expected=f"those of {kept}",
            hint="give the recipe the values of the run, or the run a name of its own",
        )
    folder = root / "zoo" / entry
    if (folder / "manifest.json").exists() and not force:
        raise InputError("entry has weights already", path=folder, hint="--force replaces them")
    recorded = run / ENVIRONMENT
    if not recorded.exists():
        raise InputError(
            "run did not record what it was trained with",
            path=recorded,
            hint="train the recipe with zooctl train",
        )
    content = recorded.read_bytes()
    environment = json.loads(content)["software_digest"]
    data = open_dataset(recipe, fasta, say)
    difference = write_entry(root, recipe, run, data, environment=environment, recorded=content)
    pin_genome(root, entry, data.codes)
    say(f"torch and onnxruntime agree within {difference:.1e} of each window's largest value")
    if recipe.network.key == "trunk_head" and recipe.init_from is not None:
        trunk = str(recipe.init_from.model)
        licence = registry.entry(trunk).card().licence
        say(f"the graph holds the weights of {trunk}, licence {licence}")
    echo_files([folder], as_json, model=entry, largest_relative_difference=difference)
