"""Find what an audit reads: the recipe and its card, the recipe's files, what is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zooctl.audit.data import AuditData, Data, GeneMap, Values
from zooctl.catalog import registry
from zooctl.catalog.data import locate
from zooctl.catalog.genomes import find_genome
from zooctl.catalog.root import model_names, zoo_root
from zooctl.errors import InputError, NetworkError
from zooctl.evaluation.heldout.predicted import open_network
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.tracks.predict import core_values
from zooctl.progress import Progress, Say, no_progress, silent
from zooctl.schema.card import Card, load_card
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.sequence.onehot import Codes
from zooctl.tracks.per_base import Files
from zooctl.training.data.prepare import prepare
from zooctl.training.data.windows import select_windows


def find_recipe(name: str, card: Path | None = None) -> tuple[Recipe | None, Card | None]:
    """Return a recipe and the card that goes with it; at least one of them is there.

    Args:
        name: A recipe file; or the name of a model, or of a recipe of the zoo without a card.
        card: In place of the zoo's card. A file that is not the zoo's own recipe has none else.

    Raises:
        InputError: There is no such recipe, or it or the card is wrong.
    """
    path = Path(name)
    if not name.endswith((".yaml", ".yml")):
        path = zoo_root() / "recipes" / f"{name}.yaml"
        if name in model_names() or not path.is_file():
            entry = registry.entry(name)  # says which names there are
            found = None if entry.recipe_path is None else entry.recipe()
            return found, entry.card() if card is None else load_card(card)
    recipe = load_recipe(path)
    if card is None and recipe.name in model_names():
        entry = registry.entry(recipe.name)
        if entry.recipe_path is not None and entry.recipe_path.samefile(path):
            return recipe, entry.card()
    return recipe, None if card is None else load_card(card)


def gather(
    recipe: Recipe,
    card: Card | None,
    *,
    fasta: Path | None = None,
    genes: GeneMap | None = None,
    say: Say = silent,
    progress: Progress = no_progress,
) -> AuditData:
    """Read what a recipe names, as training does; what is not here is said and left out.

    Args:
        recipe: To be judged.
        card: Of its model.
        fasta: Genome in place of what the recipe's assembly leads to.
        genes: Bases of genes.
        say: Told what is read.
        progress: Opens a progress display.

    Raises:
        IntegrityError: A file was changed.
    """
    files, missing = _files(recipe, fasta, say)
    data = None
    if files is not None:
        paths, _ = find_genome(recipe.genome.assembly, fasta)
        try:
            if recipe.windows.key == "variants":
                raise InputError("measured variants are no signal along the genome")
            with progress(None, "B", "reading"):
                dataset = prepare(recipe, files.paths, paths, say)
                data = Data(recipe, dataset, select_windows(recipe, dataset))
        except InputError as error:
            missing = f"the data are not as they should be: {error}"
    return AuditData(recipe, card, files, data, missing, genes, _predictor(recipe, card), progress)


def _predictor(recipe: Recipe, card: Card | None) -> Callable[[Codes], Values] | None:
    """Return what predicts windows, if the model has several tracks and its weights are here."""
    if card is None or card.n_tracks < 2 or card.name not in model_names():
        return None
    if recipe.inputs or recipe.samples:  # predicting needs more than sequence
        return None
    entry = registry.entry(card.name)
    if entry.weights_at(card) != "local":
        return None
    tracks = tuple(range(card.n_tracks))

    def predict(codes: Codes) -> Values:
        network = open_network(entry, tracks, "auto")
        values = core_values(codes, network.session, network.geometry, tracks, network.readout)
        mean: Values = values.mean(axis=2)
        return mean

    return predict


def _files(recipe: Recipe, fasta: Path | None, say: Say) -> tuple[Files | None, str]:
    """Return the recipe's files, or why there are none."""
    lacking = []
    paths: dict[str, Path] = {}
    for source in recipe.sources:
        try:
            paths[source.id] = locate(source).path
        except (InputError, NetworkError) as error:
            lacking.append(str(error))
    try:
        genome, description = find_genome(recipe.genome.assembly, fasta)
        say(f"genome: {description}")
        with Fasta(*genome) as opened:
            contigs = dict(opened.contigs)
    except InputError as error:
        lacking.append(str(error))
    if lacking:
        return None, "; ".join(lacking)
    return Files(recipe, paths, contigs, say), ""
