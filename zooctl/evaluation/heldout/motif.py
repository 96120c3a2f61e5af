"""Recover the motif that a network has learnt, from mutagenesis of its strongest held-out sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zooctl.progress import Progress

if TYPE_CHECKING:
    from zooctl.evaluation.data.data import EvaluationData
    from zooctl.evaluation.heldout.predicted import EvaluatedModel
    from zooctl.evaluation.report.report import EvaluationReport
    from zooctl.files.motifs import Motif
    from zooctl.interpret.match import MotifMatch


@dataclass(frozen=True, eq=False)
class Judged:
    """Weights, judged.

    Attributes:
        report: All that was found.
        network: What was judged.
        material: What it was held against; open.
    """

    report: EvaluationReport
    network: EvaluatedModel
    material: EvaluationData


def recover(
    judged: Judged, n_windows: int, progress: Progress
) -> tuple[Motif, Motif | None, MotifMatch | None] | None:
    """Read the motif that a model's highest predictions hang on, and lay it on the known one.

    Args:
        judged: The model.
        n_windows: How many predictions.
        progress: Opens a progress display from total, unit and label.

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
    with progress(len(tops), "windows", "changing bases") as advance:
        motif = recover_motif(network.centre_value, np.stack(codes), advance=advance)
    known = material.motifs.get(material.wanted[0].target or "")
    return motif, known, None if known is None else match(motif, known)
