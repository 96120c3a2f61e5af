"""In-silico mutagenesis of windows: every base replaced by every other, through onnxruntime."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.interpret.attribution.target import TrackTarget, number_of
from zooctl.progress import Advance
from zooctl.sequence.onehot import BASES, Codes

# Batches of alternatives that lie in memory at once.
_BATCHES = 4


class PredictWindows(Protocol):
    """A network that predicts windows; ``session.Session`` is one."""

    @property
    def batch_size(self) -> int:
        """Windows to a batch."""
        ...

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Return ``(n, n_tracks, n_bins)`` for codes ``(n, input_length)``."""
        ...


def substitute(
    session: PredictWindows,
    windows: Codes,
    weights: NDArray[np.float32],
    target: TrackTarget,
    span: tuple[int, int],
    advance: Advance,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the number of each window with each base at each position, and as it stands.

    Args:
        session: The network.
        windows: Codes ``(n, input_length)``.
        weights: Of the bins, ``(n, n_bins)``.
        target: The number.
        span: First position that is replaced, and past the last.
        advance: Called with the number of windows predicted.

    Returns:
        ``(n, 4, span)``, at the base that a window has its own number; and ``(n,)``.
    """
    first, last = span
    positions = np.arange(first, last)
    own = number_of(session.predict(windows), weights, target)
    advance(len(windows))
    numbers = np.empty((len(windows), len(BASES), len(positions)))
    step = max(1, _BATCHES * session.batch_size // len(BASES))
    for row, window in enumerate(windows):
        for low in range(0, len(positions), step):
            some = positions[low : low + step]
            changed = np.tile(window, (len(some), len(BASES), 1))
            changed[np.arange(len(some)), :, some] = np.arange(len(BASES))
            # The base that stands there already needs no prediction.
            is_new = window[some, None] != np.arange(len(BASES))
            rows = changed[is_new]
            found = np.full(is_new.shape, own[row])
            found[is_new] = number_of(
                session.predict(rows),
                np.broadcast_to(weights[row], (len(rows), weights.shape[1])),
                target,
            )
            numbers[row, :, low : low + step] = found.T
            advance(len(rows))
    return numbers.astype(np.float32), own
