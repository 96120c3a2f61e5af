"""Weights judged where they were not trained: the numbers of a card, and what its pictures show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zooctl.catalog.card import Card
from zooctl.catalog.registry import Entry
from zooctl.catalog.strict_yaml import loads
from zooctl.errors import InputError
from zooctl.reproduce import pictures
from zooctl.reproduce.picture_files import publish
from zooctl.reproduce.pictures import Pictures, Plan

if TYPE_CHECKING:
    from zooctl.evaluation.heldout import Network
    from zooctl.evaluation.judge import Options
    from zooctl.evaluation.material import Material
    from zooctl.evaluation.report import Report
    from zooctl.files.motifs import Motif
    from zooctl.interpret.match import Match

Stage = Callable[[float | None, str, str], AbstractContextManager[Callable[[float], None]]]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Judged:
    """Weights, judged.

    Attributes:
        report: All that was found.
        network: What was judged.
        material: What it was held against; open.
    """

    report: Report
    network: Network
    material: Material


@contextmanager
def judge(
    entry: Entry, fasta: Path | None, options: Options | None, *, stage: Stage, say: Say
) -> Iterator[Judged]:
    """Judge the weights of an entry by its recipe, on the threads that it was trained on.

    Args:
        entry: The model.
        fasta: Genome, if not the one that the assembly leads to.
        options: Of the evaluation; those of the card's numbers if None.
        stage: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.
    """
    from zooctl.evaluation.evaluate import evaluate
    from zooctl.evaluation.heldout import open_network
    from zooctl.evaluation.judge import Options
    from zooctl.evaluation.material import Wanted, open_material

    card, recipe = entry.card(), entry.recipe()
    wanted = [Wanted(n, one.name, one.assay, one.target) for n, one in enumerate(card.tracks)]
    network = open_network(entry, list(range(card.n_tracks)), "cpu", recipe.threads)
    with open_material(wanted, recipe, fasta=fasta, say=say) as material:
        report = evaluate(
            network,
            material,
            recipe.evaluation,
            options or Options(),
            data=entry.name,
            stage=stage,
        )
        yield Judged(report, network, material)


def card_figures(card: Card, card_path: Path, report: Report) -> dict[str, Any]:
    """Return the metrics and the robustness of a card as an evaluation found them.

    Figures that the evaluation does not give are None.
    """
    from zooctl.evaluation.card_metrics import card_text

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


def take_pictures(judged: Judged, plan: Plan, stage: Stage) -> Pictures:
    """Return the numbers of a card's pictures.

    Args:
        judged: The weights.
        plan: What the pictures show.
        stage: Opens a progress display from total, unit and label.

    Raises:
        InputError: The plan does not fit the model.
    """
    return Pictures(
        tracks=pictures.track_picture(judged.report, plan),
        motif=_motif(judged, plan.windows, stage) if plan.windows else None,
    )


def draw_published(
    entry: Entry, plan: Plan, fasta: Path | None, *, stage: Stage, say: Say
) -> list[Path]:
    """Draw the pictures of a card from the published weights; return the files written.

    Args:
        entry: The model.
        plan: What its pictures show.
        fasta: Genome, if not the one that the assembly leads to.
        stage: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.

    Raises:
        InputError: The model has no recipe, or the plan does not fit it.
    """
    from zooctl.evaluation.judge import Options

    if entry.recipe_path is None:
        raise InputError("the model has no recipe that names data to hold it against")
    # Intervals and shifts are of no use to pictures.
    quick = Options(n_draws=0, n_shifts=0)
    with judge(entry, fasta, quick, stage=stage, say=say) as judged:
        return publish(entry, take_pictures(judged, plan, stage))


def _motif(judged: Judged, n_windows: int, stage: Stage) -> pictures.MotifPicture | None:
    found = recover(judged, n_windows, stage)
    if found is None:
        return None
    motif, known, matched = found
    if known is None or matched is None:
        return pictures.motif_picture(motif, None, 0, n_windows)
    return pictures.motif_picture(matched.motif, known, -matched.offset, n_windows)


def recover(
    judged: Judged, n_windows: int, stage: Stage
) -> tuple[Motif, Motif | None, Match | None] | None:
    """Read the motif that a model's highest predictions hang on, and lay it on the known one.

    Args:
        judged: The model.
        n_windows: How many predictions.
        stage: Opens a progress display from total, unit and label.

    Returns:
        The motif, that of the assay's target and how the first lies on it, where that is known;
        None where nothing is predicted.
    """
    from zooctl.interpret.match import match
    from zooctl.interpret.mutagenesis import recover_motif

    network, material = judged.network, judged.material
    tops = judged.report.tops[:n_windows]
    if not tops:
        return None
    length = network.geometry.input_length
    codes = [
        material.genome.padded_codes(chrom, place - length // 2, place - length // 2 + length)
        for chrom, place in tops
    ]
    with stage(len(tops), "windows", "changing bases") as advance:
        motif = recover_motif(network.centre_value, np.stack(codes), advance=advance)
    known = material.motifs.get(material.wanted[0].target or "")
    return motif, known, None if known is None else match(motif, known)
