"""Predictions of the probe, compared with the reference predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.reproduction.report.equivalence import class_of, distance
from zooctl.reproduction.report.rows import Engine, Predictions
from zooctl.sequence.variant_pairs import score_differences


def compare_predictions(
    engine: Engine,
    reference: NDArray[Any],
    found: NDArray[Any],
    pairs: NDArray[np.int32] | None = None,
) -> Predictions:
    """Compare predictions ``(n, n_tracks, n_bins)`` with reference predictions.

    Args:
        engine: Program that predicted.
        reference: Reference predictions.
        found: Predictions made now.
        pairs: Rows of reference and alternative alleles, ``(n_pairs, 2)``, if there are any.

    >>> a = np.array([[[1.0, 2.0, 3.0]]], np.float32)
    >>> [compare_predictions("torch", a, b).equivalence for b in (a, a * 1.001)]
    ['bitwise', 'failed']
    """
    tolerances = max_abs = max_rel = scores = None
    same, pearson = False, lowest_pearson(reference, found)
    if reference.shape == found.shape and np.isfinite([reference, found]).all():
        ref, got = reference.astype(np.float64), found.astype(np.float64)
        apart = np.abs(got - ref)
        relative = np.divide(apart, np.abs(ref), out=np.zeros_like(ref), where=ref != 0)
        max_rel = float(relative.max())
        max_abs, tolerances = distance(ref, got)
        if pairs is not None:
            scores = float(
                np.nan_to_num(score_differences(reference, found, pairs.astype(np.int64))).max()
            )
        same = reference.dtype == found.dtype and reference.tobytes() == found.tobytes()
    return Predictions(
        engine=engine,
        n=len(found),
        equivalence=class_of(tolerances, same_bits=same, pearson=pearson, scores=scores),
        same_bits=same,
        max_abs=max_abs,
        max_rel=max_rel,
        tolerances=tolerances,
        pearson=pearson,
        scores=scores,
    )


def lowest_pearson(reference: NDArray[Any], found: NDArray[Any]) -> float:
    """Return the lowest correlation of any track of predictions ``(n, n_tracks, n_bins)``.

    0 where they are of another shape, or not finite.

    >>> a = np.array([[[1.0, 2.0]], [[3.0, 5.0]]])
    >>> lowest_pearson(a, 2 * a + 1), lowest_pearson(a, a[:1])
    (1.0, 0.0)
    """
    if reference.shape != found.shape or not np.isfinite([reference, found]).all():
        return 0.0
    ref, got = reference.astype(np.float64), found.astype(np.float64)
    return min(_pearson(ref[:, track], got[:, track]) for track in range(ref.shape[1]))


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the correlation; 1 for equal arrays, and else 0 where one does not vary."""
    if np.array_equal(a, b):
        return 1.0
    left, right = a.ravel() - a.mean(), b.ravel() - b.mean()
    scale = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum() / scale) if scale else 0.0
