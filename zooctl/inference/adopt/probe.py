"""Windows of the probe of a model that comes without a genome."""

from __future__ import annotations

import numpy as np

from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry

# Bytes of a probe, inputs and outputs together.
_PROBE_BYTES = 300_000
MOST_WINDOWS = 512
"""Windows of the largest probe."""
_SEED = 20221205


def probe_windows(input_length: int, n: int) -> Codes:
    """Return random windows for the probe of a model without a genome.

    Random sequence of every GC content, the same with runs of N, one base throughout, and reverse
    complements; equal arguments give equal windows.

    >>> probe_windows(145, 16).shape
    (16, 145)
    >>> probe_windows(3, 4)[0]  # unknown throughout
    array([4, 4, 4], dtype=uint8)
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    gc = np.linspace(0.05, 0.95, n)[:, None]
    draw = rng.random((2, n, input_length))
    codes = np.where(draw[0] < gc, 1 + (draw[1] < 0.5), 3 * (draw[1] < 0.5)).astype(np.uint8)
    fixed = np.repeat(np.arange(N + 1, dtype=np.uint8)[:, None], input_length, axis=1)
    masked = codes[1::4].copy()
    for window in masked:
        first = int(rng.integers(0, input_length))
        window[first : first + int(rng.integers(1, input_length // 2 + 2))] = N
    parts = [fixed[-(n // 4) :], masked, reverse_complement(codes[::8]), codes]
    return np.concatenate(parts)[:n]


def probe_size(geometry: Geometry, n_tracks: int) -> int:
    """Return the number of windows in a probe of some 300 kB, 4 to 512."""
    window = geometry.input_length + 4 * n_tracks * geometry.n_bins
    return max(4, min(MOST_WINDOWS, _PROBE_BYTES // window))
