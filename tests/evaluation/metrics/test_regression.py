"""Metrics against examples worked by hand, and their behaviour where they have no value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from zooctl.evaluation.metrics import regression


def test_pearson_by_hand() -> None:
    # Deviations (-1, 0, 1) and (-4/3, -1/3, 5/3): 3 / sqrt(2 * 42/9).
    value = regression.pearson(np.array([1.0, 2, 3]), np.array([1.0, 2, 4]))
    assert value == pytest.approx(3 / np.sqrt(2 * 42 / 9))


def test_pearson_of_float32_does_not_lose_digits() -> None:
    x = np.array([1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3], dtype=np.float32)
    assert regression.pearson(x, np.array([0.0, 1, 2, 3])) == pytest.approx(1.0, abs=1e-12)


def test_spearman_ties_at_their_mean_rank() -> None:
    # Ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): 4.5 / sqrt(4.5 * 5).
    value = regression.spearman(np.array([0.0, 5, 5, 9]), np.array([1.0, 2, 3, 4]))
    assert value == pytest.approx(4.5 / np.sqrt(4.5 * 5))


def test_poisson_nll_by_hand_and_at_its_limits() -> None:
    # 2 - 3 ln 2 and 1 - 0 ln 1.
    value = regression.poisson_nll(np.array([2.0, 1.0]), np.array([3.0, 0.0]))
    assert value == pytest.approx((2 - 3 * np.log(2) + 1) / 2)
    assert regression.poisson_nll(np.array([0.0]), np.array([1.0])) == np.inf
    assert regression.poisson_nll(np.array([0.0]), np.array([0.0])) == 0.0
    assert np.isnan(regression.poisson_nll(np.array([-1.0]), np.array([1.0])))
    assert np.isnan(regression.poisson_nll(np.array([1.0]), np.array([-1.0])))


def test_poisson_nll_is_least_at_the_mean() -> None:
    measured = np.array([0.0, 1, 2, 5])
    at = {rate: regression.poisson_nll(np.full(4, rate), measured) for rate in (1.9, 2.0, 2.1)}
    assert min(at, key=at.__getitem__) == 2.0


def test_mse_by_hand() -> None:
    assert regression.mse(np.array([1.0, 2, 3]), np.array([1.0, 4, 0])) == pytest.approx(13 / 3)


def test_mae_by_hand() -> None:
    assert regression.mae(np.array([1.0, 2, 3]), np.array([1.0, 4, 0])) == pytest.approx(5 / 3)


def test_r2_by_hand() -> None:
    # Squared errors 0 + 1 + 1, squared deviations from 3: 4 + 0 + 4.
    assert regression.r2(np.array([1.0, 2, 4]), np.array([1.0, 3, 5])) == pytest.approx(1 - 2 / 8)
    assert regression.r2(np.full(3, 3.0), np.array([1.0, 3, 5])) == 0.0


def test_pearson_of_each_profile_is_that_of_its_row() -> None:
    rng = np.random.default_rng(0)
    predicted, measured = rng.gamma(1, 1, (2, 30, 16)).astype(np.float32)
    predicted[3] = 2
    found = regression.pearson_per_sequence(predicted, measured)
    expected = [regression.pearson(x, y) for x, y in zip(predicted, measured, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.isnan(found[3])
    assert np.isfinite(np.delete(found, 3)).all()


def test_jensen_shannon_by_hand() -> None:
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4).
    divergence = 0.5 * np.log2(4 / 3) + 0.5 * (0.5 * np.log2(2 / 3) + 0.5 * np.log2(2))
    value = regression.jensen_shannon(np.array([[4.0, 0]]), np.array([[3.0, 3]]))
    np.testing.assert_allclose(value, [np.sqrt(divergence)])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_jensen_shannon_of_scipy(kind: type[np.floating[Any]]) -> None:
    one, two = np.random.default_rng(1).gamma(1, 1, (2, 50, 7)).astype(kind)
    expected = jensenshannon(one, two, base=2.0, axis=1)
    assert (regression.jensen_shannon(one, two) == expected).all()


def test_shapes_that_differ_by_rounding_are_equal() -> None:
    rng = np.random.default_rng(1)
    one = rng.gamma(1, 1, (200, 4))
    two = one * rng.gamma(1, 1, (200, 1)) * (1 + rng.normal(0, 1e-9, (200, 4)))
    found = regression.jensen_shannon(one, two)
    assert found.max() < 1e-6
    assert found.min() == 0


def test_no_value() -> None:
    flat, rising = np.ones(4), np.arange(4.0)
    assert np.isnan(regression.pearson(flat, rising))
    assert np.isnan(regression.spearman(rising, flat))
    assert np.isnan(regression.r2(rising, flat))
    assert np.isnan(regression.jensen_shannon(np.zeros((1, 4)), rising[None]))[0]
