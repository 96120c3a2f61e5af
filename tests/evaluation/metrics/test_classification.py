"""Metrics of calls against examples worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.evaluation.metrics import bootstrap, classification
from zooctl.evaluation.metrics.classification import Confusion, recall_at_fdr


def test_auroc_counts_pairs() -> None:
    # Positives 3 and 1, negatives 2, 1, 0: wins 3 + 1, one tie: 4.5 of 6.
    scores = np.array([3.0, 1, 2, 1, 0])
    labels = np.array([True, True, False, False, False])
    assert classification.auroc(scores, labels) == pytest.approx(4.5 / 6)


def auprc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Average precision of bins that are one block, drawn once."""
    blocks = np.zeros(len(scores), np.int64)
    return bootstrap.auprc_of(scores, labels, blocks, 1)(np.ones(1, np.int64))


def test_auprc_by_hand() -> None:
    # Down the ranking: + (1/1), -, + (2/3); recall gained 1/2 each.
    scores, labels = np.array([9.0, 8, 7, 1]), np.array([True, False, True, False])
    assert auprc(scores, labels) == pytest.approx((1 + 2 / 3) / 2)


def test_auprc_of_a_constant_is_the_prevalence() -> None:
    labels = np.arange(100) < 7
    assert auprc(np.zeros(100), labels) == pytest.approx(0.07)


def test_recall_at_a_false_discovery_rate_by_hand() -> None:
    # Down the ranking, precision: 1, 1/2, 2/3, 3/4, 3/5; recall: 1/3, 1/3, 2/3, 1, 1.
    scores = np.array([9.0, 8, 7, 6, 5])
    labels = np.array([True, False, True, True, False])
    assert recall_at_fdr(scores, labels, 0.1) == pytest.approx(1 / 3)
    assert recall_at_fdr(scores, labels, 1 / 3) == 1.0
    assert recall_at_fdr(scores, ~labels, 0.1) == 0.0
    # A tie is called as a whole.
    assert recall_at_fdr(np.ones(5), labels, 0.4) == 1.0
    assert recall_at_fdr(np.ones(5), labels, 0.39) == 0.0


def test_confusion_by_hand() -> None:
    scores = np.array([0.9, 0.5, 0.4, 0.6, 0.1, 0.2])
    labels = np.array([True, True, True, False, False, False])
    calls = Confusion.at(scores, labels, 0.5)
    assert calls == Confusion(0.5, 2, 1, 1, 2)
    # Precision 2/3, recall 2/3.
    assert calls.f1 == pytest.approx(2 / 3)
    assert Confusion.at(scores, labels, 1.0).f1 == 0.0
    assert np.isnan(Confusion.at(scores, np.zeros(6, dtype=bool), 1.0).f1)


def test_curves_pass_through_their_points() -> None:
    scores, labels = np.array([9.0, 8, 7, 1]), np.array([True, False, True, False])
    false, true = classification.roc(scores, labels)
    assert (0.5, 0.5) in zip(false.tolist(), true.tolist(), strict=True)
    recall, precision = classification.precision_recall(scores, labels)
    assert (1.0, pytest.approx(2 / 3)) in zip(recall.tolist(), precision.tolist(), strict=True)


def test_no_value() -> None:
    rising = np.arange(4.0)
    assert np.isnan(classification.auroc(rising, np.ones(4, dtype=bool)))
    assert np.isnan(auprc(rising, np.zeros(4, dtype=bool)))
    assert np.isnan(recall_at_fdr(rising, np.zeros(4, dtype=bool), 0.1))
