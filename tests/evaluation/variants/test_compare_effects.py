"""Correlations within elements, their means and intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from zooctl.evaluation.variants.compare_effects import compare_effects
from zooctl.files.intervals.effects import Effect


def effects_of(element: str, n: int, seed: int) -> list[Effect]:
    rng = np.random.default_rng(seed)
    return [
        Effect(element, "chr1", 100 + place, "A", "CGT"[place % 3], value, None)
        for place, value in enumerate(rng.standard_normal(n).tolist())
    ]


def test_figures_are_those_of_scipy_within_each_element() -> None:
    effects = [*effects_of("one", 60, 1), *effects_of("two", 90, 2), *effects_of("few", 9, 3)]
    rng = np.random.default_rng(4)
    measured = np.array([effect.value for effect in effects])
    single = measured[:, None] + rng.standard_normal((len(effects), 2)) * [3, 1]
    robust = measured[:, None] + rng.standard_normal((len(effects), 2)) * [2, 1]
    single[7, 1] = np.nan
    reports = list(
        compare_effects(effects, single, robust, [(1, "b"), (0, "a")], n_draws=200, seed=0)
    )
    names = [(report.track, report.element, report.n) for report in reports]
    assert names == [
        *[("b", "one", 59), ("b", "two", 90), ("b", "mean", 149)],
        *[("a", "one", 60), ("a", "two", 90), ("a", "mean", 150)],
    ]
    two = reports[1]
    part = slice(60, 150)
    for found, correlate in ((two.pearson, pearsonr), (two.spearman, spearmanr)):
        expected = [correlate(side[part, 1], measured[part]).statistic for side in (single, robust)]
        assert [found.single.value, found.robust.value] == pytest.approx(expected)
        assert found.gain.value == pytest.approx(expected[1] - expected[0])
        assert found.single.low < found.single.value < found.single.high
    kept = np.delete(np.arange(60), 7)
    assert reports[0].pearson.single.value == pytest.approx(
        pearsonr(single[kept, 1], measured[kept]).statistic
    )
    gc = [effect.alt in "CG" for effect in effects[part]]
    assert two.gc.value == pytest.approx(pearsonr(gc, measured[part]).statistic)
    mean = reports[2]
    both = [report.spearman.robust for report in reports[:2]]
    assert mean.spearman.robust.value == pytest.approx(np.mean([one.value for one in both]))
    # The elements are drawn independently, so that variances of their draws add up.
    one, other, both_widths = (found.high - found.low for found in (*both, mean.spearman.robust))
    assert both_widths == pytest.approx(np.hypot(one, other) / 2, rel=0.2)


def test_equal_scores_have_no_correlation_and_no_part_in_the_mean() -> None:
    effects = [*effects_of("one", 30, 1), *effects_of("two", 30, 2)]
    scores = np.array([effect.value for effect in effects])[:, None]
    flat = np.where(np.arange(60)[:, None] < 30, 0.0, scores)
    one, two = compare_effects(effects, flat, scores, [(0, "a")], n_draws=20, seed=0)
    assert (one.element, two.element) == ("one", "two")
    assert str(one.pearson.single) == "-"
    assert two.pearson.single.value == pytest.approx(1)
    figures = json.loads(json.dumps(one.to_json(), allow_nan=False))
    assert figures["pearson"]["single"]["value"] is None
    assert figures["pearson"]["robust"]["value"] == pytest.approx(1)
