"""What is said of each bin that is judged: by the model, and by methods without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.from_sequence import FromSequence
from zooctl.evaluation.data.data import EvaluationData
from zooctl.evaluation.heldout.predicted import EvaluatedModel, HeldoutRegion
from zooctl.evaluation.report.rows import MetricRow, Score

Values = NDArray[np.floating]
# All bins of each region to those that are judged.
Judged = Callable[[Sequence[Values]], Values]

# A probability that is rounded to 0 or 1 has no logit.
_SMALLEST = 1e-6


def model_scores(
    parts: Sequence[HeldoutRegion],
    network: EvaluatedModel,
    track: int,
    threshold: float | None,
    *,
    is_signal: bool,
) -> list[Score]:
    """Return what the model says: ranked by the highest of its bins inside, and by their mean.

    The mean turns a quantitative model into a classifier of windows; the logits of a probability
    turn a classifier into coverage (Toneyan et al. 2022).

    Args:
        parts: Held-out regions.
        network: The model.
        track: Index among those that are judged.
        threshold: From which prediction on a bin is called.
        is_signal: Whether predictions are in the unit of what was measured.
    """
    rows = np.concatenate([part.rows(track) for part in parts])
    mean = rows.mean(axis=1)
    scores = [Score(network.name, rows.max(axis=1), mean, is_signal, threshold)]
    if rows.shape[1] > 1:
        scores.append(Score(f"{network.name}, ranked by mean", mean))
    if network.scale == "probability":
        logits = _logit(rows).mean(axis=1)
        scores.append(Score(f"{network.name}, logits as coverage", logits, logits))
    return scores


def _logit(probability: Values) -> Values:
    inside = np.clip(probability.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    logit: Values = np.log(inside) - np.log1p(-inside)
    return logit


def baseline_scores(
    parts: Sequence[HeldoutRegion], material: EvaluationData, sequence: FromSequence
) -> tuple[list[list[Score]], list[MetricRow]]:
    """Return what needs no network, judged on the same bins.

    Args:
        parts: Held-out regions.
        material: Tracks, replicates, motifs.
        sequence: What sequence alone says of all their bins.

    Returns:
        The scores of each track that is judged, and a line for each baseline that is missing.
    """

    def judged(bins: Sequence[Values]) -> Values:
        return np.concatenate([one[part.kept] for part, one in zip(parts, bins, strict=True)])

    def on_test(score: Callable[[HeldoutRegion], Values]) -> Values:
        return judged([score(part) for part in parts])

    gc_score = _signal_score("GC content", judged(sequence.gc))
    fitted, missing = _fitted_scores(judged, material, sequence)
    other_tracks = [
        _signal_score(other.name, on_test(partial(_other, index)))
        for index, other in enumerate(material.others)
    ]
    hits, without = _hits(judged, material, sequence)
    scores = []
    for index, wanted in enumerate(material.wanted):
        own = [*fitted[index][:1], gc_score, *fitted[index][1:], *other_tracks]
        own += _relatives(on_test, material, index)
        own += [hits[wanted.target]] if wanted.target in hits else []
        scores.append(own)
    return scores, [*missing, *without]


def _fitted_scores(
    judged: Judged, material: EvaluationData, sequence: FromSequence
) -> tuple[list[list[Score]], list[MetricRow]]:
    """Return mean signal and linear baselines of each track."""
    if sequence.mean is None:
        missing = MetricRow("mean signal, 5-mer ridge", note=f"not fitted: {material.unfitted}")
        return [[] for _ in material.wanted], [missing]
    n = len(judged(sequence.gc))
    means = [np.full(n, mean) for mean in sequence.mean]
    scores = [[Score("mean signal", mean, mean, is_signal=True)] for mean in means]
    for name, found in sequence.ridges.items():
        fits = sequence.fits[name]
        for own, values, fit in zip(scores, judged(found).T, fits, strict=True):
            own.append(Score(name, values, values, is_signal=True, fit=fit))
    return scores, []


def _hits(
    judged: Judged, material: EvaluationData, sequence: FromSequence
) -> tuple[dict[str, Score], list[MetricRow]]:
    """Return the best hit of each known motif in each bin, by the target's name."""
    found = {}
    for target, motif in material.motifs.items():
        hits = judged(sequence.hits[target])
        hits = np.maximum(hits, hits[np.isfinite(hits)].min(initial=0.0))
        found[target] = Score(f"best hit of {motif.name}", hits, hits)
    missing = [
        MetricRow("best motif hit", note=f"not measured: {reason}")
        for reason in material.no_motif.values()
    ]
    if not material.motifs and not missing:
        missing = [MetricRow("best motif hit", note="not measured: no target is assayed")]
    return found, missing


def _other(index: int, part: HeldoutRegion) -> Values:
    return np.nan_to_num(part.others[index].mean, nan=0.0)


def _signal_score(name: str, values: Values) -> Score:
    return Score(name, values, values)


def _relatives(
    on_test: Callable[[Callable[[HeldoutRegion], Values]], Values],
    material: EvaluationData,
    index: int,
) -> list[Score]:
    """Return the mean of the other tracks of the same assay and target: what all cells share."""
    own, truth = material.wanted[index], material.truths[index]
    tracks = [*zip(material.wanted, material.truths, strict=True), *material.beside]
    others = [
        i
        for i, (other, held) in enumerate(tracks)
        if i != index
        and (other.assay, other.target) == (own.assay, own.target)
        # What several tracks are held against says nothing of other tracks.
        and held.signal is not truth.signal
    ]
    if not others or own.assay is None:
        return []

    def mean(part: HeldoutRegion) -> Values:
        measured = (*part.measured, *part.beside)
        known: Values = np.nan_to_num(np.stack([measured[i].mean for i in others]), nan=0.0).mean(
            axis=0
        )
        return known

    values = on_test(mean)
    name = "mean of the other tracks" if len(others) > 1 else "the other track"
    return [_signal_score(name, values)]
