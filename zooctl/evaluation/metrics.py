"""Metrics of the field by SciPy and scikit-learn, with one rule for what has no value.

All take predictions first and measurements second, as flat arrays over bins. A metric that is not
defined (the correlation with a constant, an AUROC of one class) is NaN and never a made-up number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import xlogy
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, mean_squared_error, roc_auc_score

Values = NDArray[np.floating]
Labels = NDArray[np.bool_]


def _constant(values: Values) -> bool:
    return len(values) < 2 or bool(np.ptp(values) == 0)


def pearson(predicted: Values, measured: Values) -> float:
    """Return the Pearson correlation over bins; NaN where either side is constant.

    >>> round(pearson(np.array([1.0, 2, 3]), np.array([1.0, 2, 4])), 4)
    0.982
    """
    if _constant(predicted) or _constant(measured):
        return float("nan")
    return float(pearsonr(predicted.astype(np.float64), measured.astype(np.float64)).statistic)


def spearman(predicted: Values, measured: Values) -> float:
    """Return the Pearson correlation of ranks, ties at their mean rank; NaN for a constant.

    >>> spearman(np.array([1.0, 2, 3]), np.array([1.0, 10, 100]))
    1.0
    """
    if _constant(predicted) or _constant(measured):
        return float("nan")
    return float(spearmanr(predicted, measured).statistic)


def auroc(scores: Values, labels: Labels) -> float:
    """Return the chance that a positive bin scores above a negative one, ties counting half.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    if labels.all() or not labels.any():
        return float("nan")
    return float(roc_auc_score(labels, scores))


def auprc(scores: Values, labels: Labels) -> float:
    """Return the average precision: precision at each threshold, weighted by recall gained.

    It is the step-wise area under the precision-recall curve. The value of a score without
    information is the prevalence of positives, which belongs beside it.

    >>> round(auprc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])), 4)
    0.8333
    """
    if not labels.any():
        return float("nan")
    return float(average_precision_score(labels, scores))


def mse(predicted: Values, measured: Values) -> float:
    """Return the mean squared error, in the square of the signal's unit.

    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    2.0
    """
    return float(mean_squared_error(measured, predicted))


def poisson_nll(predicted: Values, measured: Values) -> float:
    """Return the mean of ``predicted - measured * ln(predicted)``.

    The Poisson negative log likelihood per bin without the term ``ln(measured!)``, which no model
    can change. Infinite where a prediction of 0 meets a measurement above 0; NaN for negative
    predictions, which no Poisson rate can be.

    >>> poisson_nll(np.array([1.0, 2.0]), np.array([3.0, 0.0]))
    1.5
    """
    if (predicted < 0).any():
        return float("nan")
    rate = predicted.astype(np.float64)
    return float(np.mean(rate - xlogy(measured, rate)))


def jensen_shannon(predicted: Values, measured: Values) -> NDArray[np.float64]:
    """Return the Jensen-Shannon distance of profile shapes, base 2: ``(n, bins)`` to ``(n,)``.

    The square root of the divergence of both rows after each is divided by its sum: 0 for equal
    shapes, 1 for profiles that share no bin. NaN where a row has no signal.

    >>> jensen_shannon(np.array([[1.0, 0], [2, 2]]), np.array([[0.0, 3], [1, 1]])).tolist()
    [1.0, 0.0]
    """
    distance = np.full(len(predicted), np.nan)
    full = (predicted.sum(axis=1) > 0) & (measured.sum(axis=1) > 0)
    if full.any():
        distance[full] = jensenshannon(predicted[full], measured[full], base=2.0, axis=1)
    return distance
