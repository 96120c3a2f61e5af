"""Evaluation of an entry's weights for the numbers and the pictures of its card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zooctl.catalog.entry import Entry
from zooctl.errors import InputError
from zooctl.evaluation.heldout.recover_motif import FinishedEvaluation
from zooctl.inference.options.predict_and_score import NO_INPUTS
from zooctl.progress import Progress, Say
from zooctl.reproduction.report.picture_files import publish
from zooctl.reproduction.report.pictures import PicturePlan, take_pictures

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.options import EvaluationOptions


@contextmanager
def evaluated(
    entry: Entry,
    fasta: Path | None,
    options: EvaluationOptions | None,
    *,
    progress: Progress,
    say: Say,
) -> Iterator[FinishedEvaluation]:
    """Evaluate the weights of an entry by its recipe, on the threads that it was trained on.

    Args:
        entry: The model.
        fasta: Genome, if not the one that the assembly leads to.
        options: Of the evaluation; those of the card's numbers, with its baselines, if None.
        progress: Opens a progress display from total, unit and label.
        say: Takes lines for the user.
    """
    from zooctl.evaluation.data.evaluation_data import EvaluatedTrack
    from zooctl.evaluation.data.from_recipe import open_recipe_data
    from zooctl.evaluation.heldout.evaluate import evaluate
    from zooctl.evaluation.heldout.method_scores import learners_of
    from zooctl.evaluation.heldout.model import judged_in, open_model
    from zooctl.evaluation.heldout.options import EvaluationOptions

    card, recipe = entry.card(), entry.recipe()
    learners = learners_of([metric.baseline for metric in card.metrics])
    wanted = [
        EvaluatedTrack(n, one.name, one.assay, one.target) for n, one in enumerate(card.tracks)
    ]
    inputs, sample = judged_in(recipe, NO_INPUTS)
    network = open_model(entry, list(range(card.n_tracks)), "cpu", recipe.threads, inputs)
    with open_recipe_data(wanted, recipe, fasta=fasta, sample=sample, say=say) as material:
        report = evaluate(
            network,
            material,
            recipe.evaluation,
            options or EvaluationOptions(learners=learners),
            data_name=entry.name,
            progress=progress,
        )
        yield FinishedEvaluation(report, network, material)


def draw_published(
    entry: Entry, plan: PicturePlan, fasta: Path | None, *, progress: Progress, say: Say
) -> list[Path]:
    """Draw the pictures of a card from the published weights; return the files written.

    Args:
        entry: The model.
        plan: Contents of its pictures.
        fasta: Genome, if not the one that the assembly leads to.
        progress: Opens a progress display from total, unit and label.
        say: Takes lines for the user.

    Raises:
        InputError: The model has no recipe, or the plan does not fit it.
    """
    from zooctl.evaluation.heldout.options import EvaluationOptions

    if entry.recipe_path is None:
        raise InputError("the model has no recipe that names data to evaluate it on")
    # Intervals and shifts are of no use to pictures.
    quick = EvaluationOptions(n_draws=0, n_shifts=0)
    with evaluated(entry, fasta, quick, progress=progress, say=say) as judged:
        return publish(entry, take_pictures(judged, plan, progress))
