"""Find a recipe and its card, and read the inputs of an audit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from zooctl.audit.inputs import AuditInputs
from zooctl.audit.split_data import GeneMap, SplitData, Values
from zooctl.catalog import registry
from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.root import model_names, zoo_roots
from zooctl.errors import InputError, NetworkError
from zooctl.evaluation.heldout.model import open_model
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.tracks.predict import core_values
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card, load_card
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.sequence.onehot import Codes
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import select_windows
from zooctl.training.tracks.signals_and_labels import Files


def find_recipe(name: str, card: Path | None = None) -> tuple[Recipe | None, Card | None]:
    """Return a recipe and its card; at most one of them is None.

    Args:
        name: A recipe file; or the name of a model, or of a recipe of the zoo without a card.
        card: Card in place of the zoo's; a recipe file that is not the zoo's own has no other.

    Raises:
        InputError: There is no such recipe, or it or the card is wrong.
    """
    path = Path(name)
    if not name.endswith((".yaml", ".yml")):
        paths = [root / "recipes" / f"{name}.yaml" for root in zoo_roots()]
        path = next((one for one in paths if one.is_file()), paths[0])
        if name in model_names() or not path.is_file():
            entry = registry.entry(name)  # its error lists the known names
            own = None if entry.recipe_path is None else entry.recipe()
            return own, entry.card() if card is None else load_card(card)
    recipe = load_recipe(path)
    if card is None and recipe.name in model_names():
        entry = registry.entry(recipe.name)
        if entry.recipe_path is not None and entry.recipe_path.samefile(path):
            return recipe, entry.card()
    return recipe, None if card is None else load_card(card)


def read_inputs(
    recipe: Recipe,
    card: Card | None,
    *,
    fasta: Path | None = None,
    genes: GeneMap | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> AuditInputs:
    """Read the files and data of a recipe as training does; missing ones are noted.

    Args:
        recipe: Recipe to audit.
        card: Card of its model.
        fasta: Genome in place of the assembly's.
        genes: Bases of genes.
        say: Told which files are read.
        progress: Opens a progress display.

    Raises:
        IntegrityError: A file was changed.
    """
    files, missing = _find_files(recipe, fasta, say)
    data = None
    if files is not None:
        paths, _ = find_genome(recipe.genome.assembly, fasta)
        try:
            if recipe.windows.key == "variants":
                raise InputError("measured variants are no signal along the genome")
            with progress(None, "B", "reading"):
                dataset = prepare(recipe, files.paths, paths, say)
                data = SplitData(recipe, dataset, select_windows(recipe, dataset))
        except InputError as error:
            missing = f"the data are not as they should be: {error}"
    return AuditInputs(
        recipe, card, files, data, missing, genes, _predictor(recipe, card), progress
    )


def _predictor(recipe: Recipe, card: Card | None) -> Callable[[Codes], Values] | None:
    """Return a predictor of windows, if the model has several tracks and its weights are here."""
    if card is None or card.n_tracks < 2 or card.name not in model_names():
        return None
    if recipe.inputs or recipe.samples:  # predicting needs more than sequence
        return None
    entry = registry.entry(card.name)
    if entry.weights_at(card) != "local":
        return None
    tracks = tuple(range(card.n_tracks))

    # Weights are read at the first prediction, and once.
    model = cache(partial(open_model, entry, tracks, "auto"))

    def predict(codes: Codes) -> Values:
        values = core_values(codes, model().session, card.geometry, tracks, model().readout)
        mean: Values = values.mean(axis=2)
        return mean

    return predict


def _find_files(recipe: Recipe, fasta: Path | None, say: Say) -> tuple[Files | None, str]:
    """Return the recipe's files, or the reason why there are none."""
    problems = []
    paths: dict[str, Path] = {}
    for source in recipe.sources:
        try:
            paths[source.id] = locate(source).path
        except (InputError, NetworkError) as error:
            problems.append(str(error))
    try:
        genome, description = find_genome(recipe.genome.assembly, fasta)
        say(f"genome: {description}")
        with Fasta(*genome) as opened:
            contigs = dict(opened.contigs)
    except InputError as error:
        problems.append(str(error))
    if problems:
        return None, "; ".join(problems)
    return Files(recipe, paths, contigs, say), ""
