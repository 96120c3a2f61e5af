"""Metrics of calls: AUROC, F1, recall at a false discovery rate, confusion matrix.

Scores come first and labels second, as flat arrays over bins. An undefined metric is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

Values = NDArray[np.floating]
Labels = NDArray[np.bool_]
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def auroc(scores: Values, labels: Labels) -> float:
    """Return the chance that a positive bin scores above a negative one, ties counting half.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    if labels.all() or not labels.any():
        return float("nan")
    return float(roc_auc_score(labels, scores))


def recall_at_fdr(scores: Values, labels: Labels, rate: float) -> float:
    """Return the largest recall at a false discovery rate of at most ``rate``.

    0 where no threshold is that clean.

    >>> scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    >>> labels = np.array([True, True, False, True, False])
    >>> [round(recall_at_fdr(scores, labels, rate), 3) for rate in (0.1, 0.25)]
    [0.667, 1.0]
    """
    if not labels.any():
        return float("nan")
    precision, recall, _ = precision_recall_curve(labels, scores)
    return float(recall[precision >= 1 - rate - 1e-12].max())


@dataclass(frozen=True)
class Confusion:
    """Calls against labels at one threshold.

    Attributes:
        threshold: A bin is called from this score on.
        true_positives: Called and positive.
        false_positives: Called and negative.
        false_negatives: Positive and not called.
        true_negatives: Neither.

    >>> calls = Confusion.at(np.array([0.9, 0.2, 0.6]), np.array([True, True, False]), 0.5)
    >>> calls.true_positives, calls.false_positives, calls.false_negatives, calls.f1
    (1, 1, 1, 0.5)
    """

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @classmethod
    def at(cls, scores: Values, labels: Labels, threshold: float) -> Confusion:
        """Count calls of ``scores >= threshold``."""
        table = confusion_matrix(labels, scores >= threshold, labels=[False, True])
        (tn, fp), (fn, tp) = table.tolist()
        return cls(threshold, tp, fp, fn, tn)

    @property
    def accuracy(self) -> float:
        """Share of bins that are called or not called rightly; high by itself where few are."""
        right = self.true_positives + self.true_negatives
        return _share(right, right + self.false_positives + self.false_negatives)

    @property
    def precision(self) -> float:
        """Share of calls that are right; NaN without calls."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of positives that are called (sensitivity); NaN without positives."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float:
        """Share of negatives that are not called; NaN without negatives."""
        return _share(self.true_negatives, self.true_negatives + self.false_positives)

    def rates(self) -> dict[str, float | None]:
        """Return accuracy, precision, recall, specificity and F1; None where one is undefined."""
        names = ("accuracy", "precision", "recall", "specificity", "f1")
        found = {name: float(getattr(self, name)) for name in names}
        return {name: value if np.isfinite(value) else None for name, value in found.items()}

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN without positives and calls."""
        wrong = self.false_positives + self.false_negatives
        total = 2 * self.true_positives + wrong
        return 2 * self.true_positives / total if total else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def roc(scores: Values, labels: Labels) -> Curve:
    """Return false and true positive rate over falling thresholds, each ``(n,)``."""
    false, true, _ = roc_curve(labels, scores)
    return false, true


def precision_recall(scores: Values, labels: Labels) -> Curve:
    """Return recall and precision over rising thresholds, each ``(n,)``.

    Precision holds from its recall down to the next one, so that the area below the steps is the
    average precision. The last point, of no call at all, has the precision of the highest score.

    >>> recall, precision = precision_recall(np.array([0.1, 0.2]), np.array([True, False]))
    >>> recall.tolist(), precision.tolist()
    ([1.0, 0.0, 0.0], [0.5, 0.0, 0.0])
    """
    precision, recall, _ = precision_recall_curve(labels, scores)
    precision[-1] = precision[-2]
    return recall, precision
