"""Recover the motif that a model has learnt, by mutagenesis of its highest predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zooctl.evaluation.report.recovered_motif import RecoveredMotif
from zooctl.progress import Progress

if TYPE_CHECKING:
    from zooctl.evaluation.data.evaluation_data import EvaluationData
    from zooctl.evaluation.heldout.model import EvaluatedModel
    from zooctl.evaluation.report.report import EvaluationReport


@dataclass(frozen=True, eq=False)
class FinishedEvaluation:
    """A finished evaluation, with its data still open.

    Attributes:
        report: All figures.
        model: The evaluated model.
        data: The data that it was compared with.
    """

    report: EvaluationReport
    model: EvaluatedModel
    data: EvaluationData


def recover(
    evaluation: FinishedEvaluation, n_windows: int, progress: Progress
) -> RecoveredMotif | None:
    """Read the motif behind a model's highest predictions, and compare it with the known one.

    Args:
        evaluation: The evaluated model; its first track is read.
        n_windows: Number of highest predictions to read.
        progress: Opens a progress display.

    Returns:
        The motif; None where nothing is predicted.
    """
    from zooctl.evaluation.data.known_motifs import known_motifs_of_collection
    from zooctl.interpret.motif_recovery.motif_match import match_motif
    from zooctl.interpret.motif_recovery.mutagenesis import recover_motif

    model, data = evaluation.model, evaluation.data
    tops = evaluation.report.tops[:n_windows]
    if not tops:
        return None
    length = model.geometry.input_length
    codes = [
        data.genome.padded_codes(chrom, place - length // 2, place - length // 2 + length)
        for chrom, place in tops
    ]
    with progress(len(tops), "windows", "changing bases") as advance:
        motif = recover_motif(model.centre_value, np.stack(codes), advance=advance)
    known = data.motifs.get(data.tracks[0].target or "")
    if known is None:
        return RecoveredMotif(motif, None, None)
    match, collection = match_motif(motif, known), known_motifs_of_collection()
    better = sum(
        other.name != known.name and match_motif(motif, other).similarity > match.similarity
        for other in collection
    )
    return RecoveredMotif(motif, known, match, rank=1 + better, n_known=len(collection))
