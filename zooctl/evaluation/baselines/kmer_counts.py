"""GC content and k-mer counts of the bins of a sequence.

Bins start at position 0 of the codes; a last part shorter than a bin is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.onehot import Codes, N

Values = NDArray[np.float32]
Counts = NDArray[np.float32]

# Bases worked on at a time, so that intermediate arrays of counts stay in the cache.
_COUNTED = 1 << 16


def whole_bins(codes: Codes, bin_size: int) -> Codes:
    """Return the codes of all whole bins, ``(n_bins, bin_size)`` (a view)."""
    n_bins = len(codes) // bin_size
    return codes[: n_bins * bin_size].reshape(n_bins, bin_size)


def gc_content(codes: Codes, bin_size: int) -> Values:
    """Return the share of C and G among the known bases of each bin; NaN without any.

    >>> from zooctl.sequence.onehot import encode
    >>> gc_content(encode(b"GCATNNGAA"), 4).tolist()
    [0.5, 0.5]
    """
    bins = whole_bins(codes, bin_size)
    known = (bins != N).sum(axis=1, dtype=np.uint32)
    gc = ((bins == 1) | (bins == 2)).sum(axis=1, dtype=np.uint32)
    share = np.full(len(bins), np.nan, dtype=np.float32)
    np.divide(gc, known, out=share, where=known > 0, casting="unsafe")
    return share


def _kmer_columns(k: int) -> NDArray[np.intp]:
    """Return the feature of each k-mer, ``(4**k,)``; the two strands of a k-mer share one."""
    ids = np.arange(4**k)
    digits = ids[:, None] // 4 ** np.arange(k) % 4
    # The last base is the least significant digit; read first and complemented, it flips strands.
    other = ((3 - digits) * 4 ** np.arange(k)[::-1]).sum(axis=1)
    _, column = np.unique(np.minimum(ids, other), return_inverse=True)
    return column.astype(np.intp)


def kmer_counts(codes: Codes, bin_size: int, k: int = 5) -> Counts:
    """Count each k-mer inside each bin, both strands as one.

    Args:
        codes: Genome codes of a contig, ``(length,)``.
        bin_size: Bases per bin.
        k: Length of the k-mers.

    Returns:
        ``(n_bins, n_features)`` float32; 512 features for k = 5. A k-mer with an unknown base is
        not counted.
    """
    column = _kmer_columns(k)
    n_features = int(column.max()) + 1
    # One table lookup turns a k-mer into its feature; with an unknown base, into none.
    table = np.full(5**k, n_features, dtype=np.int32)
    table[_base5(np.arange(4**k), k)] = column
    n_bins = len(codes) // bin_size
    counts = np.empty((n_bins, n_features), dtype=np.float32)
    step = max(1, _COUNTED // bin_size)
    rows = np.arange(step, dtype=np.int32)[:, None] * (n_features + 1)
    for first in range(0, n_bins, step):
        last = min(first + step, n_bins)
        part = codes[first * bin_size : last * bin_size]
        if (part == N).all():
            counts[first:last] = 0
            continue
        kmers = number_kmers(part, k)
        # A k-mer that reaches into the next bin is left out.
        inside = kmers.reshape(-1, bin_size)[:, : bin_size - k + 1]
        features = table.take(inside)
        features += rows[: last - first]
        found = np.bincount(features.ravel(), minlength=(last - first) * (n_features + 1))
        counts[first:last] = found.reshape(last - first, n_features + 1)[:, :-1]
    return counts


def _base5(kmers: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the number in base 5 of k-mers that are numbered in base 4."""
    places = np.arange(k)
    number: NDArray[np.int64] = (kmers[:, None] // 4**places % 4 * 5**places).sum(axis=1)
    return number


def number_kmers(codes: Codes, k: int) -> NDArray[np.uint16]:
    """Return the number in base 5 of the k-mer at each position; the last k - 1 are meaningless.

    >>> number_kmers(np.array([1, 0, 4], np.uint8), 2).tolist()[:2]
    [5, 4]
    """
    kmer = codes.astype(np.uint16)
    ahead = kmer
    for offset in range(1, k):
        kmer = kmer * np.uint16(5)
        kmer[:-offset] += ahead[offset:]
    return kmer
