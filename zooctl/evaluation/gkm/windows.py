"""Windows of known bases: around regions, or drawn beside them with the same GC content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.genome import Genome
from zooctl.sequence.intervals import Integers, Interval, merge
from zooctl.sequence.onehot import Codes, N

# Places that are drawn for each negative, one of which has about the GC content that is wanted.
_TRIES = 20


def windows_around(genome: Genome, regions: Sequence[Interval], width: int, most: int) -> Codes:
    """Return the windows around the middles of regions, ``(n, width)``.

    One with an unknown base, or beyond its contig, is left out.

    Args:
        genome: The genome.
        regions: The regions.
        width: Bases of a window.
        most: Windows, spread evenly over the regions.
    """
    windows = np.empty((len(regions), width), np.uint8)
    for window, one in zip(windows, regions, strict=True):
        start = (one.start + one.end) // 2 - width // 2
        window[:] = genome.padded_codes(one.chrom, start, start + width)
    known: Codes = windows[(windows != N).all(axis=1)]
    return known[:: max(1, -(-len(known) // most))]


def windows_beside(genome: Genome, regions: Sequence[Interval], windows: Codes, seed: int) -> Codes:
    """Draw a window for each of some windows, of about its GC content, on the same contigs.

    None shares a base with a region, or with the window around its middle.

    Args:
        genome: The genome.
        regions: Regions that are avoided.
        windows: Windows whose GC content is matched, ``(n, width)``.
        seed: Seed of the places.
    """
    width = windows.shape[1]
    rng = np.random.default_rng(seed)
    chroms = sorted({one.chrom for one in regions})
    total = sum(genome.contigs[chrom] for chrom in chroms)
    drawn = []
    for chrom in chroms:
        length = genome.contigs[chrom]
        n = -(-_TRIES * len(windows) * length // total)
        starts = rng.integers(0, max(1, length - width), n)
        starts = starts[~_touching(starts, [one for one in regions if one.chrom == chrom], width)]
        places = [Interval(chrom, start, start + width) for start in starts.tolist()]
        drawn.append(windows_around(genome, places, width, len(places) or 1))
    return _of_same_gc(np.concatenate(drawn), windows)


def _touching(starts: Integers, regions: Sequence[Interval], width: int) -> NDArray[np.bool_]:
    """Return which windows share a base with a region or with the window around it, ``(n,)``."""
    middles = np.array([(one.start + one.end) // 2 for one in regions])
    lows = np.minimum(middles - width // 2, [one.start for one in regions])
    highs = np.maximum(middles + width, [one.end for one in regions])
    lows, highs = merge(lows, highs)
    following = np.searchsorted(highs, starts, side="right")
    return np.append(lows, np.iinfo(np.int64).max)[following] < starts + width


def _of_same_gc(candidates: Codes, windows: Codes) -> Codes:
    """Return, for each window in turn, the candidate of the nearest GC content that is left."""
    gc, wanted = (((one == 1) | (one == 2)).mean(axis=1) for one in (candidates, windows))
    left = np.argsort(gc, kind="stable").tolist()
    chosen = []
    for value in wanted.tolist()[: len(left)]:
        at = int(np.searchsorted(gc[left], value))
        near = min(
            (i for i in (at - 1, at) if 0 <= i < len(left)), key=lambda i: abs(gc[left[i]] - value)
        )
        chosen.append(left.pop(near))
    return candidates[chosen]
