"""Equivalence classes: a bit, a rounding, chance, or something else."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.reproduction.report.equivalence import (
    Distance,
    Equivalence,
    can_be,
    class_of,
    compare_figure,
    worst,
)
from zooctl.reproduction.report.predictions import compare_predictions
from zooctl.reproduction.report.text import difference_text

RNG = np.random.default_rng(1)
REFERENCE = RNG.gamma(1.0, 2.0, (16, 2, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, "bitwise"), (1 + 5e-5, "numeric"), (1 + 5e-4, "failed"), (np.nan, "failed")],
)
def test_predictions(factor: float, expected: str) -> None:
    found = (REFERENCE * np.float32(factor)).astype(np.float32)
    assert compare_predictions("torch", REFERENCE, found).equivalence == expected


def test_a_single_value_counts() -> None:
    found = REFERENCE.copy()
    found[3, 1, 2] += 0.01
    like = compare_predictions("torch", REFERENCE, found)
    assert like.equivalence == "failed"
    assert like.max_abs == pytest.approx(0.01, rel=1e-3)
    assert compare_predictions("torch", REFERENCE, REFERENCE[:, :1]).equivalence == "failed"


def test_minus_nought_is_another_bit() -> None:
    zeros = np.zeros((1, 1, 4), np.float32)
    assert compare_predictions("torch", zeros, -zeros).equivalence == "numeric"


@pytest.mark.parametrize(
    ("got", "retrained", "spread", "expected"),
    [
        (0.9, False, None, "bitwise"),
        (0.901, False, None, "numeric"),
        (0.902, False, None, "failed"),
        (None, False, None, "failed"),
        (0.901, True, None, None),
        (0.93, True, (0.9, 0.01, 5), "statistical"),
        (0.931, True, (0.9, 0.01, 5), "failed"),
        (0.869, True, (0.9, 0.01, 5), "failed"),
        (0.905, True, (0.9, 0.0001, 5), "statistical"),
        (0.905, True, (0.9, 0.01, 4), None),
        (0.895, True, (0.9, 0.0001, 5), "statistical"),
        (0.894, True, (0.9, 0.0001, 5), "failed"),
    ],
)
def test_figures(
    got: float | None,
    retrained: bool,
    spread: tuple[float, float, int] | None,
    expected: str | None,
) -> None:
    assert compare_figure(0.9, got, retrained=retrained, spread=spread) == expected


def test_a_count_is_the_same_or_is_not() -> None:
    same = compare_figure(68564, 68564, retrained=False, is_count=True)
    other = compare_figure(68564, 68565, retrained=False, is_count=True)
    assert (same, other) == ("bitwise", "failed")


@pytest.mark.parametrize(
    ("equivalence", "max_abs", "tolerances", "expected"),
    [
        ("bitwise", 0.0, 0.0, True),
        ("bitwise", 1e-9, 0.0, False),
        ("bitwise", None, 0.0, False),
        ("numeric", 2e-4, 1.0, True),
        ("numeric", 1e9, 1.0, False),
        ("numeric", None, 1.0, False),
        ("failed", 1e9, 1e13, True),
        ("failed", None, None, True),
        ("failed", 0.0, 2.0, False),
    ],
)
def test_a_class_bounds_the_difference(
    equivalence: Equivalence, max_abs: float | None, tolerances: float | None, expected: bool
) -> None:
    """By the largest difference in tolerances, which have to fit the one in the unit."""
    assert class_of(tolerances) == equivalence
    assert can_be(Distance(max_abs, tolerances), 2.0) is expected


def test_scores_of_variants_are_judged_apart_from_windows() -> None:
    """A window may differ by 1e-4 of its size, and a score by 1e-2 of a typical one."""
    stored = np.full((2, 1, 4), 100, np.float32)
    stored[1] += np.float32(0.1)
    pairs = np.array([[0, 1]], np.int32)
    found = stored.copy()
    found[1] += np.float32(5e-3)
    assert compare_predictions("torch", stored, found).equivalence == "numeric"
    row = compare_predictions("torch", stored, found, pairs)
    assert row.scores == pytest.approx(5e-2, rel=1e-2)
    assert row.equivalence == "failed"
    found[1] = stored[1] + np.float32(5e-4)
    assert compare_predictions("torch", stored, found, pairs).equivalence == "numeric"
    assert list(row.problems()) == []
    assert row.model_dump()["scores"] == row.scores
    # Digests of reports without pairs stay.
    assert "scores" not in compare_predictions("torch", stored, found).model_dump()
    wrong = row.model_copy(update={"equivalence": "numeric"})
    assert [problem.field for problem in wrong.problems()] == ["equivalence"]


def test_the_weakest_counts() -> None:
    assert worst(["bitwise", "statistical", "numeric"]) == "statistical"
    assert worst(["bitwise", "failed"]) == "failed"


def test_what_cannot_be_compared_can_be_reported() -> None:
    stored = np.ones((2, 1, 3), np.float32)
    for found in (np.full_like(stored, np.nan), stored[:, :, :2]):
        row = compare_predictions("torch", stored, found)
        assert (row.equivalence, row.n, row.same_bits, row.pearson) == ("failed", 2, False, 0.0)
        assert row.max_abs is row.max_rel is row.tolerances is None
        assert difference_text(row) == "not a number"
