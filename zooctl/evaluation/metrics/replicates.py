"""Means over a few replicates, such as seeds, with the interval of Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from zooctl.evaluation.metrics.bootstrap import Estimate

# Two replicates would give intervals of 13 standard errors.
FEWEST = 3


def mean_with_interval(values: Sequence[float]) -> Estimate:
    """Return the mean of replicates with its 95 % interval, which fewer than three do not have.

    >>> str(mean_with_interval([0.50, 0.52, 0.54])), str(mean_with_interval([0.5, 0.7]))
    ('0.520 [0.470, 0.570]', '0.600')
    """
    mean = float(np.mean(values))
    if len(values) < FEWEST:
        return Estimate(mean, math.nan, math.nan)
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return Estimate(mean, mean - half, mean + half)
