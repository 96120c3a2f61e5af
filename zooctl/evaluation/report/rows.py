"""Scores to figures: every method on the same bins, with intervals from the same draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.ridge import Fit
from zooctl.evaluation.metrics import metrics
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

Values = NDArray[np.floating]
Labels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Score:
    """What one method says of each bin.

    Attributes:
        name: The method.
        ranking: What strong bins are ranked by, ``(n,)``.
        values: What is held against the mean signal, ``(n,)``; None to rank only.
        is_signal: Whether ``values`` are in the unit of the signal, so that errors mean something.
        threshold: From which ``ranking`` on a bin is called strong; None where none is stated.
        fit: How the method was fitted; None where nothing was.
    """

    name: str
    ranking: Values
    values: Values | None = None
    is_signal: bool = False
    threshold: float | None = None
    fit: Fit | None = None

    def at(self, bins: Labels) -> Score:
        """Return the score of some of the bins."""
        values = None if self.values is None else self.values[bins]
        return replace(self, ranking=self.ranking[bins], values=values)


@dataclass(frozen=True)
class MetricRow:
    """A line of the table.

    Attributes:
        name: The method.
        metrics: Metric to figure; one that is not defined is left out.
        behind: By how much the first row is ahead of this one, on the same draws.
        fit: How the method was fitted; None where nothing was, and in means over tracks.
        note: Why the method was not measured.
    """

    name: str
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    behind: Mapping[str, Estimate] = field(default_factory=dict)
    fit: Fit | None = None
    note: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the row under the names of its fields."""
        return {
            "name": self.name,
            "note": self.note,
            "fit": None if self.fit is None else asdict(self.fit),
            "metrics": {name: to_json(value) for name, value in self.metrics.items()},
            "behind": {name: to_json(value) for name, value in self.behind.items()},
        }


def to_json(value: Estimate) -> dict[str, float | None]:
    """Return value and interval, None for what is not a finite number."""
    sides = {"value": value.value, "low": value.low, "high": value.high}
    return {name: side if math.isfinite(side) else None for name, side in sides.items()}


@dataclass(frozen=True, eq=False)
class MetricTable:
    """Rows, and what each metric was on each draw of blocks.

    Attributes:
        rows: The first is the one that the others are behind or ahead of.
        drawn: Of each row, metric to its values, ``(n_draws,)``.
    """

    rows: list[MetricRow]
    drawn: list[dict[str, NDArray[np.float64]]]


def table(
    scores: Sequence[Score],
    signal: Values,
    strong: Labels,
    blocks: Blocks,
    draws: Multiplicity,
) -> MetricTable:
    """Return a row for each method.

    Args:
        scores: The methods, on the same n bins.
        signal: Measured mean signal of the bins, ``(n,)``.
        strong: Which bins are strong, ``(n,)``.
        blocks: Block of each bin, ``(n,)``.
        draws: Block multiplicities, ``(n_draws, n_blocks)``.
    """
    rows: list[MetricRow] = []
    all_drawn: list[dict[str, NDArray[np.float64]]] = []
    for score in scores:
        found, own = {}, {}
        for name, statistic in _statistics(score, signal, strong, blocks, draws.shape[1]).items():
            value, drawn = estimate(statistic, draws)
            if not math.isnan(value.value):
                found[name], own[name] = value, drawn
        behind = _behind(rows[0], all_drawn[0], found, own) if rows else {}
        points = _errors(score, signal) | _calls(score, strong)
        found |= {name: point(value) for name, value in points.items() if math.isfinite(value)}
        rows.append(MetricRow(score.name, found, behind, score.fit))
        all_drawn.append(own)
    return MetricTable(rows, all_drawn)


def _behind(
    first: MetricRow,
    first_drawn: Mapping[str, NDArray[np.float64]],
    found: Mapping[str, Estimate],
    drawn: Mapping[str, NDArray[np.float64]],
) -> dict[str, Estimate]:
    return {
        name: interval(
            first.metrics[name].value - found[name].value, first_drawn[name] - drawn[name]
        )
        for name in drawn
        if name in first_drawn
    }


def mean_over_tracks(tables: Sequence[MetricTable]) -> list[MetricRow]:
    """Return the mean of each method's metrics over tracks, where all of them have it.

    Intervals are of the mean, since all tracks share their draws.
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
            value = float(np.mean([row.metrics[metric].value for row, _ in own]))
            found[metric] = point(value)
            if metric in own[0][1]:
                drawn[metric] = np.mean([values[metric] for _, values in own], axis=0)
                found[metric] = interval(value, drawn[metric])
        rows.append(
            MetricRow(name, found, _behind(rows[0], means[0], found, drawn) if rows else {})
        )
        means.append(drawn)
    return rows


def point(value: float) -> Estimate:
    """Return a figure without an interval."""
    return Estimate(value, math.nan, math.nan)


def _statistics(
    score: Score, signal: Values, strong: Labels, blocks: Blocks, n_blocks: int
) -> dict[str, Statistic]:
    found: dict[str, Statistic] = {}
    if score.values is not None:
        found["pearson"] = pearson_of(score.values, signal, blocks, n_blocks)
        found["spearman"] = spearman_of(score.values, signal, blocks, n_blocks)
    if strong.any():
        found["auroc"] = auroc_of(score.ranking, strong, blocks, n_blocks)
        found["auprc"] = auprc_of(score.ranking, strong, blocks, n_blocks)
    return found


def _calls(score: Score, strong: Labels) -> dict[str, float]:
    """Return what is said of calls, beside the areas."""
    if not strong.any():
        return {}
    figures = {
        "recall_at_10_fdr": recall_at_fdr(score.ranking, strong, 0.1),
        "recall_at_50_fdr": recall_at_fdr(score.ranking, strong, 0.5),
    }
    if score.threshold is not None:
        figures["f1"] = Confusion.at(score.ranking, strong, score.threshold).f1
    return figures


def _errors(score: Score, signal: Values) -> dict[str, float]:
    """Return what only makes sense in the unit of the signal."""
    if score.values is None or not score.is_signal:
        return {}
    return {
        "mse": metrics.mse(score.values, signal),
        "mae": metrics.mae(score.values, signal),
        "r2": metrics.r2(score.values, signal),
        "poisson_nll": metrics.poisson_nll(score.values, signal),
    }
