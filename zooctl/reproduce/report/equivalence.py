"""How alike two results are: the same bits, the same numbers, or the same within chance."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Equivalence = Literal["bitwise", "numeric", "statistical", "failed"]

# Of published weights on another machine or in another program: rounding, and no more.
ABSOLUTE, RELATIVE, PEARSON = 1e-5, 1e-4, 0.999_999
# Of a network trained elsewhere: so many standard deviations over seeds, but no less than this.
SPREADS, LEAST_BAND, MIN_SEEDS = 3.0, 0.005, 5

# Best first.
_ORDER: tuple[Equivalence, ...] = ("bitwise", "numeric", "statistical", "failed")


class Likeness(NamedTuple):
    """Two sets of predictions beside each other.

    Attributes:
        equivalence: ``bitwise``, ``numeric`` or ``failed``.
        max_abs: Largest difference; None where they cannot be compared.
        max_rel: The same, relative to the reference where that is not 0.
        pearson: Lowest correlation of any track; 1 where neither varies.
    """

    equivalence: Equivalence
    max_abs: float | None
    max_rel: float | None
    pearson: float


def worst(found: list[Equivalence]) -> Equivalence:
    """Return the weakest of several classes.

    >>> worst(["bitwise", "numeric"])
    'numeric'
    """
    return max(found, key=_ORDER.index)


def compare_predictions(reference: NDArray[Any], found: NDArray[Any]) -> Likeness:
    """Compare predictions ``(n, n_tracks, n_bins)`` with those that are stored.

    >>> a = np.array([[[1.0, 2.0, 3.0]]], np.float32)
    >>> compare_predictions(a, a).equivalence, compare_predictions(a, a * 1.001).equivalence
    ('bitwise', 'failed')
    """
    if reference.shape != found.shape or not np.isfinite(found).all():
        return Likeness("failed", None, None, 0.0)
    ref, got = reference.astype(np.float64), found.astype(np.float64)
    difference = np.abs(got - ref)
    relative = np.divide(difference, np.abs(ref), out=np.zeros_like(ref), where=ref != 0)
    pearson = min(_pearson(ref[:, track], got[:, track]) for track in range(ref.shape[1]))
    same: Equivalence = "failed"
    if reference.dtype == found.dtype and reference.tobytes() == found.tobytes():
        same = "bitwise"
    elif (difference <= ABSOLUTE + RELATIVE * np.abs(ref)).all() and pearson >= PEARSON:
        same = "numeric"
    return Likeness(same, float(difference.max()), float(relative.max()), pearson)


def can_differ(equivalence: Equivalence, max_abs: float | None, scale: float) -> bool:
    """Say whether numbers of a class can differ by so much.

    Args:
        equivalence: Of predictions, or of what a picture shows.
        max_abs: Largest difference; None where they cannot be compared.
        scale: Largest of the reference, in size.

    >>> can_differ("bitwise", 0.0, 1.0), can_differ("numeric", 0.1, 1.0)
    (True, False)
    """
    if equivalence == "failed":
        return max_abs is None or max_abs > 0
    if max_abs is None:
        return False
    return max_abs <= (ABSOLUTE + RELATIVE * scale if equivalence == "numeric" else 0.0)


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    left, right = a.ravel() - a.mean(), b.ravel() - b.mean()
    scale = float(np.sqrt((left**2).sum() * (right**2).sum()))
    if scale == 0:
        return 1.0 if np.array_equal(a, b) else 0.0
    return float((left * right).sum() / scale)


def compare_figure(
    card: float,
    got: float | None,
    *,
    retrained: bool,
    spread: tuple[float, float, int] | None = None,
    is_count: bool = False,
) -> Equivalence | None:
    """Compare a figure of the card, which is rounded, with the same one found now.

    A figure of weights trained elsewhere is held against the card's own spread, on both sides of
    the mean: within three standard deviations, or 0.005 where that is more. Without a spread over
    five seeds there is nothing to hold it against: None. A count is the same or is not.

    Of the statistical class one clause is not judged: whether predictions correlate with those of
    the published weights as well as those of two seeds do with each other. No entry holds what two
    seeds predict, so there is nothing to hold a correlation against.

    Args:
        card: As printed on the card.
        got: Found now and rounded likewise; None where it could not be computed.
        retrained: Whether it is of other weights than the published ones.
        spread: Mean, standard deviation and number of seeds, where the card has them.
        is_count: Whether it says how many there are of something.

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
    # Better than chance allows is as suspicious as worse.
    # (a figure on the border, which has no exact double, is within)
    within = abs(got - mean) <= max(SPREADS * deviation, LEAST_BAND) + 1e-9
    return "statistical" if within else "failed"
