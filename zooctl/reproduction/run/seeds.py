"""Agreement of seeds: how alike the predictions of a recipe's networks are, by chance alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import load

from zooctl.catalog.entry import PROBE, Entry
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import InputError
from zooctl.inference.device.session import Session
from zooctl.progress import Say
from zooctl.reproduction.report.predictions import lowest_pearson
from zooctl.schema.card import SeedAgreement
from zooctl.schema.recipe.recipe import Recipe, load_recipe


def seed_agreement(
    entry: Entry, runs: Sequence[Path], fasta: Path | None, say: Say
) -> SeedAgreement:
    """Compare the published weights and runs of other seeds on the entry's probe.

    Args:
        entry: The model; its probe holds the predictions of the published weights.
        runs: Folders of ``zooctl train`` by the same recipe, each with a seed of its own.
        fasta: Genome, if not the one that the assembly leads to.
        say: Takes lines for the user.

    Returns:
        The lowest correlation of any track between any two.

    Raises:
        InputError: There is no run, or one differs in more than its seed.
    """
    from zooctl.training.data.prepare import open_dataset
    from zooctl.training.export.run_graph import graph_of_run

    recipe = entry.recipe()
    own = [_recipe_of(run, recipe) for run in runs]
    seeds = [recipe.seed, *(one.seed for one in own)]
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise InputError(
            "runs of other seeds are needed, each of its own",
            got=", ".join(map(str, seeds[1:])) or "none",
            expected=f"others than {recipe.seed}",
        )
    probe = load(verified_bytes(entry, PROBE))
    dataset = open_dataset(recipe, fasta, say)
    found: list[NDArray[Any]] = [probe["expected"]]
    for run, one in zip(runs, own, strict=True):
        session = Session(
            graph_of_run(run, one, dataset),
            geometry=recipe.window.geometry,
            n_tracks=len(recipe.targets),
            unknown_base=recipe.unknown_base,
            device="cpu",
            threads=recipe.threads,
        )
        found.append(session.predict(probe["inputs"]))
    lowest = min(lowest_pearson(one, other) for one, other in combinations(found, 2))
    return SeedAgreement(pearson=round(lowest, 4), n_seeds=len(seeds))


def _recipe_of(run: Path, recipe: Recipe) -> Recipe:
    """Return the recipe of a run, which differs from the entry's in its seed alone."""
    own = load_recipe(run / "recipe.yaml")
    if own.model_copy(update={"seed": recipe.seed}) != recipe:
        raise InputError("the run differs from the model in more than its seed", path=run)
    return own
