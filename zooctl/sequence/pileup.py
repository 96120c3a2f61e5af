"""Counts per base of one contig from arrays of reads, fragments and peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.intervals import merge

Integers = NDArray[np.int64]

# Tn5 inserts two adapters 9 bp apart (Buenrostro et al. 2013, doi:10.1038/nmeth.2688): the middle
# of the insertion is 4 bp into the fragment at its left end and 5 bp at its right.
TN5_LEFT, TN5_RIGHT = 4, 5


def extended(
    starts: Integers, ends: Integers, forward: NDArray[np.bool_], length: int
) -> tuple[Integers, Integers]:
    """Return reads at a fixed length from their 5' end; the result may leave the contig.

    Args:
        starts: First bases, ``(n,)``.
        ends: Bases after the last, ``(n,)``.
        forward: Strand of each, ``(n,)``.
        length: In bp.

    >>> [side.tolist() for side in extended(
    ...     np.array([100, 300]), np.array([136, 336]), np.array([True, False]), 180)]
    [[100, 156], [280, 336]]
    """
    return np.where(forward, starts, ends - length), np.where(forward, starts + length, ends)


def pile_up(starts: Integers, ends: Integers, length: int) -> NDArray[np.int32]:
    """Count the intervals over each base of a contig, ``(length,)``; parts outside are cut off.

    >>> pile_up(np.array([-3, 1]), np.array([2, 3]), 5).tolist()
    [1, 2, 1, 0, 0]
    """
    # In place, as a chromosome of counts is a gigabyte.
    counts = np.zeros(length + 1, np.int32)
    np.add.at(counts, np.clip(starts, 0, length), 1)
    np.subtract.at(counts, np.clip(ends, 0, length), 1)
    np.cumsum(counts, out=counts)
    return counts[:length]


def cut_sites(starts: Integers, ends: Integers, length: int) -> NDArray[np.int32]:
    """Count the Tn5 insertions at each base of a contig, ``(length,)``.

    A fragment ``[start, end)`` has two: at ``start + 4`` and at ``end - 5``.

    >>> np.flatnonzero(cut_sites(np.array([0]), np.array([72]), 100)).tolist()
    [4, 67]
    """
    sites = np.concatenate([starts + TN5_LEFT, ends - TN5_RIGHT])
    counts = np.zeros(length, np.int32)
    np.add.at(counts, sites[(sites >= 0) & (sites < length)], 1)
    return counts


def step_track(
    starts: Integers, ends: Integers, values: NDArray[np.float32], length: int
) -> NDArray[np.float32]:
    """Return intervals as steps over a contig, ``(length,)``; overlaps take the largest value.

    >>> step_track(np.array([0, 2]), np.array([3, 5]), np.array([7, 4], np.float32), 6).tolist()
    [7.0, 7.0, 7.0, 4.0, 4.0, 0.0]
    """
    track = np.zeros(length, np.float32)
    for row in np.argsort(values, kind="stable"):
        track[max(starts[row], 0) : max(ends[row], 0)] = values[row]
    return track


def covered(starts: Integers, ends: Integers, length: int) -> NDArray[np.bool_]:
    """Mark the bases of a contig that any interval covers, ``(length,)``.

    >>> covered(np.array([1]), np.array([3]), 4).tolist()
    [False, True, True, False]
    """
    mask = np.zeros(length, np.bool_)
    for start, end in zip(*merge(starts, ends), strict=True):
        mask[max(start, 0) : max(end, 0)] = True
    return mask
