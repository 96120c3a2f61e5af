"""Heads of profile and counts, window by window, from what a network gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def head_of(kind: str, logits: Array, counts: Array, groups: tuple[int, ...]) -> Array:
    """Return the tracks of a head, ``(n, tracks, bins)``."""
    if kind == "counts":
        return counts[:, :, None]
    tracks = []
    for row, totals in zip(logits.astype(np.float64), counts.astype(np.float64), strict=True):
        made, first = [], 0
        for width, total in zip(groups, totals, strict=True):
            part = np.exp(row[first : first + width] - row[first : first + width].max())
            share = part / part.sum()
            made.append(share * (np.exp(total) - 1) if kind == "coverage" else share)
            first += width
        tracks.append(np.concatenate(made))
    return np.array(tracks, dtype=np.float32)
