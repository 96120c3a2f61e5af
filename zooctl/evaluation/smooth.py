"""Box-car smoothing of a track: the mean over a window around each base."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.files.bigwig.reader import BigWig

Values = NDArray[np.floating]


def read_smoothed(
    track: BigWig, chrom: str, low: int, high: int, width: int, *, absent_is_zero: bool
) -> tuple[Values, NDArray[np.bool_]]:
    """Return the smoothed values of bases ``[low, high)``, and which have a value in the file.

    A base is the mean over the bases with a value among the ``width`` around it, cut at the ends of
    the contig; one without a value stays NaN, unless absent ones count as 0.

    Args:
        track: The file.
        chrom: Contig.
        low: First base.
        high: Base after the last.
        width: Of the box in bp; 1 for none. An even box has one base more on the left.
        absent_is_zero: Whether a base without an entry is 0.
    """
    before, after = width // 2, (width - 1) // 2
    first, last = max(0, low - before), min(track.contigs[chrom], high + after)
    values = track.values(chrom, first, last)
    has = ~np.isnan(values)
    if absent_is_zero:
        values = np.nan_to_num(values, nan=0.0)
    if width > 1:
        values = box_means(values, before, after)
    here = slice(low - first, high - first)
    return values[here], has[here]


def box_means(values: Values, before: int, after: int) -> Values:
    """Return the mean of the known values in a box around each one; NaN stays NaN.

    >>> box_means(np.array([0.0, 3.0, np.nan, 1.0]), 1, 1).tolist()
    [1.5, 1.5, nan, 1.0]
    """
    known = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0), dtype=np.float64)])
    count = np.concatenate([[0], np.cumsum(known)])
    place = np.arange(len(values))
    low, high = np.maximum(place - before, 0), np.minimum(place + after + 1, len(values))
    means = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
    return np.where(known, means, np.nan)
