"""Classes of likeness: the same bits, the same within rounding, or the same within chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Equivalence = Literal["bitwise", "numeric", "statistical", "failed"]

# Published weights on another machine or in another program differ by rounding, and no more.
ABSOLUTE, RELATIVE, PEARSON = 1e-5, 1e-4, 0.999_999
# The same of scores of variant pairs, in typical scores of their track, which may be small.
OF_SCORES = 1e-2
# A retrained network may differ by so many standard deviations over seeds, or by this at least.
SPREADS, LEAST_BAND, MIN_SEEDS = 3.0, 0.005, 5
# Its predictions may correlate with the published ones by so much less than those of two seeds.
BELOW_SEEDS = 0.01

# Best first.
_ORDER: tuple[Equivalence, ...] = ("bitwise", "numeric", "statistical", "failed")


class Distance(NamedTuple):
    """Largest differences between two arrays; None where they cannot be compared.

    Attributes:
        max_abs: In the arrays' unit.
        tolerances: In tolerances, each 1e-5 plus 1e-4 of the reference value in size.
    """

    max_abs: float | None
    tolerances: float | None


def worst(classes: Iterable[Equivalence]) -> Equivalence:
    """Return the weakest of several classes.

    >>> worst(["bitwise", "numeric"])
    'numeric'
    """
    return max(classes, key=_ORDER.index)


def class_of(
    tolerances: float | None,
    *,
    same_bits: bool = True,
    pearson: float = 1.0,
    scores: float | None = None,
) -> Equivalence:
    """Return the class of two arrays by their largest difference.

    Args:
        tolerances: Largest difference of values, in tolerances.
        same_bits: True for the very bytes.
        pearson: Lowest correlation.
        scores: Largest difference of scores of variants, in typical scores; None for none.

    >>> [class_of(size) for size in (0.0, 0.9, 1.1, None)]
    ['bitwise', 'numeric', 'failed', 'failed']
    """
    far = scores is not None and scores > OF_SCORES
    if tolerances is None or tolerances > 1 or far or not PEARSON <= pearson <= 1.000_001:
        return "failed"
    return "bitwise" if tolerances == 0 and same_bits else "numeric"


def distance(reference: NDArray[np.float64], found: NDArray[np.float64]) -> Distance:
    """Return the largest differences of two arrays of one shape; NaN counts as no difference."""
    apart = np.nan_to_num(np.abs(found - reference))
    allowed = ABSOLUTE + RELATIVE * np.nan_to_num(np.abs(reference))
    return Distance(float(apart.max(initial=0.0)), float((apart / allowed).max(initial=0.0)))


def can_be(found: Distance, scale: float) -> bool:
    """Say whether two arrays can differ so, both by value and in tolerances.

    Args:
        found: Largest differences.
        scale: Largest absolute value of the reference.

    >>> can_be(Distance(1e-5, 0.5), 0.1), can_be(Distance(1e9, 0.5), 0.1)
    (True, False)
    """
    if found.max_abs is None or found.tolerances is None:
        return found.max_abs is found.tolerances
    least, most = (found.tolerances * one for one in (ABSOLUTE, ABSOLUTE + RELATIVE * scale))
    return least * 0.999_999 <= found.max_abs <= most * 1.000_001


def too_far(agreement: float | None, of_seeds: float | None) -> bool:
    """Say whether predictions of a retrained network are less like the published than chance makes.

    Args:
        agreement: Lowest correlation of any track with the published predictions, if measured.
        of_seeds: Lowest correlation between two seeds, if the card has it.

    >>> too_far(0.925, 0.93), too_far(0.915, 0.93), too_far(0.5, None)
    (False, True, False)
    """
    if agreement is None or of_seeds is None:
        return False
    return agreement < of_seeds - BELOW_SEEDS


def compare_figure(
    card: float,
    got: float | None,
    retrained: bool,
    spread: tuple[float, float, int] | None = None,
    *,
    is_count: bool = False,
) -> Equivalence | None:
    """Compare a figure of the card, which is rounded, with the one computed now.

    A figure of a retrained network is compared with the card's own spread over seeds: it lies
    within three standard deviations of the mean, or within 0.005 where that is more, on either
    side. Without a spread over five seeds it has no class: None. A count is equal or failed.

    The other clause of the statistical class, on predictions, is ``too_far``.

    Args:
        card: As printed on the card.
        got: Computed now and rounded likewise; None where it could not be computed.
        retrained: True for weights other than the published ones.
        spread: Mean, standard deviation and number of seeds, where the card has them.
        is_count: True for a number of examples.

    >>> compare_figure(0.902, 0.902, retrained=False), compare_figure(0.902, 0.903, retrained=False)
    ('bitwise', 'numeric')
    >>> compare_figure(0.902, 0.894, retrained=True, spread=(0.897, 0.005, 5))
    'statistical'
    >>> compare_figure(0.902, 0.894, retrained=True, spread=(0.897, 0.005, 3)) is None
    True
    """
    if got is None:
        return "failed"
    if got == card:
        return "bitwise"
    if is_count:
        return "failed"
    if not retrained:
        # Sums in another order may turn the last digit over.
        step = 0.001 if abs(card) < 1000 else abs(card) * 1e-3
        return "numeric" if abs(got - card) <= step * 1.000_001 else "failed"
    if spread is None or spread[2] < MIN_SEEDS:
        return None
    mean, deviation, _ = spread
    # Better than chance allows is as suspicious as worse; a figure on the border, which has no
    # exact double, is within.
    within = abs(got - mean) <= max(SPREADS * deviation, LEAST_BAND) + 1e-9
    return "statistical" if within else "failed"
