"""Scores of every evaluated bin: by the model, and by baselines without a network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.feature_models import FEWEST
from zooctl.evaluation.baselines.motif_hits import finite
from zooctl.evaluation.baselines.sequence_scores import SequenceScores
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.options import BEST_MOTIF
from zooctl.evaluation.heldout.predict_region import HeldoutRegion
from zooctl.evaluation.report.metric_table import MethodScore, MetricRow
from zooctl.schema.recipe.evaluation import Rules
from zooctl.training.tracks.bin_values_and_labels import Binning

Values = NDArray[np.floating]
# All bins of each region to the bins that are evaluated.
Select = Callable[[Sequence[Values]], Values]

# A probability that is rounded to 0 or 1 has no logit.
_SMALLEST = 1e-6


def calling_threshold(model: EvaluatedModel, rules: Rules, binning: Binning) -> float | None:
    """Return the prediction from which on a bin is called; None where nothing states it.

    The least signal of a positive bin is that of a base. A prediction is of one of the model's
    bins, summed up and normalised as its target is.
    """
    if rules.decision is not None:
        return rules.decision
    if model.scale == "probability":
        return 0.5
    if model.scale == "logit":
        return 0.0
    if binning.is_label or model.scale != "signal":
        return None
    n_bases = model.geometry.bin_size if binning.statistic == "sum" else 1
    return float(binning.normalised(np.array([rules.positive_min_signal * n_bases]))[0])


def model_scores(
    regions: Sequence[HeldoutRegion],
    model: EvaluatedModel,
    track: int,
    threshold: float | None,
    *,
    is_signal: bool,
) -> list[MethodScore]:
    """Score bins by the model: ranked by the highest of its own bins inside, and by their mean.

    The mean turns a quantitative model into a classifier of windows; the logits of a probability
    turn a classifier into coverage (Toneyan et al. 2022, doi:10.1038/s42256-022-00570-9).

    Args:
        regions: Held-out regions.
        model: The model.
        track: Index among the evaluated tracks.
        threshold: Prediction from which on a bin is called.
        is_signal: Whether predictions are in the unit of the measurement.
    """
    rows = np.concatenate([region.rows(track) for region in regions])
    mean = rows.mean(axis=1)
    scores = [MethodScore(model.name, rows.max(axis=1), mean, is_signal, threshold)]
    if rows.shape[1] > 1:
        scores.append(MethodScore(f"{model.name}, ranked by mean", mean))
    if model.scale == "probability":
        logits = _logit(rows).mean(axis=1)
        scores.append(MethodScore(f"{model.name}, logits as coverage", logits, logits))
    return scores


def _logit(probability: Values) -> Values:
    inside = np.clip(probability.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    logit: Values = np.log(inside) - np.log1p(-inside)
    return logit


def baseline_scores(
    regions: Sequence[HeldoutRegion], data: EvaluationData, sequence: SequenceScores
) -> tuple[list[list[MethodScore]], list[MetricRow]]:
    """Score the evaluated bins by all baselines.

    Args:
        regions: Held-out regions.
        data: Tracks, replicates, motifs.
        sequence: Scores of all bins by their sequence.

    Returns:
        The scores of each evaluated track, and a row for each baseline that is missing.
    """

    def select(bins: Sequence[Values]) -> Values:
        return np.concatenate([one[region.kept] for region, one in zip(regions, bins, strict=True)])

    gc_score = _unfitted("GC content", select(sequence.gc))
    fitted, missing = _fitted_scores(select, data, sequence)
    replicates = [
        _unfitted(
            track.name,
            select([_nan_to_zero(region.measured.replicates[index].mean) for region in regions]),
        )
        for index, track in enumerate(data.replicates)
    ]
    hits, without = _motif_hits(select, data, sequence)
    scores = []
    for index, track in enumerate(data.tracks):
        own = [*fitted[index][:1], gc_score, *fitted[index][1:], *replicates]
        own += _mean_of_relatives(select, regions, data, index)
        own += [hits[track.target]] if track.target in hits else []
        own += _learned_scores(select, data, sequence, index)
        scores.append(own)
    return scores, [*missing, *without, *_not_learned(data, sequence)]


_LEARNERS = {
    "logistic": "logistic regression on 5-mers",
    "dense": "dense network on 5-mers",
    "boosting": "boosted trees",
    "gkm": "gapped k-mer SVM",
}
OPEN_MOTIF = "best motif hit x accessibility"
CHOSEN_MOTIF = "best motif"


def learners_of(names: Collection[str | None]) -> tuple[str, ...]:
    """Return what ``--baselines`` of `zooctl evaluate` takes for methods of these names.

    >>> learners_of(["5-mer ridge", "best motif", None])
    ('best_motif',)
    """
    rows = _LEARNERS | {BEST_MOTIF: CHOSEN_MOTIF}
    return tuple(learner for learner, name in rows.items() if name in names)


def _learned_scores(
    select: Select, data: EvaluationData, sequence: SequenceScores, index: int
) -> list[MethodScore]:
    """Return the learners on hand-made features of a track, and its motif on open chromatin."""
    scores = []
    for name, found in sequence.learned.items():
        values = select(found)[:, index]
        if not np.isnan(values).all():
            scores.append(_unfitted(_LEARNERS[name], values))
    target = data.tracks[index].target
    if sequence.opened and target in sequence.hits:
        # A hit below chance is no site, however open it lies.
        hits = np.maximum(select(sequence.hits[target]), 0)
        scores.append(_unfitted(OPEN_MOTIF, hits * select(sequence.opened)))
    if sequence.chosen and (chosen := sequence.chosen[index]) is not None:
        hits = finite(select(sequence.chosen_hits[chosen.name]))
        scores.append(MethodScore(CHOSEN_MOTIF, hits, hits, motif=chosen))
    return scores


def _not_learned(data: EvaluationData, sequence: SequenceScores) -> list[MetricRow]:
    """Return a row for each baseline that was asked for and could not be made."""
    rows = [
        MetricRow(_LEARNERS[name], note=f"not fitted: fewer than {FEWEST} positives of a kind")
        for name, found in sequence.learned.items()
        if all(np.isnan(values).all() for values in found)
    ]
    if sequence.opened and not sequence.hits:
        rows.append(MetricRow(OPEN_MOTIF, note="not measured: no target is assayed"))
    return rows


def _unfitted(name: str, values: Values) -> MethodScore:
    return MethodScore(name, values, values)


def _nan_to_zero(signal: Values) -> Values:
    return np.nan_to_num(signal, nan=0.0)


def _fitted_scores(
    select: Select, data: EvaluationData, sequence: SequenceScores
) -> tuple[list[list[MethodScore]], list[MetricRow]]:
    """Return mean signal and linear baselines of each track."""
    if sequence.mean is None:
        missing = MetricRow("mean signal, 5-mer ridge", note=f"not fitted: {data.unfitted}")
        return [[] for _ in data.tracks], [missing]
    n = len(select(sequence.gc))
    means = [np.full(n, mean) for mean in sequence.mean]
    scores = [[MethodScore("mean signal", mean, mean, is_signal=True)] for mean in means]
    for name, found in sequence.ridges.items():
        fits = sequence.fits[name]
        for own, values, fit in zip(scores, select(found).T, fits, strict=True):
            own.append(MethodScore(name, values, values, is_signal=True, fit=fit))
    return scores, []


def _motif_hits(
    select: Select, data: EvaluationData, sequence: SequenceScores
) -> tuple[dict[str, MethodScore], list[MetricRow]]:
    """Return the best hit of each known motif in each bin, by the target's name."""
    found = {}
    for target, motif in data.motifs.items():
        hits = finite(select(sequence.hits[target]))
        found[target] = _unfitted(f"best hit of {motif.name}", hits)
    missing = [
        MetricRow("best motif hit", note=f"not measured: {reason}")
        for reason in data.no_motif.values()
    ]
    if not data.motifs and not missing:
        missing = [MetricRow("best motif hit", note="not measured: no target is assayed")]
    return found, missing


def _mean_of_relatives(
    select: Select, regions: Sequence[HeldoutRegion], data: EvaluationData, index: int
) -> list[MethodScore]:
    """Return the mean of the other tracks of one assay and target: the part all cells share."""
    own, measured = data.tracks[index], data.measured[index]
    tracks = [*zip(data.tracks, data.measured, strict=True), *data.other_tracks]
    relatives = [
        i
        for i, (track, other) in enumerate(tracks)
        if i != index
        and (track.assay, track.target) == (own.assay, own.target)
        # A measurement that several tracks are compared with tells nothing of other tracks.
        and other.signal is not measured.signal
    ]
    if not relatives or own.assay is None:
        return []
    means = []
    for region in regions:
        bins = (*region.measured.tracks, *region.measured.other_tracks)
        means.append(_nan_to_zero(np.stack([bins[i].mean for i in relatives])).mean(axis=0))
    name = "mean of the other tracks" if len(relatives) > 1 else "the other track"
    return [_unfitted(name, select(means))]
