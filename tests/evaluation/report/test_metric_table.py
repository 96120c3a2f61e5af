"""The table: every method on the same bins, and differences on the same draws."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from zooctl.evaluation.metrics import bootstrap, classification, regression
from zooctl.evaluation.report.metric_table import (
    MethodScore,
    MetricRow,
    mean_over_tracks,
    metric_table,
)


@pytest.fixture
def example() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.arange(30), 40)
    signal = rng.gamma(0.5, 2, 1200)
    return {
        "signal": signal,
        "positive": signal > 4,
        "blocks": blocks,
        "good": signal + rng.gamma(1, 1, 1200),
        "poor": signal + rng.gamma(1, 9, 1200),
        "draws": bootstrap.draw(30, 200, seed=0),
    }


def rows_of(example: dict[str, np.ndarray], *scores: MethodScore) -> list[MetricRow]:
    found = metric_table(
        scores, example["signal"], example["positive"], example["blocks"], example["draws"]
    )
    return found.rows


def test_figures_are_the_plain_metrics(example: dict[str, np.ndarray]) -> None:
    good, signal, positive = example["good"], example["signal"], example["positive"]
    (row,) = rows_of(example, MethodScore("good", good**2, good, is_signal=True, threshold=9.0))
    expected = {
        "pearson": regression.pearson(good, signal),
        "spearman": regression.spearman(good, signal),
        "auroc": classification.auroc(good, positive),
        "auprc": average_precision_score(positive, good),
        "recall_at_10_fdr": classification.recall_at_fdr(good, positive, 0.1),
        "recall_at_50_fdr": classification.recall_at_fdr(good, positive, 0.5),
        "f1": classification.Confusion.at(good**2, positive, 9.0).f1,
        "mse": regression.mse(good, signal),
        "mae": regression.mae(good, signal),
        "r2": regression.r2(good, signal),
        "poisson_nll": regression.poisson_nll(good, signal),
    }
    assert {name: found.value for name, found in row.metrics.items()} == pytest.approx(expected)
    for name in ("pearson", "spearman", "auroc", "auprc"):
        found = row.metrics[name]
        assert found.low < found.value < found.high


def test_differences_are_narrower_than_intervals(example: dict[str, np.ndarray]) -> None:
    good = MethodScore("good", example["good"], example["good"])
    poor = MethodScore("poor", example["poor"], example["poor"])
    first, second = rows_of(example, good, poor)
    assert not first.behind
    lead = second.behind["auroc"]
    assert lead.value == pytest.approx(first.metrics["auroc"].value - second.metrics["auroc"].value)
    assert lead.low > 0
    same = rows_of(example, good, MethodScore("again", example["good"], example["good"]))[1]
    assert (same.behind["auprc"].low, same.behind["auprc"].high) == (0.0, 0.0)


def test_what_is_not_defined_is_left_out(example: dict[str, np.ndarray]) -> None:
    flat = np.full(1200, 0.3)
    rows = rows_of(
        example, MethodScore("flat", flat, flat, is_signal=True), MethodScore("rank", -flat)
    )
    calls, errors = {"auroc", "auprc", "recall_at_10_fdr", "recall_at_50_fdr"}, {"mse", "mae", "r2"}
    assert set(rows[0].metrics) == calls | errors | {"poisson_nll"}
    assert rows[0].metrics["auroc"].value == 0.5
    assert set(rows[1].metrics) == calls
    example["positive"] = np.zeros(1200, dtype=bool)
    assert set(rows_of(example, MethodScore("flat", flat, example["good"]))[0].metrics) == {
        "pearson",
        "spearman",
    }


def test_json_has_no_nan(example: dict[str, np.ndarray]) -> None:
    example["draws"] = bootstrap.draw(30, 0, seed=0)
    row = rows_of(example, MethodScore("good", example["good"], example["good"], is_signal=True))[0]
    text = json.dumps(row.to_json(), allow_nan=False)
    assert json.loads(text)["metrics"]["auroc"]["low"] is None
    assert math.isnan(row.metrics["auroc"].low)


def test_mean_over_tracks_is_that_of_every_draw(example: dict[str, np.ndarray]) -> None:
    other = example | {"signal": example["signal"][::-1], "positive": example["positive"][::-1]}
    good = MethodScore("good", example["good"], example["good"], is_signal=True)
    poor = MethodScore("poor", example["poor"], example["poor"])
    tables = [
        metric_table(scores, of["signal"], of["positive"], of["blocks"], of["draws"])
        for of, scores in (
            (example, (good, poor)),
            (other, (good, MethodScore("else", -good.ranking))),
        )
    ]
    (row,) = mean_over_tracks(tables)
    assert row.name == "good"
    for name in ("auroc", "mse"):
        values = [one.rows[0].metrics[name].value for one in tables]
        assert row.metrics[name].value == pytest.approx(np.mean(values))
    drawn = (tables[0].drawn[0]["auroc"] + tables[1].drawn[0]["auroc"]) / 2
    assert row.metrics["auroc"].low == pytest.approx(np.quantile(drawn, 0.025))
    same = mean_over_tracks([tables[0], tables[0]])
    assert same[1].metrics == tables[0].rows[1].metrics
    assert same[1].behind == tables[0].rows[1].behind
    # Squared sums of reads and squared means have no mean; the explained share has.
    apart = mean_over_tracks([tables[0], tables[0]], one_unit=False)
    left_out = same[0].metrics.keys() - apart[0].metrics.keys()
    assert left_out == {"mse", "mae", "poisson_nll"}
    assert apart[0].metrics["r2"] == same[0].metrics["r2"]


def test_some_of_the_bins() -> None:
    bins = np.array([True, False, True])
    score = MethodScore("a", np.arange(3.0), None, is_signal=True, threshold=2.0).select(bins)
    assert score.ranking.tolist() == [0.0, 2.0]
    assert (score.values, score.is_signal, score.threshold) == (None, True, 2.0)


def test_ambiguous_bins_count_in_agreement_alone(example: dict[str, np.ndarray]) -> None:
    good, signal, positive = example["good"], example["signal"], example["positive"]
    classed = np.random.default_rng(1).random(1200) < 0.9
    score = MethodScore("good", good**2, good, is_signal=True, threshold=9.0)
    rest = example["blocks"], example["draws"]
    (row,) = metric_table([score], signal, positive, *rest, classed=classed).rows
    ranking, labels = good[classed] ** 2, positive[classed]
    assert row.metrics["auroc"].value == pytest.approx(classification.auroc(ranking, labels))
    assert row.metrics["auprc"].value == pytest.approx(average_precision_score(labels, ranking))
    assert row.metrics["f1"].value == classification.Confusion.at(ranking, labels, 9.0).f1
    recall = classification.recall_at_fdr(ranking, labels, 0.5)
    assert row.metrics["recall_at_50_fdr"].value == recall
    assert row.metrics["pearson"].value == pytest.approx(regression.pearson(good, signal))
