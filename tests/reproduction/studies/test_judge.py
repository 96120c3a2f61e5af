"""Directions of comparisons, by hand."""

from __future__ import annotations

import math

import pytest

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.reproduction.studies.judge import compare_arms, rule_text, summarise, verdict_of


def test_a_difference_of_three_seeds() -> None:
    """0.1, 0.2, 0.3: mean 0.2, t(2) 4.303 times the error 0.0577 is 0.248, so that 0 is inside."""
    found = compare_arms("a", "b", {"a": [0.6, 0.8, 1.0], "b": [0.5, 0.6, 0.7]})
    assert (found.n_higher, found.n) == (3, 3)
    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.low == pytest.approx(0.2 - 0.2484, abs=1e-4)
    assert found.direction == "too small to say"
    near = compare_arms("a", "b", {"a": [0.6, 0.7, 0.81], "b": [0.5, 0.6, 0.7]})
    assert near.direction == "held"
    back = compare_arms("b", "a", {"a": [0.6, 0.7, 0.81], "b": [0.5, 0.6, 0.7]})
    assert (back.direction, back.n_higher) == ("reversed", 0)


def test_a_sign_alone() -> None:
    held = compare_arms("a", "b", {"a": [0.6], "b": [0.5]})
    assert math.isnan(held.difference.low)
    equal = compare_arms("a", "b", {"a": [0.5], "b": [0.5]})
    assert [held.direction, equal.direction] == ["held", "too small to say"]
    assert "sign" in rule_text([held])
    replicated = compare_arms("a", "b", {"a": [1, 2, 3], "b": [0, 0, 0]})
    assert "Student" in rule_text([replicated])


def test_verdicts() -> None:
    held, back, open_ = (compare_arms("a", "b", {"a": [x], "b": [0.5]}) for x in (0.6, 0.4, 0.5))
    assert verdict_of([held, held]) == "held"
    assert verdict_of([held, open_]) == "held in part"
    assert verdict_of([back, held]) == verdict_of([back, held, open_]) == "mixed"
    assert verdict_of([back, back]) == "reversed"
    assert verdict_of([back, open_]) == "reversed in part"
    assert verdict_of([open_]) == "too small to say"


def test_one_figure_keeps_its_own_interval() -> None:
    one = Estimate(0.5, 0.4, 0.6)
    assert summarise([one]) is one
    assert summarise([one, one, Estimate(0.8, 0.7, 0.9)]).value == pytest.approx(0.6)
