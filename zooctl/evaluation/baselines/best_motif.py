"""The motif of a collection that ranks bins best: chosen for each track on validation regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.motif_hits import best_hits_of_bins, finite
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.evaluation.metrics.classification import auroc
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules

# Negative bins that a motif is judged on, evenly spread; an area of ranks needs no more.
_MOST_NEGATIVE = 4_000


@dataclass(frozen=True)
class ChosenMotif:
    """Motif that was chosen for a track.

    Attributes:
        name: Its name in the collection.
        validation_auroc: Area that its best hit in each bin reaches on the validation regions:
            positive bins of the track against bins that are negative in all tracks.
        motif: Its profile.
    """

    name: str
    validation_auroc: float
    motif: Motif = field(repr=False, compare=False)

    def to_json(self) -> dict[str, object]:
        """Return name and area."""
        return {"name": self.name, "validation_auroc": self.validation_auroc}


def choose_motifs(
    validation: TrainingSample, motifs: Sequence[Motif], rules: Rules
) -> list[ChosenMotif | None]:
    """Return the motif whose best hit ranks the validation bins of each track best.

    The earlier of equal ones is taken; a track without positive or without negative bins has none.

    Args:
        validation: Bins to choose by.
        motifs: Collection to choose from.
        rules: Bin size.
    """
    positive = validation.positive & validation.classed
    negative = np.flatnonzero((validation.classed & ~positive).all(axis=1))
    negative = negative[:: max(1, -(-len(negative) // _MOST_NEGATIVE))]
    judged = np.sort(np.concatenate([np.flatnonzero(positive.any(axis=1)), negative]))
    sides = [(labels, labels | np.isin(judged, negative)) for labels in positive[judged].T]
    best: list[ChosenMotif | None] = [None] * validation.n_tracks
    for motif in motifs:
        hits = finite(_hits(validation, judged, motif, rules))
        for track, (labels, used) in enumerate(sides):
            area = auroc(hits[used], labels[used])
            so_far = best[track]
            if not np.isnan(area) and (so_far is None or area > so_far.validation_auroc):
                best[track] = ChosenMotif(motif.name, area, motif)
    return best


def _hits(
    sample: TrainingSample, judged: NDArray[np.intp], motif: Motif, rules: Rules
) -> NDArray[np.float32]:
    """Return the best hit of a motif in some bins of a sample, given by their places in it."""
    found, first = [], 0
    for codes, used in sample.regions:
        bins = np.flatnonzero(used)
        own = judged[(judged >= first) & (judged < first + len(bins))] - first
        places = bins[own] + sample.margin
        found.append(best_hits_of_bins(codes, motif, rules.bin_size, places))
        first += len(bins)
    return np.concatenate(found)
