"""What linear baselines read of a bin: the make-up of its sequence, its words, the words around."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.kmers_and_hits import Counts, gc_content, kmer_counts
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Features = NDArray[np.float64]

# Bins worked on at a time: 32 MB of a thousand features.
_AT_ONCE = 4096
# Words of two and of five bases, the strands of a word as one.
_PAIRS, _WORDS = 10, 512


def columns(rules: Rules) -> dict[str, slice]:
    """Return which features each linear baseline reads, by its name.

    >>> columns(Rules(context_bins=33))["5-mer ridge, 33 bins around"]
    slice(11, 1035, None)
    """
    start = 1 + _PAIRS
    sets = {
        "GC + dinucleotide ridge": slice(0, start),
        "5-mer ridge": slice(start, start + _WORDS),
    }
    if rules.context_bins:
        name = f"5-mer ridge, {rules.context_bins} bins around"
        sets[name] = slice(start, start + 2 * _WORDS)
    return sets


def features(codes: Codes, margin: int, rules: Rules) -> Iterator[tuple[slice, Features]]:
    """Yield some of the bins, and their features ``(n, n_features)``, until all were there.

    Args:
        codes: Of whole bins, with ``margin`` more bins on both sides, at least half of those that
            the rules look at around.
        margin: Bins.
        rules: What counts as a bin, and how many around are read.
    """
    size = rules.bin_size
    n_bins = len(codes) // size - 2 * margin
    for first in range(0, n_bins, _AT_ONCE):
        last = min(first + _AT_ONCE, n_bins)
        around = codes[first * size : (last + 2 * margin) * size]
        yield slice(first, last), _of(around, margin, rules)


def _of(codes: Codes, margin: int, rules: Rules) -> Features:
    size, around = rules.bin_size, rules.context_bins
    n_bins = len(codes) // size - 2 * margin
    inside = codes[margin * size : (margin + n_bins) * size]
    found = np.empty((n_bins, 1 + _PAIRS + _WORDS * (2 if around else 1)))
    found[:, 0] = np.nan_to_num(gc_content(inside, size), nan=0.0)
    found[:, 1 : 1 + _PAIRS] = kmer_counts(inside, size, 2)
    words = kmer_counts(codes if around else inside, size)
    if around:
        found[:, 1 + _PAIRS + _WORDS :] = _sums(words, margin - around // 2, around, n_bins)
        words = words[margin : margin + n_bins]
    found[:, 1 + _PAIRS : 1 + _PAIRS + _WORDS] = words
    return found


def _sums(counts: Counts, first: int, length: int, n: int) -> Features:
    """Return the sums of n runs of rows, each a row further on.

    >>> _sums(np.array([[1], [2], [4], [8]], np.float32), 1, 2, 2).tolist()
    [[6.0], [12.0]]
    """
    upto = np.zeros((n + length, counts.shape[1]))
    # Whole numbers: exact, however they are summed.
    np.cumsum(counts[first : first + n + length - 1], axis=0, dtype=np.float64, out=upto[1:])
    return upto[length:] - upto[:n]
