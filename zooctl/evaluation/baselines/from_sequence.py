"""What sequence alone says of held-out bins, before it is known which of them are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines import kmers_and_hits as baselines
from zooctl.evaluation.baselines.ridge import Fit, Fitted
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Values = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class FromSequence:
    """Scores of all bins of each held-out region, as arrays in the order of the regions.

    Attributes:
        gc: Share of C and G, ``(n,)``.
        hits: Best hit of the known motif, ``(n,)``, by the target's name.
        ridges: Prediction of each linear baseline, ``(n, n_tracks)``, by its name.
        fits: How that was fitted to each track, by its name.
        mean: Mean signal of each track over the training regions, ``(n_tracks,)``; None where
            there are none.
    """

    gc: list[Values]
    hits: dict[str, list[Values]]
    ridges: dict[str, list[Values]]
    fits: dict[str, tuple[Fit, ...]]
    mean: NDArray[np.float64] | None


def from_sequence(
    arounds: Sequence[Codes],
    margin: int,
    fitting: Future[Fitted | None],
    motifs: Mapping[str, Motif],
    rules: Rules,
) -> FromSequence:
    """Score every bin.

    Args:
        arounds: Sequence of the bins of each region, with ``margin`` more on both sides.
        margin: Bins.
        fitting: Gives the linear baselines, and is waited for last; None where there are no
            training regions.
        motifs: Known motif by the target's name.
        rules: What counts as a bin.
    """
    size = rules.bin_size
    outside = margin * size
    gc = [baselines.gc_content(codes[outside : len(codes) - outside], size) for codes in arounds]
    hits = {
        target: [baselines.best_hits(codes, motif, size)[margin:-margin] for codes in arounds]
        for target, motif in motifs.items()
    }
    fitted = fitting.result()
    if fitted is None:
        return FromSequence(gc, hits, {}, {}, None)
    by_region = [fitted.predict(codes, margin, rules) for codes in arounds]
    return FromSequence(
        gc,
        hits,
        {name: [found[name] for found in by_region] for name in fitted.ridges},
        {name: how for name, (_, _, how) in fitted.ridges.items()},
        fitted.mean,
    )
