"""Options of an evaluation that belong to the command, not to the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationOptions:
    """Resolutions, test sets, bootstrap and shifts of an evaluation.

    Attributes:
        resolutions: Bin sizes in bp; the model's own, 32, 128, 512 and the rules' if empty.
        thresholds: Signal thresholds of the test sets; quantiles of the signal if None.
        n_draws: Bootstrap draws for the intervals.
        n_shifts: Windows per peak for the variation score; 0 leaves it out.
        seed: Seed of the bootstrap and of the shifts.
    """

    resolutions: tuple[int, ...] = ()
    thresholds: tuple[float, ...] | None = None
    n_draws: int = 1000
    n_shifts: int = 20
    seed: int = 0
