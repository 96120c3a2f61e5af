"""Figures of scores against measurements, beside scikit-learn, SciPy and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from zooctl.evaluation.variants.figures import FigureName, Measurements, SignedSizes, figure

RNG = np.random.default_rng(3)
VALUES = RNG.standard_normal(80)
SCORES = np.round(VALUES + RNG.standard_normal(80), 1)
SCORES[:4] = 0.0
BLOCKS = np.arange(80) // 8
MEASURED = Measurements(VALUES, VALUES <= -0.5, BLOCKS, 10)
ONES = np.ones(10, np.int64)


def naive_share(scores: np.ndarray, values: np.ndarray) -> float:
    points = [
        1 if s * v > 0 else 0 if s * v < 0 else 0.5 for s, v in zip(scores, values, strict=True)
    ]
    return sum(points) / len(points)


def naive_half(scores: np.ndarray, values: np.ndarray) -> float:
    order = sorted(range(len(scores)), key=lambda row: (-abs(scores[row]), row))[: len(scores) // 2]
    return naive_share(scores[order], values[order])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auroc", roc_auc_score(MEASURED.positive, np.abs(SCORES))),
        ("auprc", average_precision_score(MEASURED.positive, np.abs(SCORES))),
        ("spearman_of_sizes", spearmanr(np.abs(SCORES), np.abs(VALUES)).statistic),
        ("same_sign", naive_share(SCORES, VALUES)),
        ("same_sign_larger_half", naive_half(SCORES, VALUES)),
    ],
)
def test_values(name: FigureName, expected: float) -> None:
    assert figure(name, SignedSizes.of(SCORES), MEASURED)(ONES) == pytest.approx(expected)


def test_a_draw_is_the_share_of_repeated_blocks() -> None:
    draw = np.array([3, 0, 1, 0, 0, 2, 0, 1, 2, 1])
    rows = np.concatenate([np.flatnonzero(block == BLOCKS) for block in np.repeat(range(10), draw)])
    found = figure("same_sign", SignedSizes.of(SCORES), MEASURED)(draw)
    assert found == pytest.approx(naive_share(SCORES[rows], VALUES[rows]))


@pytest.mark.parametrize("name", ["pearson", "spearman", "same_sign", "same_sign_larger_half"])
def test_a_distance_has_no_sign(name: FigureName) -> None:
    assert np.isnan(figure(name, SignedSizes(None, -np.abs(VALUES)), MEASURED)(ONES))
