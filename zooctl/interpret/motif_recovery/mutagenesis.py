"""Recover the motif of a model by in-silico mutagenesis of its highest predictions.

The model is a black box: parts of a window are hidden to find the stretch that a prediction depends
on, each base of the stretch is changed to see which ones matter, and the stretches of many windows
are aligned.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from zooctl.files.motifs import Motif
from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import Codes, N, reverse_complement

# Windows ``(n, input_length)`` to one value each, above 0.
PredictValue = Callable[[Codes], NDArray[np.floating]]

_HIDDEN = 16
_REACH = 30
_STEP = 8
_ROUNDS = 20


def locate_site(predict: PredictValue, window: Codes, reach: int = 128) -> int:
    """Return the middle of the 16 bases whose absence lowers the value of a window most.

    Args:
        predict: The model.
        window: Codes ``(length,)``.
        reach: Largest distance from the centre of the window, in bp.
    """
    centre = len(window) // 2
    reach = min(reach, centre)
    starts = np.arange(centre - reach, centre + reach - _HIDDEN + 1, _STEP)
    hidden = np.tile(window, (len(starts), 1))
    for row, start in zip(hidden, starts, strict=True):
        row[start : start + _HIDDEN] = N
    return int(starts[predict(hidden).argmin()]) + _HIDDEN // 2


def base_effects(
    predict: PredictValue, window: Codes, middle: int, reach: int
) -> NDArray[np.float64]:
    """Return the effect of each base on the logarithm of a window's value, ``(2 * reach + 1,)``.

    The logarithm of the value minus its mean over the three other bases at that position; 0 at
    unknown bases.

    Args:
        predict: The model.
        window: Codes ``(length,)``.
        middle: Position to centre the result on, 0-based.
        reach: Bases on each side of it.
    """
    positions = np.arange(middle - reach, middle + reach + 1)
    changed = np.tile(window, (3 * len(positions) + 1, 1))
    rows = changed[1:].reshape(len(positions), 3, -1)
    for step in range(3):
        rows[np.arange(len(positions)), step, positions] = (window[positions] + step + 1) % 4
    logs = np.log(np.maximum(predict(changed).astype(np.float64), 1e-9))
    effect: NDArray[np.float64] = logs[0] - logs[1:].reshape(len(positions), 3).mean(axis=1)
    effect[window[positions] == N] = 0.0
    return effect


def best_stretch(effect: NDArray[np.float64], length: int) -> int:
    """Return the start of the stretch of ``length`` bases with the largest sum of effects."""
    return int(np.convolve(effect, np.ones(length), mode="valid").argmax())


def align(stretches: Codes, seed: int, length: int) -> Motif:
    """Align stretches, each at its best offset and strand on the motif that they share.

    The first stretch is the first motif; all stretches are aligned to it, and their counts are the
    next motif, until nothing changes.

    Args:
        stretches: Codes ``(n, width)``.
        seed: Start of the first motif in the first stretch.
        length: Width of the motif in bp.
    """
    places = np.lib.stride_tricks.sliding_window_view(stretches, length, axis=1)
    both = np.stack([places, reverse_complement(places)], axis=1)
    n = len(stretches)
    candidates = both.reshape(n, -1, length)
    chosen = candidates[:1, seed]
    counts = _count(chosen)
    for _ in range(_ROUNDS):
        weights = np.vstack([Motif("", counts).log_odds(pseudocount=2.0).T, np.zeros(length)])
        scores = weights[candidates, np.arange(length)].sum(axis=2)
        following = candidates[np.arange(n), scores.argmax(axis=1)]
        if following.shape == chosen.shape and (following == chosen).all():
            break
        chosen = following
        counts = _count(chosen)
    return Motif("mutagenesis", counts)


def _count(sites: Codes) -> NDArray[np.float64]:
    counts: NDArray[np.float64] = (sites[:, :, None] == np.arange(4)).sum(axis=0).astype(np.float64)
    # A column of unknown bases counts as even.
    counts[counts.sum(axis=1) == 0] = 0.25
    return counts


def recover_motif(
    predict: PredictValue, windows: Codes, *, length: int = 21, advance: Advance = no_advance
) -> Motif:
    """Return the motif that the values of windows depend on.

    Args:
        predict: The model: codes ``(n, input_length)`` to the value at the centre of each window.
        windows: Codes ``(n, input_length)``, highest value first, each centred on its peak.
        length: Width of the motif in bp.
        advance: Called with the number of windows done.
    """
    reach = min(_REACH, (windows.shape[1] - 1) // 2)
    length = min(length, 2 * reach + 1)
    stretches, starts = [], []
    for window in windows:
        middle = int(np.clip(locate_site(predict, window), reach, len(window) - 1 - reach))
        effect = base_effects(predict, window, middle, reach)
        starts.append(best_stretch(effect, length))
        stretches.append(window[middle - reach : middle + reach + 1])
        advance(1)
    # Around its best stretch, each may slide by a few bases.
    slack = length // 3
    pieces = [
        np.pad(stretch, slack, constant_values=N)[start : start + length + 2 * slack]
        for stretch, start in zip(stretches, starts, strict=True)
    ]
    return align(np.stack(pieces), slack, length)
