"""References that a window is compared with: the same dinucleotides in another order."""

from __future__ import annotations

import numpy as np

from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.shuffle import shuffle_dinucleotides


def shuffled_references(windows: Codes, n: int, seed: int) -> Codes:
    """Return n shuffled copies of each window, ``(windows, n, length)``.

    Those of a window depend on its bases and on the seed, not on the windows beside it. Unknown
    bases stay at their places.

    Args:
        windows: Codes ``(windows, length)``.
        n: References of a window.
        seed: Seed of the shuffles.

    >>> window = np.array([[0, 1, 0, 2, 0, 3, 0, 4]], dtype=np.uint8)
    >>> both = shuffled_references(window, 2, seed=1)
    >>> both.shape, both[0, :, -1].tolist(), np.sort(both[0], axis=1)[:, :4].tolist()
    ((1, 2, 8), [4, 4], [[0, 0, 0, 0], [0, 0, 0, 0]])
    """
    made = np.repeat(windows[:, None], n, axis=1)
    for window, copies in zip(windows, made, strict=True):
        known = window != N
        rng = np.random.Generator(np.random.PCG64(seed))
        for copy in copies:
            copy[known] = shuffle_dinucleotides(window[known], rng)
    return made
