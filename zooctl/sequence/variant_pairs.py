"""Windows of a reference and an alternative allele, and the changes that a model predicts for them.

Rounding in one window hides in the size of its predictions; a variant's score is the difference of
two of them, and may be a thousand times smaller. So scores are compared on a scale of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Integers

Scores = NDArray[np.float64]
Predictions = NDArray[np.float32]

LONGEST = 8
"""Bases of the longest insertion or deletion."""
_LOST = 2.0**-22
_EIGHT = ("snv",) * 6 + ("insertion", "deletion")


def with_variants(windows: Codes, first: int, last: int, rng: np.random.Generator) -> Codes:
    """Return each window with one variant: of eight, six SNVs, an insertion and a deletion.

    What follows an insertion or a deletion is drawn from the right, as in scoring.

    Args:
        windows: Genome codes, ``(n, input_length + LONGEST)``.
        first: First base that a variant may change; each window knows a base of ``[first, last)``.
        last: End of those.
        rng: Draws places, alleles and lengths of 1 to ``LONGEST``.

    Returns:
        Codes ``(n, input_length)``.

    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> found = with_variants(np.zeros((8, 20), np.uint8), 4, 8, rng)
    >>> found.shape, (found[:6] != 0).sum(axis=1).tolist()
    ((8, 12), [1, 1, 1, 1, 1, 1])
    """
    length = windows.shape[1] - LONGEST
    found = np.empty((len(windows), length), np.uint8)
    for row, (window, into) in enumerate(zip(windows, found, strict=True)):
        place = first + int(rng.choice(np.flatnonzero(window[first:last] != N)))
        kind, size = _EIGHT[row % len(_EIGHT)], int(rng.integers(1, LONGEST + 1))
        if kind == "snv":
            allele, after = np.array([(window[place] + rng.integers(1, 4)) % 4]), place + 1
        elif kind == "insertion":
            allele, after = np.append(window[place], rng.integers(0, 4, size)), place + 1
        else:
            allele, after = window[place : place + 1], place + 1 + size
        into[:] = np.concatenate([window[:place], allele, window[after:]])[:length]
    return found


def pair_scores(predictions: Predictions, pairs: Integers) -> Scores:
    """Return the change of the mean over bins by each variant, ``(n_pairs, n_tracks)``.

    Args:
        predictions: Of windows, ``(n, n_tracks, n_bins)``.
        pairs: Window of the reference and window of the alternative, ``(n_pairs, 2)``.

    >>> values = np.array([[[1, 2]], [[2, 4]]], np.float32)
    >>> pair_scores(values, np.array([[0, 1]]))
    array([[1.5]])
    """
    means = predictions.mean(axis=2, dtype=np.float64)
    found: Scores = means[pairs[:, 1]] - means[pairs[:, 0]]
    return found


def score_differences(expected: Predictions, got: Predictions, pairs: Integers) -> Scores:
    """Return how far scores differ, in typical scores of their track: ``(n_pairs, n_tracks)``.

    A typical score is the root mean square over pairs. What sums of float32 lose, 2**-22 of the
    root mean square of the track's predictions, is no difference. Other scores of a track whose
    pairs all score 0 differ infinitely from it.

    >>> values = np.array([[[1, 2]], [[2, 4]]], np.float32)
    >>> score_differences(values, values * np.float32(1.5), np.array([[0, 1]]))
    array([[0.4999996]])
    """
    known = pair_scores(expected, pairs)
    size = np.sqrt(np.square(expected[pairs], dtype=np.float64).mean(axis=(0, 1, 3)))
    apart = np.maximum(np.abs(pair_scores(got, pairs) - known) - _LOST * size, 0)
    typical = np.broadcast_to(np.sqrt((known**2).mean(axis=0)), apart.shape)
    return np.divide(apart, typical, out=np.where(apart > 0, np.inf, 0.0), where=typical > 0)
