"""The table: every method on the same bins, and differences on the same draws."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from zooctl.evaluation import bootstrap, metrics
from zooctl.evaluation.table import Row, Score, table


@pytest.fixture
def example() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.arange(30), 40)
    signal = rng.gamma(0.5, 2, 1200)
    return {
        "signal": signal,
        "strong": signal > 4,
        "blocks": blocks,
        "good": signal + rng.gamma(1, 1, 1200),
        "poor": signal + rng.gamma(1, 9, 1200),
        "draws": bootstrap.draw(30, 200, seed=0),
    }


def rows_of(example: dict[str, np.ndarray], *scores: Score) -> list[Row]:
    return table(scores, example["signal"], example["strong"], example["blocks"], example["draws"])


def test_figures_are_the_plain_metrics(example: dict[str, np.ndarray]) -> None:
    good, signal, strong = example["good"], example["signal"], example["strong"]
    (row,) = rows_of(example, Score("good", good**2, good, is_signal=True))
    expected = {
        "pearson": metrics.pearson(good, signal),
        "spearman": metrics.spearman(good, signal),
        "auroc": metrics.auroc(good, strong),
        "auprc": metrics.auprc(good, strong),
        "mse": metrics.mse(good, signal),
        "poisson_nll": metrics.poisson_nll(good, signal),
    }
    assert {name: found.value for name, found in row.metrics.items()} == pytest.approx(expected)
    for name in ("pearson", "spearman", "auroc", "auprc"):
        found = row.metrics[name]
        assert found.low < found.value < found.high


def test_differences_are_narrower_than_intervals(example: dict[str, np.ndarray]) -> None:
    good = Score("good", example["good"], example["good"])
    poor = Score("poor", example["poor"], example["poor"])
    first, second = rows_of(example, good, poor)
    assert not first.behind
    lead = second.behind["auroc"]
    assert lead.value == pytest.approx(first.metrics["auroc"].value - second.metrics["auroc"].value)
    assert lead.low > 0
    same = rows_of(example, good, Score("again", example["good"], example["good"]))[1]
    assert (same.behind["auprc"].low, same.behind["auprc"].high) == (0.0, 0.0)


def test_what_is_not_defined_is_left_out(example: dict[str, np.ndarray]) -> None:
    flat = np.full(1200, 0.3)
    rows = rows_of(example, Score("flat", flat, flat, is_signal=True), Score("rank", -flat))
    assert set(rows[0].metrics) == {"auroc", "auprc", "mse", "poisson_nll"}
    assert rows[0].metrics["auroc"].value == 0.5
    assert set(rows[1].metrics) == {"auroc", "auprc"}
    example["strong"] = np.zeros(1200, dtype=bool)
    assert set(rows_of(example, Score("flat", flat, example["good"]))[0].metrics) == {
        "pearson",
        "spearman",
    }


def test_json_has_no_nan(example: dict[str, np.ndarray]) -> None:
    example["draws"] = bootstrap.draw(30, 0, seed=0)
    row = rows_of(example, Score("good", example["good"], example["good"], is_signal=True))[0]
    text = json.dumps(row.to_json(), allow_nan=False)
    assert json.loads(text)["metrics"]["auroc"]["low"] is None
    assert math.isnan(row.metrics["auroc"].low)
