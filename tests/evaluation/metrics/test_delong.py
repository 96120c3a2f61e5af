"""DeLong's test against its definition over all pairs, and against the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zooctl.evaluation.metrics.delong import delong

RNG = np.random.default_rng(2)


def by_pairs(first: np.ndarray, second: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Difference and standard error from the placement of every pair, as in the paper of 1988."""
    areas, rows, columns = [], [], []
    for scores in (first, second):
        x, y = scores[positive][:, None], scores[~positive][None]
        wins = (x > y) + 0.5 * (x == y)
        areas.append(wins.mean())
        rows.append(wins.mean(axis=1))
        columns.append(wins.mean(axis=0))
    s10, s01 = np.cov(rows), np.cov(columns)
    s = s10 / positive.sum() + s01 / (~positive).sum()
    contrast = np.array([1, -1])
    return areas[0] - areas[1], float(np.sqrt(contrast @ s @ contrast))


@pytest.mark.parametrize("ties", [False, True])
def test_it_is_the_definition(ties: bool) -> None:
    positive = RNG.random(300) < 0.2
    first = RNG.normal(size=300) + positive
    second = 0.5 * first + RNG.normal(size=300)
    if ties:
        first, second = first.round(), second.round()
    found = delong(first, second, positive)
    difference, error = by_pairs(first, second, positive)
    assert found is not None
    assert found.difference == pytest.approx(difference)
    assert found.deviation == pytest.approx(error)
    expected = roc_auc_score(positive, first) - roc_auc_score(positive, second)
    assert found.difference == pytest.approx(expected)


def test_p_values_of_equal_models_are_uniform() -> None:
    values = []
    for _ in range(300):
        positive = RNG.random(200) < 0.3
        base = RNG.normal(size=200) + positive
        pair = base + RNG.normal(size=(2, 200))
        found = delong(pair[0], pair[1], positive)
        assert found is not None
        values.append(found.p)
    assert 0.4 < np.mean(values) < 0.6
    assert np.mean(np.array(values) < 0.1) == pytest.approx(0.1, abs=0.06)


def test_the_same_ranking_has_no_p_value_and_one_class_no_test() -> None:
    scores, positive = np.arange(10.0), np.arange(10) > 6
    found = delong(scores, 2 * scores, positive)
    assert found is not None
    assert found.difference == 0
    assert np.isnan(found.p)
    assert delong(scores, scores, np.zeros(10, np.bool_)) is None
