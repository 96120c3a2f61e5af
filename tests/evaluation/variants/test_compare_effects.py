"""Correlations within elements, their means and intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from zooctl.evaluation.variants.compare_effects import (
    ROBUST,
    SINGLE,
    ElementReport,
    blocks_of_effects,
    compare_effects,
)
from zooctl.evaluation.variants.effect_sets import EffectSet
from zooctl.evaluation.variants.figures import SignedSizes, gc_change
from zooctl.evaluation.variants.score_set import TrackScores
from zooctl.files.intervals.effects import Effect


def effects_of(element: str, n: int, seed: int) -> list[Effect]:
    rng = np.random.default_rng(seed)
    return [
        Effect(element, "chr1", 100 + place, "A", "CGT"[place % 3], value, None)
        for place, value in enumerate(rng.standard_normal(n).tolist())
    ]


def compare(
    effects: list[Effect], scores: dict[str, dict[str, np.ndarray]], n_draws: int
) -> list[ElementReport]:
    """Compare scores, by track and then by side."""
    tracks = [
        TrackScores(track, "SUM_LFC", {side: SignedSizes.of(one) for side, one in sides.items()})
        for track, sides in scores.items()
    ]
    baselines = {"GC change": gc_change(effects)}
    measured = EffectSet("here", tuple(effects))
    return list(compare_effects(measured, tracks, baselines, n_draws=n_draws, seed=0))


def test_figures_are_those_of_scipy_within_each_element() -> None:
    effects = [*effects_of("one", 60, 1), *effects_of("two", 90, 2), *effects_of("few", 9, 3)]
    rng = np.random.default_rng(4)
    values = np.array([effect.value for effect in effects])
    single = values[:, None] + rng.standard_normal((len(effects), 2)) * [3, 1]
    robust = values[:, None] + rng.standard_normal((len(effects), 2)) * [2, 1]
    single[7, 1] = np.nan
    scores = {
        name: {SINGLE: single[:, column], ROBUST: robust[:, column]}
        for name, column in (("b", 1), ("a", 0))
    }
    reports = compare(effects, scores, 200)
    names = [(report.track, report.element, report.n) for report in reports]
    assert names == [
        *[("b", "one", 59), ("b", "two", 90), ("b", "mean", 149)],
        *[("a", "one", 60), ("a", "two", 90), ("a", "mean", 150)],
    ]
    two = reports[1]
    part = slice(60, 150)
    for name, correlate in (("pearson", pearsonr), ("spearman", spearmanr)):
        found = two.figures[name]  # type: ignore[index]
        expected = [correlate(side[part, 1], values[part]).statistic for side in (single, robust)]
        assert found.robust is not None
        assert found.gain is not None
        assert [found.single.value, found.robust.value] == pytest.approx(expected)
        assert found.gain.value == pytest.approx(expected[1] - expected[0])
        assert found.single.low < found.single.value < found.single.high
    kept = np.delete(np.arange(60), 7)
    assert reports[0].figures["pearson"].single.value == pytest.approx(
        pearsonr(single[kept, 1], values[kept]).statistic
    )
    gc = [effect.alt in "CG" for effect in effects[part]]
    found_gc = two.baselines["GC change"]["pearson"].value
    assert found_gc == pytest.approx(pearsonr(gc, values[part]).statistic)
    both = [report.figures["spearman"].best for report in reports[:2]]
    mean = reports[2].figures["spearman"].best
    assert mean.value == pytest.approx(np.mean([one.value for one in both]))
    # The elements are drawn independently, so that variances of their draws add up.
    one, other, both_widths = (found.high - found.low for found in (*both, mean))
    assert both_widths == pytest.approx(np.hypot(one, other) / 2, rel=0.2)


def test_equal_scores_have_no_correlation_and_no_part_in_the_mean() -> None:
    effects = [*effects_of("one", 30, 1), *effects_of("two", 30, 2)]
    scores = np.array([effect.value for effect in effects])
    flat = np.where(np.arange(60) < 30, 0.0, scores)
    one, two = compare(effects, {"a": {SINGLE: flat, ROBUST: scores}}, 20)
    assert (one.element, two.element) == ("one", "two")
    assert str(one.figures["pearson"].single) == "-"
    assert two.figures["pearson"].single.value == pytest.approx(1)
    figures = json.loads(json.dumps(one.to_json(), allow_nan=False))
    assert figures["pearson"]["single"]["value"] is None
    assert figures["pearson"]["robust"]["value"] == pytest.approx(1)


def test_one_pass_alone_and_scores_without_a_sign() -> None:
    effects = effects_of("one", 40, 1)
    scores = np.array([effect.value for effect in effects])
    measured = EffectSet("here", tuple(effects), ("spearman", "spearman_of_sizes"))
    divergence = {SINGLE: SignedSizes.of(np.abs(scores) ** 2, signed=False)}
    (found,) = compare_effects(
        measured, [TrackScores("a", "JSD_BITS", divergence)], {}, n_draws=0, seed=0
    )
    assert np.isnan(found.figures["spearman"].single.value)
    sizes = found.figures["spearman_of_sizes"]
    assert (sizes.single.value, sizes.robust, sizes.gain) == (pytest.approx(1), None, None)
    assert found.to_json()["spearman_of_sizes"]["robust"] is None  # type: ignore[index]


def test_blocks_are_of_stretches_of_a_contig() -> None:
    effect = Effect("e", "chr1", 19, "A", "C", 0.1, None)
    others = [effect._replace(start=20), effect._replace(chrom="chr2"), effect._replace(start=10)]
    blocks, n_blocks = blocks_of_effects([effect, *others], 10)
    assert (blocks.tolist(), n_blocks) == ([0, 1, 2, 0], 3)
