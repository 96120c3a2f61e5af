"""Sketches of sequence: a fixed share of all k-mers, chosen by their hash.

A k-mer is kept if its hash is small (FracMinHash: Irber et al. 2022, doi:10.1101/2022.01.11.475838,
after the MinHash of Broder 1997). The share of a window's kept k-mers that occur in another stretch
therefore estimates the share of all of its k-mers. Both strands of a k-mer count as one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Integers

# Two bits a base: sixteen bases fill 32 bits. A 16-mer of one strand occurs by chance once in 2 Gb.
K = 16

Kmers = NDArray[np.uint32]

# Small enough for the intermediate arrays to stay near the processor.
_BLOCK = 1 << 20


def number_kmers(codes: Codes) -> tuple[Kmers, Kmers, NDArray[np.bool_]]:
    """Return the number in base 4 of every K-mer of a sequence.

    Args:
        codes: ``(length,)``.

    Returns:
        Each ``(length - K + 1,)``: K-mers of the forward strand, of the reverse strand, and which
        of them have no unknown base.

    >>> forward, reverse, known = number_kmers(np.array([0] * 15 + [1, 4], np.uint8))
    >>> int(forward[0]), int(reverse[0]) == 2 << 30 | 0x3FFFFFFF, known.tolist()
    (1, True, [True, False])
    """
    forward, known = codes.astype(np.uint32), codes != N
    reverse = 3 - forward
    size = 1
    while size < K:
        shift = np.uint32(2 * size)
        # Two k-mers side by side; on the reverse strand the second comes first.
        forward = (forward[:-size] << shift) | forward[size:]
        reverse = (reverse[size:] << shift) | reverse[:-size]
        known = known[:-size] & known[size:]
        size *= 2
    return forward, reverse, known


def hash_kmers(values: Kmers) -> Kmers:
    """Return the hash of each number, one to one (the finaliser of MurmurHash3).

    >>> hash_kmers(np.array([0, 1, 2], np.uint32)).tolist()
    [0, 1364076727, 821347078]
    """
    found = values.astype(np.uint32)
    found ^= found >> np.uint32(16)
    found *= np.uint32(0x85EBCA6B)
    found ^= found >> np.uint32(13)
    found *= np.uint32(0xC2B2AE35)
    found ^= found >> np.uint32(16)
    return found


def sketch(codes: Codes, fraction: float, advance: Advance = no_advance) -> tuple[Integers, Kmers]:
    """Return position and hash of the kept K-mers of a sequence, in order of position.

    Args:
        codes: ``(length,)``.
        fraction: Share of K-mers to keep, at most 1.
        advance: Called with the number of bases done.
    """
    limit = np.uint32(min(round(fraction * 2**32), 2**32 - 1))
    places, hashes = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
    for start in range(0, max(len(codes) - K + 1, 0), _BLOCK):
        forward, reverse, known = number_kmers(codes[start : start + _BLOCK + K - 1])
        hashed = hash_kmers(np.minimum(forward, reverse))
        kept = np.flatnonzero(known & (hashed <= limit))
        places.append(kept + start)
        hashes.append(hashed[kept])
        advance(min(_BLOCK, len(codes) - start))
    return np.concatenate(places), np.concatenate(hashes)


def similarity(window: Codes, other: Codes) -> tuple[float, str]:
    """Return the share of a window's K-mers in another sequence, and the strand of most.

    Exact, over distinct K-mers without unknown bases; both strands count. NaN for a window without
    any.

    >>> rng = np.random.default_rng(0)
    >>> one = rng.integers(0, 4, 100).astype(np.uint8)
    >>> similarity(one, one), similarity(one, (3 - one)[::-1])
    ((1.0, '+'), (1.0, '-'))
    """
    forward, reverse, known = number_kmers(window)
    theirs, _, theirs_known = number_kmers(other)
    pool = np.unique(theirs[theirs_known])
    own = np.unique(np.minimum(forward, reverse)[known])
    if not len(own):
        return float("nan"), "+"
    plus, minus = (np.isin(strand[known], pool) for strand in (forward, reverse))
    found = np.unique(np.minimum(forward, reverse)[known][plus | minus])
    return len(found) / len(own), "+" if plus.sum() >= minus.sum() else "-"
