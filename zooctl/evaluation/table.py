"""Scores to figures: every method on the same bins, with intervals from the same draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation import metrics
from zooctl.evaluation.bootstrap import (
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
    """

    name: str
    ranking: Values
    values: Values | None = None
    is_signal: bool = False


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: The method.
        metrics: Metric to figure; one that is not defined is left out.
        behind: By how much the first row is ahead of this one, on the same draws.
        note: Why the method was not measured.
    """

    name: str
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    behind: Mapping[str, Estimate] = field(default_factory=dict)
    note: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the row under the names of its fields."""
        return {
            "name": self.name,
            "note": self.note,
            "metrics": {name: to_json(value) for name, value in self.metrics.items()},
            "behind": {name: to_json(value) for name, value in self.behind.items()},
        }


def to_json(value: Estimate) -> dict[str, float | None]:
    """Return value and interval, None for what is not a finite number."""
    sides = {"value": value.value, "low": value.low, "high": value.high}
    return {name: side if math.isfinite(side) else None for name, side in sides.items()}


def table(
    scores: Sequence[Score],
    signal: Values,
    strong: Labels,
    blocks: Blocks,
    draws: Multiplicity,
) -> list[Row]:
    """Return a row for each method; the first is the one that the others are behind or ahead of.

    Args:
        scores: The methods, on the same n bins.
        signal: Measured mean signal of the bins, ``(n,)``.
        strong: Which bins are strong, ``(n,)``.
        blocks: Block of each bin, ``(n,)``.
        draws: Block multiplicities, ``(n_draws, n_blocks)``.
    """
    rows: list[Row] = []
    first: dict[str, tuple[float, NDArray[np.float64]]] = {}
    for score in scores:
        found, behind = {}, {}
        for name, statistic in _statistics(score, signal, strong, blocks).items():
            value, drawn = estimate(statistic, draws)
            if math.isnan(value.value):
                continue
            found[name] = value
            lead, lead_drawn = first.get(name, (math.nan, drawn))
            if rows and name in first:
                behind[name] = interval(lead - value.value, lead_drawn - drawn)
            if not rows:
                first[name] = value.value, drawn
        rows.append(Row(score.name, found | _errors(score, signal), behind))
    return rows


def _statistics(
    score: Score, signal: Values, strong: Labels, blocks: Blocks
) -> dict[str, Statistic]:
    found: dict[str, Statistic] = {}
    if score.values is not None:
        found["pearson"] = pearson_of(score.values, signal, blocks)
        found["spearman"] = spearman_of(score.values, signal, blocks)
    if strong.any():
        found["auroc"] = auroc_of(score.ranking, strong, blocks)
        found["auprc"] = auprc_of(score.ranking, strong, blocks)
    return found


def _errors(score: Score, signal: Values) -> dict[str, Estimate]:
    """Return what only makes sense in the unit of the signal."""
    if score.values is None or not score.is_signal:
        return {}
    figures = {
        "mse": metrics.mse(score.values, signal),
        "poisson_nll": metrics.poisson_nll(score.values, signal),
    }
    return {
        name: Estimate(value, math.nan, math.nan)
        for name, value in figures.items()
        if math.isfinite(value)
    }
