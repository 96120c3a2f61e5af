"""Metrics of every method on the same bins, with intervals from the same bootstrap draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.best_motif import ChosenMotif
from zooctl.evaluation.baselines.kmer_ridge import Fit
from zooctl.evaluation.metrics.bootstrap import (
    Blocks,
    Estimate,
    Multiplicity,
    Statistic,
    auprc_of,
    auroc_of,
    estimate,
    interval,
    pearson_of,
    spearman_of,
)
from zooctl.evaluation.metrics.classification import Confusion, recall_at_fdr
from zooctl.evaluation.metrics.profiles import Errors

# Errors in the unit of a track.
_IN_UNIT = {"mse", "mae", "poisson_nll"}

Values = NDArray[np.floating]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MethodScore:
    """Scores of one method for each bin.

    Attributes:
        name: The method.
        ranking: Score to rank positive bins by, ``(n,)``.
        values: Score to compare with the mean signal, ``(n,)``; None for a ranking only.
        is_signal: Whether ``values`` are in the unit of the signal, so that errors are meaningful.
        threshold: ``ranking`` from which on a bin is called positive; None where none is stated.
        fit: Fit of the method; None where nothing was fitted.
        motif: Motif that the method looks for, where it was chosen.
    """

    name: str
    ranking: Values
    values: Values | None = None
    is_signal: bool = False
    threshold: float | None = None
    fit: Fit | None = None
    motif: ChosenMotif | None = None

    def select(self, bins: Labels) -> MethodScore:
        """Return the scores of some of the bins."""
        values = None if self.values is None else self.values[bins]
        return replace(self, ranking=self.ranking[bins], values=values)


@dataclass(frozen=True)
class MetricRow:
    """Metrics of one method.

    Attributes:
        name: The method.
        metrics: Estimates by metric; an undefined one is left out.
        behind: Lead of the first row over this one by metric, on the same draws.
        fit: Fit of the method; None where nothing was fitted, and in means over tracks.
        note: Reason why the method was not measured.
        motif: Motif that the method looks for, where it was chosen.
    """

    name: str
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    behind: Mapping[str, Estimate] = field(default_factory=dict)
    fit: Fit | None = None
    note: str | None = None
    motif: ChosenMotif | None = None

    def to_json(self) -> dict[str, object]:
        """Return the row under the names of its fields."""
        return {
            "name": self.name,
            "note": self.note,
            "fit": None if self.fit is None else asdict(self.fit),
            **({} if self.motif is None else {"motif": self.motif.to_json()}),
            "metrics": {name: to_json(value) for name, value in self.metrics.items()},
            "behind": {name: to_json(value) for name, value in self.behind.items()},
        }


def to_json(value: Estimate) -> dict[str, float | None]:
    """Return value and interval, with None for a number that is not finite."""
    return {name: side if math.isfinite(side) else None for name, side in asdict(value).items()}


@dataclass(frozen=True, eq=False)
class MetricTable:
    """Rows, with the values of their metrics on each draw of blocks.

    Attributes:
        rows: The first is the one that all others are compared with.
        drawn: Values on the draws by metric, ``(n_draws,)``, for each row.
    """

    rows: list[MetricRow]
    drawn: list[dict[str, NDArray[np.float64]]]


def metric_table(
    scores: Sequence[MethodScore],
    signal: Values,
    positive: Labels,
    blocks: Blocks,
    draws: Multiplicity,
    *,
    classed: Labels | None = None,
) -> MetricTable:
    """Compute a row of metrics for each method.

    Args:
        scores: The methods, on the same n bins.
        signal: Measured mean signal of the bins, ``(n,)``.
        positive: Which bins are positive, ``(n,)``.
        blocks: Block of each bin, ``(n,)``.
        draws: Block multiplicities, ``(n_draws, n_blocks)``.
        classed: Bins that are positive or negative, ``(n,)``; the others are left out of the
            metrics of classes. All by default.
    """
    truth = _Truth.of(signal, positive, blocks, draws.shape[1], classed)
    rows: list[MetricRow] = []
    all_drawn: list[dict[str, NDArray[np.float64]]] = []
    for score in scores:
        found, own = {}, {}
        for name, statistic in _statistics(score, truth).items():
            value, drawn = estimate(statistic, draws)
            if not math.isnan(value.value):
                found[name], own[name] = value, drawn
        behind = _lead(rows[0], all_drawn[0], found, own) if rows else {}
        points = _error_metrics(score, signal) | _call_metrics(score, truth)
        found |= {name: _point(value) for name, value in points.items() if math.isfinite(value)}
        rows.append(MetricRow(score.name, found, behind, score.fit, motif=score.motif))
        all_drawn.append(own)
    return MetricTable(rows, all_drawn)


def _lead(
    first: MetricRow,
    first_drawn: Mapping[str, NDArray[np.float64]],
    found: Mapping[str, Estimate],
    drawn: Mapping[str, NDArray[np.float64]],
) -> dict[str, Estimate]:
    """Return the lead of the first row by metric, with its interval over the draws."""
    return {
        name: interval(
            first.metrics[name].value - found[name].value, first_drawn[name] - drawn[name]
        )
        for name in drawn
        if name in first_drawn
    }


def mean_over_tracks(tables: Sequence[MetricTable], one_unit: bool = True) -> list[MetricRow]:
    """Return the mean over tracks of each metric that all of them have, by method.

    Intervals are those of the mean, since all tracks share their draws.

    Args:
        tables: Metrics of each track.
        one_unit: Whether the tracks have one unit; without, errors have no mean.
    """
    by_track = [{row.name: place for place, row in enumerate(one.rows)} for one in tables]
    shared = [name for name in by_track[0] if all(name in places for places in by_track)]
    rows: list[MetricRow] = []
    means: list[dict[str, NDArray[np.float64]]] = []
    for name in shared:
        own = [
            (one.rows[places[name]], one.drawn[places[name]])
            for one, places in zip(tables, by_track, strict=True)
        ]
        found, drawn = {}, {}
        for metric in own[0][0].metrics:
            if not all(metric in row.metrics for row, _ in own):
                continue
            if metric in _IN_UNIT and not one_unit:
                continue
            value = float(np.mean([row.metrics[metric].value for row, _ in own]))
            found[metric] = _point(value)
            if metric in own[0][1]:
                drawn[metric] = np.mean([values[metric] for _, values in own], axis=0)
                found[metric] = interval(value, drawn[metric])
        rows.append(MetricRow(name, found, _lead(rows[0], means[0], found, drawn) if rows else {}))
        means.append(drawn)
    return rows


def _point(value: float) -> Estimate:
    """Return a figure without an interval."""
    return Estimate(value, math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class _Truth:
    """Measurements of the bins, with those of a class apart.

    Attributes:
        signal: Measured mean signal, ``(n,)``.
        blocks: Block of each bin, ``(n,)``.
        n_blocks: Number of blocks.
        classed: Rows that are positive or negative, ``(m,)``.
        positive: Which of those are positive, ``(m,)``.
    """

    signal: Values
    blocks: Blocks
    n_blocks: int
    classed: NDArray[np.int64]
    positive: Labels

    @classmethod
    def of(
        cls, signal: Values, positive: Labels, blocks: Blocks, n_blocks: int, classed: Labels | None
    ) -> _Truth:
        rows = np.arange(len(positive)) if classed is None else np.flatnonzero(classed)
        return cls(signal, blocks, n_blocks, rows, positive[rows])


def _statistics(score: MethodScore, truth: _Truth) -> dict[str, Statistic]:
    found: dict[str, Statistic] = {}
    if score.values is not None:
        rest = (truth.signal, truth.blocks, truth.n_blocks)
        found["pearson"] = pearson_of(score.values, *rest)
        found["spearman"] = spearman_of(score.values, *rest)
    if truth.positive.any():
        ranking, blocks = score.ranking[truth.classed], truth.blocks[truth.classed]
        found["auroc"] = auroc_of(ranking, truth.positive, blocks, truth.n_blocks)
        found["auprc"] = auprc_of(ranking, truth.positive, blocks, truth.n_blocks)
    return found


def _call_metrics(score: MethodScore, truth: _Truth) -> dict[str, float]:
    """Return the metrics of calls at a threshold."""
    ranking, positive = score.ranking[truth.classed], truth.positive
    if not positive.any():
        return {}
    figures = {
        "recall_at_10_fdr": recall_at_fdr(ranking, positive, 0.1),
        "recall_at_50_fdr": recall_at_fdr(ranking, positive, 0.5),
    }
    if score.threshold is not None:
        figures["f1"] = Confusion.at(ranking, positive, score.threshold).f1
    return figures


def _error_metrics(score: MethodScore, signal: Values) -> dict[str, float]:
    """Return the metrics that need scores in the unit of the signal."""
    if score.values is None or not score.is_signal:
        return {}
    return asdict(Errors.of(score.values, signal))
