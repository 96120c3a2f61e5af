"""In-silico mutagenesis of windows: every base replaced by every other, through onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.device.threaded import side_by_side
from zooctl.inference.engine.changes.windows import BLOCK, Changes
from zooctl.inference.engine.shared import Context
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
    positions = np.arange(*span)
    own = number_of(session.predict(windows), weights, target)
    advance(len(windows))
    numbers = np.empty((len(windows), len(BASES), len(positions)))
    step = max(1, _BATCHES * session.batch_size // len(BASES))
    for row, window in enumerate(windows):
        for low in range(0, len(positions), step):
            some = positions[low : low + step]
            rows, is_new = _replaced(window, some)
            found = np.full(is_new.shape, own[row])
            found[is_new] = _numbers(session.predict(rows), weights[row], target)
            numbers[row, :, low : low + step] = found.T
            advance(len(rows))
    return numbers.astype(np.float32), own


def substitute_by_change(
    changes: Changes,
    windows: Codes,
    weights: NDArray[np.float32],
    target: TrackTarget,
    span: tuple[int, int],
    advance: Advance,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return what ``substitute`` returns, computed where a window can differ from its own.

    Blocks of bases begin at the window's first base, whatever the span is, so that a number has
    the same bits in every span.
    """
    numbers = np.empty((len(windows), len(BASES), span[1] - span[0]))
    own = np.empty(len(windows))
    for row, window in enumerate(windows):
        predictions, (context,) = changes.windows.predict(window[None])
        own[row] = number_of(predictions, weights[row : row + 1], target)[0]
        advance(1)

        def predict(
            replaced: NDArray[np.int64],
            bases: NDArray[np.uint8],
            window: Codes = window,
            context: Context = context,
            weights: NDArray[np.float32] = weights[row],
        ) -> NDArray[np.float64]:
            found = changes.predict(window, replaced, bases, context)
            return _numbers(found, weights, target)

        numbers[row] = _by_block(predict, window, own[row], span, changes.at_once, advance)
    return numbers.astype(np.float32), own


def _by_block(
    predict: Callable[[NDArray[np.int64], NDArray[np.uint8]], NDArray[np.float64]],
    window: Codes,
    own: float,
    span: tuple[int, int],
    at_once: int,
    advance: Advance,
) -> NDArray[np.float64]:
    """Return the number of one window with each base at each position of a span, ``(4, span)``."""
    first, last = span

    def run(block: int) -> tuple[NDArray[np.float64], int]:
        some = np.arange(max(first, block * BLOCK), min(last, (block + 1) * BLOCK))
        is_new = _are_new(window, some)
        found = np.full(is_new.shape, own)
        places, bases = np.nonzero(is_new)
        found[is_new] = predict(some[places], bases.astype(np.uint8))
        return found.T, len(places)

    parts = []
    for _, (found, n) in side_by_side(run, range(first // BLOCK, -(-last // BLOCK)), at_once):
        parts.append(found)
        advance(n)
    return np.concatenate(parts, axis=1)


def _replaced(window: Codes, positions: NDArray[np.int64]) -> tuple[Codes, NDArray[np.bool_]]:
    """Return a window with each other base at positions, and which bases these are, ``(p, 4)``.

    The base that stands there already needs no prediction.
    """
    changed = np.tile(window, (len(positions), len(BASES), 1))
    changed[np.arange(len(positions)), :, positions] = np.arange(len(BASES))
    is_new = _are_new(window, positions)
    return changed[is_new], is_new


def _are_new(window: Codes, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which bases do not stand at positions of a window, ``(p, 4)``."""
    found: NDArray[np.bool_] = window[positions, None] != np.arange(len(BASES))
    return found


def _numbers(
    predictions: NDArray[np.float32], weights: NDArray[np.float32], target: TrackTarget
) -> NDArray[np.float64]:
    """Return the numbers of predictions that have the same weights of bins."""
    return number_of(
        predictions, np.broadcast_to(weights, (len(predictions), len(weights))), target
    )
