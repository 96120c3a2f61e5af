"""Metrics of signals: correlations, errors, explained variance, distance of profile shapes.

All take predictions first and measurements second, as flat arrays over bins. An undefined metric
(the correlation with a constant) is NaN and never a made-up number.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import xlogy
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

Values = NDArray[np.floating]


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


def mse(predicted: Values, measured: Values) -> float:
    """Return the mean squared error, in the square of the signal's unit.

    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    2.0
    """
    return float(mean_squared_error(measured, predicted))


def mae(predicted: Values, measured: Values) -> float:
    """Return the mean absolute error, in the signal's unit.

    >>> mae(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    1.0
    """
    return float(mean_absolute_error(measured, predicted))


def r2(predicted: Values, measured: Values) -> float:
    """Return the explained share of the variance: 1 - squared errors / variance.

    0 for the mean of the measurements, negative for anything worse; NaN where they are constant.

    >>> r2(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0]))
    0.75
    """
    return float("nan") if _constant(measured) else float(r2_score(measured, predicted))


def poisson_nll(predicted: Values, measured: Values) -> float:
    """Return the mean of ``predicted - measured * ln(predicted)``.

    The Poisson negative log likelihood per bin without the term ``ln(measured!)``, which no model
    can change. Infinite where a prediction of 0 meets a measurement above 0; NaN for negative
    values, which are neither rates nor counts.

    >>> poisson_nll(np.array([1.0, 2.0]), np.array([3.0, 0.0]))
    1.5
    """
    if (predicted < 0).any() or (measured < 0).any():
        return float("nan")
    rate = predicted.astype(np.float64)
    return float(np.mean(rate - xlogy(measured, rate)))


def jensen_shannon(predicted: Values, measured: Values) -> NDArray[np.float64]:
    """Return the Jensen-Shannon distance of profile shapes, base 2: ``(n, bins)`` to ``(n,)``.

    The square root of the divergence of both rows after each is divided by its sum: 0 for equal
    shapes, 1 for profiles that share no bin. NaN where a row has no signal, or a negative one.

    >>> jensen_shannon(np.array([[1.0, 0], [2, 2]]), np.array([[0.0, 3], [1, 1]])).tolist()
    [1.0, 0.0]
    """
    distance = np.full(len(predicted), np.nan)
    full = np.ones(len(predicted), dtype=np.bool_)
    for side in (predicted, measured):
        total = side.sum(axis=1)
        full &= (total > 0) & np.isfinite(total) & (side.min(axis=1) >= 0)
    if full.any():
        # Rounding may take the divergence of nearly equal shapes below 0, whose root is NaN.
        with np.errstate(invalid="ignore"):
            found = jensenshannon(predicted[full], measured[full], base=2.0, axis=1)
        distance[full] = np.nan_to_num(found, nan=0.0)
    return distance


def pearson_per_sequence(predicted: Values, measured: Values) -> NDArray[np.float64]:
    """Return the Pearson correlation of each profile: ``(n, bins)`` to ``(n,)``.

    NaN where a side is constant.

    >>> pearson_per_sequence(np.array([[1.0, 2, 3], [1, 1, 1]]), np.array([[2.0, 4, 6], [1, 2, 3]]))
    array([ 1., nan])
    """
    x, y = (
        side.astype(np.float64) - side.mean(axis=1, keepdims=True, dtype=np.float64)
        for side in (predicted, measured)
    )
    found = np.full(len(x), np.nan)
    varied = (np.ptp(predicted, axis=1) > 0) & (np.ptp(measured, axis=1) > 0)
    x, y = x[varied], y[varied]
    spread = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    found[varied] = (x * y).sum(axis=1) / spread
    return found


def known_mean(values: NDArray[np.float64]) -> float:
    """Return the mean of the values that are not NaN; NaN without any.

    >>> known_mean(np.array([1.0, np.nan, 3.0])), known_mean(np.array([]))
    (2.0, nan)
    """
    known = values[~np.isnan(values)]
    # One NaN object, so that equal reports compare as equal.
    return float(known.mean()) if len(known) else math.nan
