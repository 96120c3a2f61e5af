"""Confusion of classes by hand, and one class against all as scikit-learn reports it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import classification_report

from zooctl.evaluation.metrics.classes import ClassConfusion
from zooctl.evaluation.metrics.classification import Confusion

NAMES = ["sharp", "broad", "none"]


def test_one_against_all_is_scikit_learn_s() -> None:
    rng = np.random.default_rng(1)
    truth, called = rng.integers(0, 3, (2, 500))
    called[:200] = truth[:200]
    found = ClassConfusion.of(NAMES, truth, called)
    expected = classification_report(truth, called, target_names=NAMES, output_dict=True)
    assert found.accuracy == pytest.approx(expected["accuracy"])
    for index, name in enumerate(NAMES):
        one = found.against_all(index)
        assert one.precision == pytest.approx(expected[name]["precision"])
        assert one.recall == pytest.approx(expected[name]["recall"])
        assert one.f1 == pytest.approx(expected[name]["f1-score"])
        rest = truth != index
        assert one.specificity == pytest.approx((called[rest] != index).mean())
        counts = one.true_positives + one.false_positives + one.false_negatives
        assert counts + one.true_negatives == 500
    assert sum(map(sum, found.counts)) == 500


def test_a_class_that_never_occurs_has_no_recall() -> None:
    found = ClassConfusion.of(NAMES, np.array([0, 1]), np.array([0, 1]))
    assert found.to_json()["against_all"]["none"] == {  # type: ignore[index]
        "accuracy": 1.0,
        "precision": None,
        "recall": None,
        "specificity": 1.0,
        "f1": None,
    }


def test_rates_of_calls_by_hand() -> None:
    calls = Confusion(0.5, 8, 2, 4, 86)
    assert calls.rates() == pytest.approx(
        {"accuracy": 0.94, "precision": 0.8, "recall": 8 / 12, "specificity": 86 / 88, "f1": 8 / 11}
    )
