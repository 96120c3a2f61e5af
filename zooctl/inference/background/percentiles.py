"""Ranks of a value among those of a background: never 0 and never 1.

With n background values, of which l are smaller and e equal, a value has the percentile
(l + e / 2 + 1 / 2) / (n + 1) and the empirical P value (n - l + 1) / (n + 1): the share of values
as large or larger, the value itself counted in (Phipson and Smyth 2010,
doi:10.2202/1544-6115.1585). Where no background value is smaller P would be 1; it is then
(n + 1 / 2) / (n + 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FEWEST = 1_000
"""Smallest number of values that is a background."""


class Ranks(NamedTuple):
    """Percentile, empirical P, and -10 log10 P of values; each ``(n,)``."""

    percentile: NDArray[np.float64]
    p: NDArray[np.float64]
    phred: NDArray[np.float64]


def rank(values: NDArray[np.float32], background: NDArray[np.float32]) -> Ranks:
    """Return the ranks of values ``(n,)`` among background values, sorted; NaN for NaN.

    >>> ranks = rank(np.array([0.5, 9.0], np.float32), np.array([1, 2, 3], np.float32))
    >>> ranks.percentile.tolist(), ranks.p.tolist()
    ([0.125, 0.875], [0.875, 0.25])
    """
    n = len(background)
    smaller = np.searchsorted(background, values, side="left")
    not_larger = np.searchsorted(background, values, side="right")
    percentile = ((smaller + not_larger) / 2 + 0.5) / (n + 1)
    p = np.minimum(n - smaller + 1, n + 0.5) / (n + 1)
    unknown = np.isnan(values)
    percentile[unknown] = p[unknown] = np.nan
    return Ranks(percentile, p, -10 * np.log10(p))
