"""Weights judged where they were not trained: the numbers of a card, and what its pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zooctl.catalog.entry import Entry
from zooctl.errors import InputError
from zooctl.evaluation.heldout.recover_motif import Evaluation, recover
from zooctl.progress import Progress, Say
from zooctl.reproduce.report import pictures
from zooctl.reproduce.report.picture_files import publish
from zooctl.reproduce.report.pictures import PicturePlan, Pictures
from zooctl.schema.card import Card
from zooctl.schema.strict_yaml import loads

if TYPE_CHECKING:
    from zooctl.evaluation.heldout.options import EvaluationOptions
    from zooctl.evaluation.report.report import EvaluationReport


@contextmanager
def judge(
    entry: Entry,
    fasta: Path | None,
    options: EvaluationOptions | None,
    *,
    progress: Progress,
    say: Say,
) -> Iterator[Evaluation]:
    """Judge the weights of an entry by its recipe, on the threads that it was trained on.

    Args:
        entry: The model.
        fasta: Genome, if not the one that the assembly leads to.
        options: Of the evaluation; those of the card's numbers if None.
        progress: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.
    """
    from zooctl.evaluation.data.evaluation_data import EvaluatedTrack
    from zooctl.evaluation.data.from_recipe import open_recipe_data
    from zooctl.evaluation.heldout.evaluate import evaluate
    from zooctl.evaluation.heldout.model import open_model
    from zooctl.evaluation.heldout.options import EvaluationOptions

    card, recipe = entry.card(), entry.recipe()
    wanted = [
        EvaluatedTrack(n, one.name, one.assay, one.target) for n, one in enumerate(card.tracks)
    ]
    network = open_model(entry, list(range(card.n_tracks)), "cpu", recipe.threads)
    with open_recipe_data(wanted, recipe, fasta=fasta, say=say) as material:
        report = evaluate(
            network,
            material,
            recipe.evaluation,
            options or EvaluationOptions(),
            data_name=entry.name,
            progress=progress,
        )
        yield Evaluation(report, network, material)


def card_figures(card: Card, card_path: Path, report: EvaluationReport) -> dict[str, Any]:
    """Return the metrics and the robustness of a card as an evaluation found them.

    Figures that the evaluation does not give are None.
    """
    from zooctl.evaluation.report.card_metrics import card_text

    # Nothing of the card's own figures may pass for found.
    empty = card.model_copy(
        update={
            "metrics": tuple(
                metric.model_copy(update={"value": None, "baseline_value": None, "n": None})
                for metric in card.metrics
            )
        }
    )
    text = card_path.read_text(encoding="utf-8")
    document = loads(card_text(text, empty, report), card_path).data
    robustness = None if report.robustness is None else document["robustness"]
    return {"metrics": document["metrics"], "robustness": robustness}


def take_pictures(judged: Evaluation, plan: PicturePlan, progress: Progress) -> Pictures:
    """Return the numbers of a card's pictures.

    Args:
        judged: The weights.
        plan: What the pictures show.
        progress: Opens a progress display from total, unit and label.

    Raises:
        InputError: The plan does not fit the model.
    """
    return Pictures(
        tracks=pictures.track_picture(judged.report, plan),
        motif=_motif(judged, plan.windows, progress) if plan.windows else None,
    )


def draw_published(
    entry: Entry, plan: PicturePlan, fasta: Path | None, *, progress: Progress, say: Say
) -> list[Path]:
    """Draw the pictures of a card from the published weights; return the files written.

    Args:
        entry: The model.
        plan: What its pictures show.
        fasta: Genome, if not the one that the assembly leads to.
        progress: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.

    Raises:
        InputError: The model has no recipe, or the plan does not fit it.
    """
    from zooctl.evaluation.heldout.options import EvaluationOptions

    if entry.recipe_path is None:
        raise InputError("the model has no recipe that names data to hold it against")
    # Intervals and shifts are of no use to pictures.
    quick = EvaluationOptions(n_draws=0, n_shifts=0)
    with judge(entry, fasta, quick, progress=progress, say=say) as judged:
        return publish(entry, take_pictures(judged, plan, progress))


def _motif(judged: Evaluation, n_windows: int, progress: Progress) -> pictures.MotifPicture | None:
    found = recover(judged, n_windows, progress)
    if found is None:
        return None
    motif, known, matched = found.motif, found.known, found.match
    if known is None or matched is None:
        return pictures.motif_picture(motif, None, 0, n_windows)
    return pictures.motif_picture(matched.motif, known, -matched.offset, n_windows)
