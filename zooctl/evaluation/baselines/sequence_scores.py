"""Baseline scores of held-out bins from sequence alone: GC content, motif hits, k-mer ridges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.best_motif import ChosenMotif
from zooctl.evaluation.baselines.kmer_counts import gc_content
from zooctl.evaluation.baselines.kmer_ridge import Fit, FittedBaselines
from zooctl.evaluation.baselines.motif_hits import best_hits
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Values = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SequenceScores:
    """Scores of all bins, an array per held-out region, in their order.

    Attributes:
        gc: Share of C and G, ``(n,)``.
        hits: Best hit of the known motif, ``(n,)``, by the target's name.
        ridges: Prediction of each linear baseline, ``(n, n_tracks)``, by its name.
        fits: Fit of each linear baseline to each track, by its name.
        mean: Mean signal of each track over the training regions, ``(n_tracks,)``; None where
            there are none.
        learned: Probability by each learner on hand-made features, or decision value of the
            gapped k-mer SVM, ``(n, n_tracks)``, by its name.
        opened: Mean accessibility, ``(n,)``; empty where no track of it is given.
        chosen: Best motif of each track, chosen on validation; empty where none was asked for.
        chosen_hits: Best hit of each of these, ``(n,)``, by the motif's name.
    """

    gc: list[Values]
    hits: dict[str, list[Values]]
    ridges: dict[str, list[Values]]
    fits: dict[str, tuple[Fit, ...]]
    mean: NDArray[np.float64] | None
    learned: dict[str, list[Values]] = field(default_factory=dict)
    opened: list[Values] = field(default_factory=list)
    chosen: Sequence[ChosenMotif | None] = ()
    chosen_hits: dict[str, list[Values]] = field(default_factory=dict)


def score_sequence(
    padded: Sequence[Codes],
    margin: int,
    fitting: Future[FittedBaselines | None],
    motifs: Mapping[str, Motif],
    rules: Rules,
) -> SequenceScores:
    """Score every bin of the held-out regions.

    Args:
        padded: Sequence of the bins of each region, with ``margin`` more bins on each side.
        margin: Bins.
        fitting: Yields the linear baselines, and is waited for last; None where there are no
            training regions.
        motifs: Known motif by the target's name.
        rules: Bin size.
    """
    size = rules.bin_size
    outside = margin * size
    gc = [gc_content(codes[outside : len(codes) - outside], size) for codes in padded]

    def hits_of(some: Mapping[str, Motif]) -> dict[str, list[Values]]:
        return {
            name: [best_hits(codes, motif, size, margin) for codes in padded]
            for name, motif in some.items()
        }

    hits = hits_of(motifs)
    fitted = fitting.result()
    if fitted is None:
        return SequenceScores(gc, hits, {}, {}, None)
    by_region = [fitted.predict(codes, margin, rules) for codes in padded]
    return SequenceScores(
        gc,
        hits,
        {name: [found[name] for found in by_region] for name in fitted.ridges},
        {name: ridge.fits for name, ridge in fitted.ridges.items()},
        fitted.mean,
        _learned(fitted, padded, margin, rules),
        chosen=fitted.motifs,
        chosen_hits=hits_of({one.name: one.motif for one in fitted.motifs if one is not None}),
    )


def _learned(
    fitted: FittedBaselines, padded: Sequence[Codes], margin: int, rules: Rules
) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    if fitted.learners is not None:
        by_region = [fitted.learners.predict(codes, margin, rules) for codes in padded]
        found |= {name: [one[name] for one in by_region] for name in fitted.learners.models}
    if fitted.gkm is not None:
        found["gkm"] = [fitted.gkm.predict(codes, margin, rules) for codes in padded]
    return found
