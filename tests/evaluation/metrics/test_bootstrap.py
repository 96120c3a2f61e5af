"""The block bootstrap: every statistic equals the plain metric on bins repeated by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from zooctl.evaluation.metrics import bootstrap, classification, regression

BLOCKS = 6


def example(seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores, measurements, labels, blocks of 120 bins; block 5 holds no positive."""
    rng = np.random.default_rng(seed)
    blocks = np.sort(rng.integers(0, BLOCKS, 120))
    blocks[:BLOCKS] = np.arange(BLOCKS)
    blocks.sort()
    labels = (rng.random(120) < 0.2) & (blocks != 5)
    labels[0] = True
    measured = labels * 2 + rng.random(120)
    scores = measured + rng.normal(size=120)
    if ties:
        scores, measured = scores.round(), measured.round()
    return scores, measured, labels, blocks


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(average_precision_score(labels, scores)) if labels.any() else float("nan")


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    ties=st.booleans(),
    times=st.lists(st.integers(0, 4), min_size=BLOCKS, max_size=BLOCKS).filter(lambda t: t[0] > 0),
)
def test_equal_to_repeated_bins(seed: int, ties: bool, times: list[int]) -> None:
    scores, measured, labels, blocks = example(seed, ties=ties)
    multiplicity = np.array(times)
    rows = np.repeat(np.arange(len(blocks)), multiplicity[blocks])
    cases: list[tuple[bootstrap.Statistic, Callable[..., float], np.ndarray]] = [
        (bootstrap.pearson_of(scores, measured, blocks, BLOCKS), regression.pearson, measured),
        (bootstrap.auroc_of(scores, labels, blocks, BLOCKS), classification.auroc, labels),
        (bootstrap.auprc_of(scores, labels, blocks, BLOCKS), average_precision, labels),
    ]
    for statistic, metric, other in cases:
        expected = metric(scores[rows], other[rows])
        assert statistic(multiplicity) == pytest.approx(expected, nan_ok=True, abs=1e-9)


@pytest.mark.parametrize("scale", [2.0**1020, 2.0**-500])
def test_correlation_of_large_and_small_values(scale: float) -> None:
    scores, measured, _, blocks = example(3, ties=False)
    once = np.ones(BLOCKS, dtype=np.int64)
    expected = bootstrap.pearson_of(scores, measured, blocks, BLOCKS)(once)
    assert bootstrap.pearson_of(scores, measured * scale, blocks, BLOCKS)(once) == expected


def test_spearman_is_exact_on_all_bins_and_close_on_draws() -> None:
    rng = np.random.default_rng(9)
    blocks = np.repeat(np.arange(20), 200)
    measured = rng.normal(size=4000) + np.repeat(rng.normal(size=20), 200)
    scores = np.exp(measured + rng.normal(size=4000)).round(1)
    statistic = bootstrap.spearman_of(scores, measured, blocks, 20)
    expected = regression.spearman(scores, measured)
    assert statistic(np.ones(20, dtype=int)) == pytest.approx(expected, abs=1e-12)
    for draw in bootstrap.draw(20, 20, seed=0):
        rows = np.repeat(np.arange(4000), draw[blocks])
        assert statistic(draw) == pytest.approx(
            regression.spearman(scores[rows], measured[rows]), abs=0.02
        )


def test_no_value_without_positives_and_for_a_constant() -> None:
    scores, measured, labels, blocks = example(1, ties=False)
    only_last = np.array([0, 0, 0, 0, 0, 6])
    assert np.isnan(bootstrap.auroc_of(scores, labels, blocks, BLOCKS)(only_last))
    assert np.isnan(bootstrap.auprc_of(scores, labels, blocks, BLOCKS)(only_last))
    flat = np.full(120, np.float32(0.1))
    assert np.isnan(
        bootstrap.pearson_of(flat, measured, blocks, BLOCKS)(np.ones(BLOCKS, dtype=int))
    )
    assert np.isnan(
        bootstrap.spearman_of(flat, measured, blocks, BLOCKS)(np.ones(BLOCKS, dtype=int))
    )


def test_draws_are_seeded_and_keep_the_number_of_blocks() -> None:
    draws = bootstrap.draw(36, 200, seed=7)
    assert (draws.sum(axis=1) == 36).all()
    np.testing.assert_array_equal(draws, bootstrap.draw(36, 200, seed=7))
    assert (draws != bootstrap.draw(36, 200, seed=8)).any()


def test_blocks_widen_the_interval_of_correlated_bins() -> None:
    # Bins of a block are copies of each other: only the number of blocks counts as a sample.
    rng = np.random.default_rng(3)
    measured = np.repeat(rng.normal(size=40), 50)
    scores = np.repeat(rng.normal(size=40), 50) + measured
    widths = []
    for grouping in (np.repeat(np.arange(40), 50), np.arange(2000)):
        statistic = bootstrap.pearson_of(scores, measured, grouping, int(grouping.max()) + 1)
        found, _ = bootstrap.estimate(
            statistic, bootstrap.draw(int(grouping.max()) + 1, 100, seed=0)
        )
        assert found.low <= found.value <= found.high
        widths.append(found.high - found.low)
    assert widths[0] > 3 * widths[1]


def test_coverage_of_the_interval() -> None:
    # With 100 independent blocks the 95 % interval of a correlation holds the truth in most runs.
    rng = np.random.default_rng(11)
    held = 0
    for run in range(60):
        x, noise = rng.normal(size=(2, 400))
        y = 0.6 * x + 0.8 * noise
        statistic = bootstrap.pearson_of(x, y, np.repeat(np.arange(100), 4), 100)
        found, _ = bootstrap.estimate(statistic, bootstrap.draw(100, 200, seed=run))
        held += found.low <= 0.6 <= found.high
    assert held >= 51


def test_no_draws_no_interval() -> None:
    scores, measured, _, blocks = example(2, ties=False)
    found, values = bootstrap.estimate(
        bootstrap.pearson_of(scores, measured, blocks, BLOCKS), bootstrap.draw(BLOCKS, 0, seed=0)
    )
    assert len(values) == 0
    assert found.value == pytest.approx(regression.pearson(scores, measured))
    assert np.isnan(found.low)


def test_a_block_without_a_judged_bin_changes_nothing() -> None:
    # Labels of one track may be unknown all over a block that other tracks are judged on.
    scores, _, labels, blocks = example(4, ties=False)
    rows = blocks != 5
    times = np.array([1, 2, 0, 1, 1, 1])
    statistic = bootstrap.auroc_of(scores[rows], labels[rows], blocks[rows], BLOCKS)
    drawn = np.repeat(np.flatnonzero(rows), times[blocks[rows]])
    expected = classification.auroc(scores[drawn], labels[drawn])
    assert statistic(times) == pytest.approx(expected)
    assert statistic(np.array([1, 2, 0, 1, 1, 9])) == pytest.approx(expected)


def test_one_block_has_no_interval() -> None:
    """Its draws are all the same, which would look like certainty."""
    scores, measured, *_ = example(2, ties=False)
    statistic = bootstrap.pearson_of(scores, measured, np.zeros(120, int), 1)
    found, values = bootstrap.estimate(statistic, bootstrap.draw(1, 50, seed=0))
    assert found.value == pytest.approx(regression.pearson(scores, measured))
    assert np.isnan([found.low, found.high]).all()
    assert values.shape == (50,)
    assert np.isnan(values).all()
    assert "[" not in str(found)
