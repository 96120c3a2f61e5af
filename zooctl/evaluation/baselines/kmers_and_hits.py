"""What a trained network has to beat: GC content, words of a sequence, best hit of a known motif.

All work on genome codes of one contig and give one number a bin; bins start at position 0 and a
last part shorter than a bin is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import gather

Values = NDArray[np.float32]
Counts = NDArray[np.float32]

# Bases worked on at a time: intermediate arrays stay below 100 MB, those of counts in the cache.
_CHUNK = 1 << 20
_COUNTED = 1 << 16
# Codes to a word that indexes a table of summed weights, 5^5 of them.
_BLOCK = 5


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
    strong = ((bins == 1) | (bins == 2)).sum(axis=1, dtype=np.uint32)
    share = np.full(len(bins), np.nan, dtype=np.float32)
    np.divide(strong, known, out=share, where=known > 0, casting="unsafe")
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
    """Return how often each k-mer lies inside each bin, both strands as one.

    Args:
        codes: Genome codes of a contig, ``(length,)``.
        bin_size: Bases to a bin.
        k: Length of the words.

    Returns:
        ``(n_bins, n_features)`` float32; 512 features for k = 5. Words with an unknown base are
        not counted.
    """
    column = _kmer_columns(k)
    n_features = int(column.max()) + 1
    # One table lookup turns a word of codes into its feature; with an unknown base, into none.
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
        words = _words(part, k)
        # Words that reach into the next bin are left out.
        inside = words.reshape(-1, bin_size)[:, : bin_size - k + 1]
        features = table.take(inside)
        features += rows[: last - first]
        found = np.bincount(features.ravel(), minlength=(last - first) * (n_features + 1))
        counts[first:last] = found.reshape(last - first, n_features + 1)[:, :-1]
    return counts


def _base5(words: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return words of k bases, numbered with four codes, as they are numbered with five."""
    places = np.arange(k)
    number: NDArray[np.int64] = (words[:, None] // 4**places % 4 * 5**places).sum(axis=1)
    return number


def _words(codes: Codes, k: int) -> NDArray[np.uint16]:
    """Return the word of k codes from each position on; the last k - 1 mean nothing.

    >>> _words(np.array([1, 0, 4], np.uint8), 2).tolist()[:2]
    [5, 4]
    """
    word = codes.astype(np.uint16)
    ahead = word
    for offset in range(1, k):
        word = word * np.uint16(5)
        word[:-offset] += ahead[offset:]
    return word


def _block_table(weights: NDArray[np.float64]) -> Values:
    """Return the summed weights of every word of five codes; -inf with an unknown.

    Positions beyond the weights count nothing, whatever their code.
    """
    table = np.zeros(1)
    for row in weights:
        table = (table[:, None] + np.append(row, -np.inf)).ravel()
    return np.repeat(table, 5 ** (_BLOCK - len(weights))).astype(np.float32)


def scan(codes: Codes, weights: NDArray[np.float64]) -> Values:
    """Score every window of a sequence with a weight matrix, one strand.

    Args:
        codes: Genome codes, ``(length,)``.
        weights: Weight of each base at each position, ``(width, 4)``.

    Returns:
        Scores by first base, ``(length - width + 1,)``; -inf where a base is unknown.

    >>> from zooctl.sequence.onehot import encode
    >>> scan(encode(b"ACGNA"), np.array([[1.0, 0, 0, 0], [0, 2, 0, 0]])).tolist()
    [3.0, 0.0, -inf, -inf]
    """
    return _scan_words(_padded_words(codes), len(codes), weights)


def _padded_words(codes: Codes) -> NDArray[np.uint16]:
    """Return the word of five codes from each position on, N beyond the end."""
    return _words(np.append(codes, np.full(_BLOCK - 1, N, np.uint8)), _BLOCK)


def _scan_words(words: NDArray[np.uint16], length: int, weights: NDArray[np.float64]) -> Values:
    """Score every window of a sequence of some length, given its words."""
    width = len(weights)
    n = max(0, length - width + 1)
    scores = np.zeros(n, dtype=np.float32)
    for first in range(0, width, _BLOCK):
        table = _block_table(weights[first : first + _BLOCK])
        scores += table[words[first : first + n]]
    return scores


def best_hits(codes: Codes, motif: Motif, bin_size: int) -> Values:
    """Return the best log-odds score of a motif in each bin, over both strands.

    A hit belongs to the bin that holds its centre. It may reach into the next bin.

    Args:
        codes: Genome codes of a contig, ``(length,)``.
        motif: Profile; scored as log2 odds against equal bases with a pseudocount of 1.
        bin_size: Bases to a bin.

    Returns:
        ``(n_bins,)``; -inf where every window holds an unknown base.
    """
    forward = motif.log_odds()
    strands = (forward, forward[::-1, ::-1])
    half = motif.length // 2
    n_bins = len(codes) // bin_size
    best = np.empty(n_bins, dtype=np.float32)
    step = max(1, _CHUNK // bin_size)
    for first in range(0, n_bins, step):
        last = min(first + step, n_bins)
        start, length = first * bin_size - half, (last - first) * bin_size + motif.length - 1
        part = gather(codes, np.array([start]), length)[0]
        if (part == N).all():
            best[first:last] = -np.inf
            continue
        words = _padded_words(part)
        scores = np.maximum(*(_scan_words(words, len(part), weights) for weights in strands))
        best[first:last] = scores.reshape(-1, bin_size).max(axis=1)
    return best
