"""Normalisation: factors and curves by hand, fitted on training regions, seen by evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import toy_training as toy

from zooctl.evaluation.data.measured_bins import measure_bins
from zooctl.schema.recipe.evaluation import Rules
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.tracks.bin_values_and_labels import Binning
from zooctl.training.tracks.normalisation import (
    normalised_rules,
    quantile_curves,
    rules_of,
    scale_factors,
)

RNG = np.random.default_rng(4)


def recipe(key: str, **changes: Any) -> Recipe:
    signals = [{"key": "bigwig", "source": name} for name in ("signal", "input")]
    targets = [{"track": s["source"], "signal": s} for s in signals]
    return toy.recipe(targets=targets, controls=[], normalisation={"key": key}, **changes)


def rules(key: str, deep: np.ndarray, thin: np.ndarray) -> list[Binning]:
    chosen = recipe(key)
    arrays = {"signal": {"chr1": deep}, "input": {"chr1": thin}}
    found = normalised_rules(chosen, lambda signal: arrays[signal.source], lambda line: None)
    return list(rules_of([target.signal for target in chosen.targets], found))


def test_a_track_of_three_times_the_depth_is_brought_to_the_other() -> None:
    thin = RNG.gamma(1, 2, toy.LENGTH).astype(np.float32)
    deep = 3 * thin
    deep[25_000:] *= 100  # validation and test, which no factor may see
    first, second = rules("scale_factors", deep, thin)
    assert first.scale == pytest.approx(1 / np.sqrt(3), rel=1e-5)
    assert second.scale == pytest.approx(np.sqrt(3), rel=1e-5)
    np.testing.assert_allclose(first.apply(deep[:800], 8), second.apply(thin[:800], 8), rtol=1e-5)


def test_a_few_high_bins_of_one_track_move_no_factor() -> None:
    """The sum of the reads would: this is why the median of ratios is taken."""
    thin = np.full(toy.LENGTH, 2.0, np.float32)
    peaks = thin.copy()
    peaks[1000:2000] = 500
    first, second = rules("scale_factors", peaks, thin)
    assert first.scale == pytest.approx(1)
    assert second.scale == pytest.approx(1)


def test_quantiles_give_both_tracks_one_distribution() -> None:
    one = RNG.gamma(1, 2, toy.LENGTH).astype(np.float32)
    two = RNG.gamma(4, 3, toy.LENGTH).astype(np.float32)
    first, second = rules("quantile", one, two)
    found = np.sort(first.apply(one[:25_000], 8)), np.sort(second.apply(two[:25_000], 8))
    # At ranks between the 1,001 points the curve is a straight line.
    np.testing.assert_allclose(found[0][50:-50], found[1][50:-50], rtol=0.01)
    mean = (
        np.sort(one[:25_000].reshape(-1, 8).mean(1)) + np.sort(two[:25_000].reshape(-1, 8).mean(1))
    ) / 2
    np.testing.assert_allclose(found[0][50:-50], mean[50:-50], rtol=0.01)


def test_equal_values_stay_equal_and_order_stays() -> None:
    rows = np.array([[0.0, 0, 0, 1, 2, 3], [1.0, 2, 3, 4, 5, 6]])
    own, shared = quantile_curves(rows)[0]
    assert list(own) == sorted(set(own))
    assert list(shared) == sorted(shared)


def test_factors_multiply_to_one() -> None:
    rows = RNG.gamma(2, 2, (3, 500)) * np.array([[1.0], [5.0], [0.2]])
    factors = scale_factors(rows)
    assert np.prod(factors) == pytest.approx(1)
    np.testing.assert_allclose(factors * [1, 5, 0.2], np.full(3, 1.0), rtol=0.1)


def test_evaluation_compares_with_the_normalised_signal_and_labels_the_measured_one() -> None:
    signal = np.arange(64, dtype=np.float32)
    settings = Rules(bin_size=32, positive_min_signal=40)
    plain = measure_bins(signal, Binning(), [], range(2), settings, 8)
    half = measure_bins(signal, Binning(scale=0.5), [], range(2), settings, 8)
    np.testing.assert_allclose(half.mean, plain.mean / 2)
    np.testing.assert_allclose(half.fine, plain.fine / 2)
    assert half.positive.tolist() == plain.positive.tolist() == [False, True]
    curve = ((0.0, 100.0), (0.0, 200.0))
    double = measure_bins(signal, Binning(curve=curve), [], range(2), settings, 8)
    np.testing.assert_allclose(double.mean, plain.mean * 2)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            {"targets": [{"track": "a", "signal": {"key": "bigwig", "source": "signal"}}]},
            "one track",
        ),
        (
            {"targets": [{"track": "a", "signal": {"key": "peaks", "source": "signal"}}]},
            "only coverage",
        ),
    ],
)
def test_faults_are_named(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        toy.recipe(**changes, normalisation={"key": "quantile"})
