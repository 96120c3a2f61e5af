"""Features of the linear baselines: composition of a bin, its 5-mers, the 5-mers around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.kmer_counts import Counts, gc_content, kmer_counts
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Features = NDArray[np.float64]

# Bins worked on at a time: 32 MB of a thousand features.
_AT_ONCE = 4096
# Dinucleotides and 5-mers, both strands of each as one.
_PAIRS, _FIVE_MERS = 10, 512
# Features of a bin itself: GC content, dinucleotides, 5-mers.
N_SEQUENCE_FEATURES = 1 + _PAIRS + _FIVE_MERS


def columns(rules: Rules) -> dict[str, slice]:
    """Return the features that each linear baseline reads, by its name.

    >>> columns(Rules(context_bins=33))["5-mer ridge, 33 bins around"]
    slice(11, 1035, None)
    """
    start = 1 + _PAIRS
    sets = {
        "GC + dinucleotide ridge": slice(0, start),
        "5-mer ridge": slice(start, start + _FIVE_MERS),
    }
    if rules.context_bins:
        name = f"5-mer ridge, {rules.context_bins} bins around"
        sets[name] = slice(start, start + 2 * _FIVE_MERS)
    return sets


def features(codes: Codes, margin: int, rules: Rules) -> Iterator[tuple[slice, Features]]:
    """Yield all bins in parts: indices of a part, and its features ``(n, n_features)``.

    Args:
        codes: Codes of whole bins, with ``margin`` more bins on each side; at least half as many
            as ``rules.context_bins``.
        margin: Bins.
        rules: Bin size, and number of bins around that are read.
    """
    size = rules.bin_size
    n_bins = len(codes) // size - 2 * margin
    for first in range(0, n_bins, _AT_ONCE):
        last = min(first + _AT_ONCE, n_bins)
        around = codes[first * size : (last + 2 * margin) * size]
        yield slice(first, last), _features(around, margin, rules)


def _features(codes: Codes, margin: int, rules: Rules) -> Features:
    size, around = rules.bin_size, rules.context_bins
    n_bins = len(codes) // size - 2 * margin
    inside = codes[margin * size : (margin + n_bins) * size]
    found = np.empty((n_bins, 1 + _PAIRS + _FIVE_MERS * (2 if around else 1)))
    found[:, 0] = np.nan_to_num(gc_content(inside, size), nan=0.0)
    found[:, 1 : 1 + _PAIRS] = kmer_counts(inside, size, 2)
    counts = kmer_counts(codes if around else inside, size)
    if around:
        found[:, 1 + _PAIRS + _FIVE_MERS :] = _sums(counts, margin - around // 2, around, n_bins)
        counts = counts[margin : margin + n_bins]
    found[:, 1 + _PAIRS : 1 + _PAIRS + _FIVE_MERS] = counts
    return found


def _sums(counts: Counts, first: int, length: int, n: int) -> Features:
    """Return the sums of n runs of ``length`` rows, each run a row after the one before.

    >>> _sums(np.array([[1], [2], [4], [8]], np.float32), 1, 2, 2).tolist()
    [[6.0], [12.0]]
    """
    upto = np.zeros((n + length, counts.shape[1]))
    # Whole numbers: exact, however they are summed.
    np.cumsum(counts[first : first + n + length - 1], axis=0, dtype=np.float64, out=upto[1:])
    return upto[length:] - upto[:n]
