"""DeLong's test of the difference of two correlated AUROCs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

Values = NDArray[np.floating]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class DeLong:
    """Difference of two AUROCs on the same bins.

    Bins are taken as independent, which neighbouring ones are not: the bootstrap over blocks has
    the wider interval, and is the one to report.

    Attributes:
        difference: The first less the second.
        deviation: Its standard error.
        p: Two-sided p value; NaN where both rank all pairs alike.
    """

    difference: float
    deviation: float
    p: float


def delong(first: Values, second: Values, positive: Labels) -> DeLong | None:
    """Compare two rankings of the same bins; None without positives or negatives.

    Source: DeLong, DeLong and Clarke-Pearson 1988 (doi:10.2307/2531595), by ranks as in Sun and Xu
    2014 (doi:10.1109/LSP.2014.2337313).

    Args:
        first: Scores ``(n,)``.
        second: Scores of the same bins.
        positive: Which bins are positive.

    >>> labels = np.array([True, True, False, False])
    >>> delong(np.array([4, 3, 2, 1.0]), np.array([4, 1, 2, 3.0]), labels).difference
    0.5
    """
    m, n = int(positive.sum()), int((~positive).sum())
    if m < 2 or n < 2:
        return None
    areas, of_positives, of_negatives = [], [], []
    for scores in (first, second):
        inside, outside = scores[positive], scores[~positive]
        ranks = rankdata(np.concatenate([inside, outside]))
        places = (ranks[:m] - rankdata(inside)) / n
        of_positives.append(places)
        of_negatives.append(1 - (ranks[m:] - rankdata(outside)) / m)
        areas.append(float(places.mean()))
    variance = np.cov(of_positives) / m + np.cov(of_negatives) / n
    spread = float(variance[0, 0] + variance[1, 1] - 2 * variance[0, 1])
    difference, deviation = areas[0] - areas[1], max(spread, 0.0) ** 0.5
    p = float(2 * norm.sf(abs(difference) / deviation)) if deviation > 0 else float("nan")
    return DeLong(difference, deviation, p)
