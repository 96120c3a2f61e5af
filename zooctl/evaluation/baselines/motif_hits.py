"""Best hit of a known motif in each bin of a sequence, over both strands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.baselines.kmer_counts import number_kmers
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import gather

Values = NDArray[np.float32]

# Bases worked on at a time: intermediate arrays stay below 100 MB.
_CHUNK = 1 << 20
# Positions of a weight matrix that one table of summed weights covers, 5^5 entries each.
_K = 5


def scan(codes: Codes, *matrices: NDArray[np.float64]) -> Values:
    """Return the best score of every window of a sequence over weight matrices of one width.

    Args:
        codes: Genome codes, ``(length,)``.
        matrices: Weight of each base at each position, ``(width, 4)``; one per strand.

    Returns:
        Scores by first base, ``(length - width + 1,)``; -inf where a base is unknown.

    >>> from zooctl.sequence.onehot import encode
    >>> scan(encode(b"ACGNA"), np.array([[1.0, 0, 0, 0], [0, 2, 0, 0]])).tolist()
    [3.0, 0.0, -inf, -inf]
    """
    kmers = number_kmers(np.append(codes, np.full(_K - 1, N, np.uint8)), _K)
    width = len(matrices[0])
    n = max(0, len(codes) - width + 1)
    scores = np.zeros((len(matrices), n), dtype=np.float32)
    for strand, weights in zip(scores, matrices, strict=True):
        for first in range(0, width, _K):
            strand += _summed_weights(weights[first : first + _K])[kmers[first : first + n]]
    best: Values = scores.max(axis=0)
    return best


def _summed_weights(weights: NDArray[np.float64]) -> Values:
    """Return the summed weights of every k-mer of five codes; -inf with an unknown base.

    Positions beyond the weights add nothing, whatever their code.
    """
    table = np.zeros(1)
    for row in weights:
        table = (table[:, None] + np.append(row, -np.inf)).ravel()
    return np.repeat(table, 5 ** (_K - len(weights))).astype(np.float32)


def best_hits(codes: Codes, motif: Motif, bin_size: int, margin: int = 0) -> Values:
    """Return the best log-odds score of a motif in each bin, over both strands.

    A hit belongs to the bin that holds its centre. It may reach into the next bin.

    Args:
        codes: Genome codes of a contig, ``(length,)``.
        motif: Profile; scored as log2 odds against equal bases with a pseudocount of 1.
        bin_size: Bases per bin.
        margin: Bins on each side that are not returned.

    Returns:
        ``(n_bins,)``; -inf where every window holds an unknown base.
    """
    forward = motif.log_odds()
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
        scores = scan(part, forward, forward[::-1, ::-1])
        best[first:last] = scores.reshape(-1, bin_size).max(axis=1)
    return best[margin : n_bins - margin]


def best_hits_of_bins(codes: Codes, motif: Motif, bin_size: int, bins: NDArray[np.intp]) -> Values:
    """Return the best log-odds score of a motif in some bins, as ``best_hits`` of all.

    Args:
        codes: Genome codes of a contig, ``(length,)``.
        motif: Profile, scored as in ``best_hits``.
        bin_size: Bases per bin.
        bins: Indices of the bins, ``(n,)``.
    """
    forward = motif.log_odds()
    length = bin_size + motif.length - 1
    rows = gather(codes, bins.astype(np.int64) * bin_size - motif.length // 2, length)
    # Windows across two rows are of no bin.
    scores = np.append(scan(rows.ravel(), forward, forward[::-1, ::-1]), [-np.inf] * motif.length)
    inside = scores[: rows.size].reshape(len(rows), length)[:, :bin_size]
    best: Values = inside.max(axis=1).astype(np.float32)
    return best


def finite(hits: Values) -> Values:
    """Return hits with those of unknown sequence at the lowest of known sequence, or at 0.

    >>> finite(np.array([3.0, -np.inf, -2.0], np.float32)).tolist()
    [3.0, -2.0, -2.0]
    """
    found: Values = np.maximum(hits, hits[np.isfinite(hits)].min(initial=0.0))
    return found
