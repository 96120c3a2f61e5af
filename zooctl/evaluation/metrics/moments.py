"""Moments of pairs that merge exactly, to compare tracks of any length in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]


@dataclass(frozen=True)
class PairMoments:
    """Count, means and sums of squared deviations of pairs (x, y), in float64.

    Attributes:
        n: Pairs.
        mean_x: Mean of x; NaN where there is no pair.
        mean_y: Mean of y; likewise.
        xx: Sum of squared deviations of x from its mean.
        yy: The same for y.
        xy: Sum of products of both deviations.
        absolute: Sum of absolute differences.
        y_log_x: Sum of ``y * ln(x)``; infinite where x is 0 and y is not, NaN for negative values.
    """

    n: int = 0
    mean_x: float = math.nan
    mean_y: float = math.nan
    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0
    absolute: float = 0.0
    y_log_x: float = 0.0

    @classmethod
    def of(cls, x: Values, y: Values) -> PairMoments:
        """Return the moments of pairs ``(n,)`` and ``(n,)``."""
        if not len(x):
            return cls()
        x, y = x.astype(np.float64), y.astype(np.float64)
        mean_x, mean_y = float(x.mean()), float(y.mean())
        dx, dy = x - mean_x, y - mean_y
        return cls(
            len(x),
            mean_x,
            mean_y,
            float(dx @ dx),
            float(dy @ dy),
            float(dx @ dy),
            float(np.abs(x - y).sum()),
            _y_log_x(x, y),
        )

    def merge(self, other: PairMoments) -> PairMoments:
        """Return the moments of both samples together (Chan, Golub & LeVeque 1979).

        >>> x, y = np.array([1.0, 2.0, 3.0, 7.0]), np.array([1.0, 2.0, 4.0, 5.0])
        >>> parts = PairMoments.of(x[:1], y[:1]).merge(PairMoments.of(x[1:], y[1:]))
        >>> round(parts.pearson, 12) == round(PairMoments.of(x, y).pearson, 12)
        True
        """
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        dx, dy = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        share, weight = other.n / n, self.n * other.n / n
        return PairMoments(
            n,
            self.mean_x + dx * share,
            self.mean_y + dy * share,
            self.xx + other.xx + dx * dx * weight,
            self.yy + other.yy + dy * dy * weight,
            self.xy + other.xy + dx * dy * weight,
            self.absolute + other.absolute,
            self.y_log_x + other.y_log_x,
        )

    @property
    def pearson(self) -> float:
        """Pearson's correlation; NaN for fewer than two pairs or where a side is constant."""
        # A constant side has a spread of rounding errors only.
        flat = self.xx <= 1e-20 * self.n * self.mean_x**2 or (
            self.yy <= 1e-20 * self.n * self.mean_y**2
        )
        if self.n < 2 or flat:
            return math.nan
        return max(-1.0, min(1.0, self.xy / math.sqrt(self.xx * self.yy)))

    @property
    def mse(self) -> float:
        """Mean squared difference."""
        return self._mse(1.0)

    @property
    def scaled_mse(self) -> float:
        """Mean squared difference after x is multiplied to have the mean of y."""
        return self._mse(self.scale)

    @property
    def scale(self) -> float:
        """Mean of y over mean of x; NaN where that of x is 0."""
        return self.mean_y / self.mean_x if self.mean_x else math.nan

    @property
    def r2(self) -> float:
        """Share of the variance of y that x explains; NaN where y is constant.

        >>> PairMoments.of(np.array([2.0, 3.0, 5.0, 9.0]), np.array([1.0, 3.0, 5.0, 7.0])).r2
        0.75
        """
        return self._r2(self.mse)

    @property
    def scaled_r2(self) -> float:
        """``r2`` after x is multiplied to have the mean of y."""
        return self._r2(self.scaled_mse)

    @property
    def poisson_nll(self) -> float:
        """Mean of ``x - y * ln(x)``, as ``regression.poisson_nll``.

        >>> PairMoments.of(np.array([1.0, 2.0]), np.array([3.0, 0.0])).poisson_nll
        1.5
        """
        return self.mean_x - self.y_log_x / self.n if self.n else math.nan

    @property
    def scaled_poisson_nll(self) -> float:
        """``poisson_nll`` after x is multiplied to have the mean of y."""
        if not self.n or not self.scale > 0:
            return math.nan
        return self.mean_y - self.y_log_x / self.n - self.mean_y * math.log(self.scale)

    @property
    def mae(self) -> float:
        """Mean absolute difference."""
        return self.absolute / self.n if self.n else math.nan

    def _r2(self, mse: float) -> float:
        flat = self.yy <= 1e-20 * self.n * self.mean_y**2
        return math.nan if self.n < 2 or flat else 1 - mse * self.n / self.yy

    def _mse(self, factor: float) -> float:
        if not self.n:
            return math.nan
        spread = factor * factor * self.xx - 2 * factor * self.xy + self.yy
        return max(0.0, spread) / self.n + (factor * self.mean_x - self.mean_y) ** 2


def _y_log_x(x: Values, y: Values) -> float:
    """Return the sum of ``y * ln(x)``, where 0 times anything is 0."""
    if (x < 0).any() or (y < 0).any():
        return math.nan
    counted = y != 0
    with np.errstate(divide="ignore"):
        return float((y[counted] * np.log(x[counted])).sum())
