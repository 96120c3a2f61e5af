"""Mean effects over backgrounds, with their intervals."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from zooctl.interpret.interventions.window_value import Floats

# Half-width of a 95 % interval in standard errors.
_WIDTH = 1.959964


class MeanEffect(NamedTuple):
    """A mean over backgrounds.

    Attributes:
        mean: The mean.
        low: Lower end of its 95 % interval, by the standard error of the mean.
        high: Upper end.
        sd: Standard deviation over backgrounds (ddof 1).
        n: Backgrounds.
    """

    mean: float
    low: float
    high: float
    sd: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return self._asdict()


def effect_of(differences: Floats) -> MeanEffect:
    """Return the mean of differences and its interval.

    Args:
        differences: With less without the intervention, on each background, ``(n,)``.

    >>> effect = effect_of(np.array([1.0, 2.0, 3.0, 2.0]))
    >>> effect.mean, round(effect.low, 3), round(effect.high, 3), effect.n
    (2.0, 1.2, 2.8, 4)
    """
    n = len(differences)
    mean = float(differences.mean())
    sd = float(differences.std(ddof=1)) if n > 1 else 0.0
    half = _WIDTH * sd / np.sqrt(n)
    return MeanEffect(mean, float(mean - half), float(mean + half), sd, n)
