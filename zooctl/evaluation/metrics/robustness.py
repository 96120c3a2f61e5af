"""Robustness variation score: spread of a prediction over shifted windows.

Toneyan, Tang and Koo 2022 (doi:10.1038/s42256-022-00570-9): windows around one position, shifted
against each other, should predict the same for the bases they share. Lower is more robust. Only
scores of models of one bin size are comparable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.regression import known_mean
from zooctl.inference.variants.shifts import draw_shifts
from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry, Integers, mostly_unknown_bins, unknown_fraction

# Sequences predicted in one call: enough to fill batches.
_AT_ONCE = 16

Predict = Callable[[Codes], NDArray[np.float32]]


@dataclass(frozen=True)
class VariationScore:
    """Variation score of a model.

    Attributes:
        value: Mean over sequences and tracks.
        scores: Score of each sequence and track, ``(n, n_tracks)``; NaN without a prediction.
        shifts: Shifts of the windows in bp, ``(n_shifts,)``.
    """

    value: float
    scores: NDArray[np.float64]
    shifts: Integers


def shared_length(geometry: Geometry, max_shift: int) -> int:
    """Return the number of bases that all shifted windows predict.

    >>> shared_length(Geometry(2048, 2048, 32, 1024), 512)
    1024
    """
    return geometry.output_length - 2 * max_shift


def variation_score(
    predict: Predict,
    window: Callable[[int, int], Codes],
    centres: Integers,
    geometry: Geometry,
    *,
    n_shifts: int = 20,
    max_shift: int | None = None,
    seed: int = 0,
    advance: Advance = no_advance,
) -> VariationScore:
    """Compute the variation score of predictions around given positions.

    Per sequence and track: the standard deviation over shifts (ddof 0) at each base that all
    windows share, its mean over these bases, divided by the mean prediction over bases and shifts.
    Binned outputs count at every base of a bin. A base that lies in a bin of more than half N, or
    in a window of more than half N, for any shift, has no value and does not count.

    Args:
        predict: Codes ``(n, input_length)`` to predictions ``(n, n_tracks, n_bins)``, in the
            signal's unit.
        window: Codes of the genome from a start to an end, N outside.
        centres: Positions to centre windows on, 0-based, ``(n,)``.
        geometry: The model's window.
        n_shifts: Windows per position.
        max_shift: Largest shift in bp; a quarter of the output if not given.
        seed: Seed of the shifts.
        advance: Called with the number of windows done.
    """
    if max_shift is None:
        max_shift = geometry.output_length // 4
    shifts = draw_shifts(n_shifts, max_shift, seed)
    length = geometry.input_length
    shared = shared_length(geometry, max_shift)
    # Base p of the shared part lies max_shift + p behind the start of an unshifted output.
    bins = (max_shift + np.arange(shared)[None, :] - shifts[:, None]) // geometry.bin_size
    whole = Geometry(length, geometry.output_length, geometry.bin_size, geometry.output_length)
    rows = []
    for first in range(0, len(centres), _AT_ONCE):
        some = centres[first : first + _AT_ONCE].tolist()
        lows = [centre - length // 2 - max_shift for centre in some]
        codes = np.stack([window(low, low + length + 2 * max_shift) for low in lows])
        views = np.lib.stride_tricks.sliding_window_view(codes, length, axis=1)
        windows = views[:, shifts + max_shift].reshape(-1, length)
        unknown = mostly_unknown_bins(windows, whole)[:, None]
        unknown = unknown | (unknown_fraction(windows) > 0.5)[:, None, None]
        predicted = np.where(unknown, np.float32(np.nan), predict(windows))
        for of_one in predicted.reshape(len(some), n_shifts, *predicted.shape[1:]):
            rows.append(_variation(of_one, bins))
        advance(len(windows))
    scores = np.array(rows, dtype=np.float64)
    return VariationScore(known_mean(scores), scores, shifts)


def _variation(predicted: NDArray[np.float32], bins: Integers) -> NDArray[np.float64]:
    """Return the score of one sequence, ``(n_tracks,)``.

    Args:
        predicted: ``(n_shifts, n_tracks, n_bins)``.
        bins: Bin of each shared base in each shifted window, ``(n_shifts, shared)``.
    """
    aligned = np.take_along_axis(predicted, bins[:, None, :], axis=2).astype(np.float64)
    aligned = aligned[..., ~np.isnan(aligned).any(axis=(0, 1))]
    if not aligned.shape[2]:
        return np.full(predicted.shape[1], np.nan)
    mean = aligned.mean(axis=(0, 2))
    spread = aligned.std(axis=0).mean(axis=1)
    score: NDArray[np.float64] = np.full(mean.shape, np.nan)
    np.divide(spread, mean, out=score, where=mean != 0)
    return score
