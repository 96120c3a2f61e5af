"""Sites taken out of sequence in place: the share of a prediction that rests on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zooctl.interpret.interventions.effects import MeanEffect, effect_of
from zooctl.interpret.interventions.window_value import Floats, ValueOf
from zooctl.sequence.onehot import BASES, Codes, N

Places = Sequence[tuple[int, int]]
"""First base, and past the last, of each site of a window."""


class Occlusion(NamedTuple):
    """Windows with some of their sites taken out.

    Attributes:
        sites: Sites that the windows have.
        occluded: Sites of them that are taken out.
        effect: Number with the sites taken out less that of the window as it is.
        left: Mean number with the sites taken out, as a share of the mean of the windows; None
            where that is 0.
    """

    sites: int
    occluded: int
    effect: MeanEffect
    left: float | None


def occlude(
    value: ValueOf,
    windows: Codes,
    places: Sequence[Places],
    *,
    n_draws: int,
    seed: int,
) -> list[Occlusion]:
    """Take one site out of windows, then two, up to all, and compare the numbers.

    Bases of a site are replaced by others, drawn with the frequencies of its window. Which sites
    are taken out, and the bases, are drawn anew ``n_draws`` times; the mean counts.

    Args:
        value: The number of a window.
        windows: Codes ``(n, length)``.
        places: Sites of each window; windows without any are left out.
        n_draws: Draws for each window and number of sites.
        seed: Seed of the draws.

    Returns:
        By number of sites, then number taken out.
    """
    whole = value(windows)
    found = []
    for sites in sorted({len(one) for one in places} - {0}):
        own = [row for row, one in enumerate(places) if len(one) == sites]
        for occluded in range(1, sites + 1):
            rng = np.random.default_rng([seed, sites, occluded])
            means: Floats = np.zeros(len(own))
            for _ in range(n_draws):
                changed = windows[own]
                for window, row in zip(changed, own, strict=True):
                    for site in rng.choice(sites, occluded, replace=False):
                        _replace(window, places[row][int(site)], windows[row], rng)
                means += value(changed) / n_draws
            before = whole[own]
            left = float(means.mean() / before.mean()) if before.mean() else None
            found.append(Occlusion(sites, occluded, effect_of(means - before), left))
    return found


def _replace(window: Codes, place: tuple[int, int], whole: Codes, rng: np.random.Generator) -> None:
    """Draw the bases of a place anew, with the frequencies of the whole window."""
    counts = np.bincount(whole[whole != N], minlength=len(BASES))[: len(BASES)]
    share = counts / counts.sum()
    window[slice(*place)] = rng.choice(len(BASES), place[1] - place[0], p=share)
