"""Constraints on designed sequence: its share of C and G, and sites that must not occur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.interpret.interventions.pattern import Pattern
from zooctl.sequence.onehot import Codes


@dataclass(frozen=True)
class Constraints:
    """Constraints on the designed stretch.

    Attributes:
        least_gc: Smallest share of C and G.
        most_gc: Largest share.
        forbidden: Patterns that occur on neither strand, nor across the ends of the stretch.
    """

    least_gc: float = 0.0
    most_gc: float = 1.0
    forbidden: tuple[Pattern, ...] = ()

    def violations(self, windows: Codes, span: tuple[int, int]) -> NDArray[np.float64]:
        """Return how far windows are from meeting the constraints, ``(n,)``; 0 where they do.

        The sum of the share of C and G outside of its bounds, and of the forbidden sites.

        Args:
            windows: Codes ``(n, length)``.
            span: First base of the designed stretch, and past the last.
        """
        part = windows[:, slice(*span)]
        gc = ((part == 1) | (part == 2)).mean(axis=1)
        wrong = np.maximum(0, self.least_gc - gc) + np.maximum(0, gc - self.most_gc)
        for pattern in self.forbidden:
            around = slice(max(0, span[0] - pattern.length + 1), span[1] + pattern.length - 1)
            for one in {pattern, pattern.reverse_complement()}:
                wrong += one.fits(windows[:, around]).sum(axis=1)
        found: NDArray[np.float64] = wrong
        return found
