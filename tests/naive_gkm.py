"""Gapped k-mers counted one by one, as text: an oracle."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np

from zooctl.sequence.onehot import Codes, decode, reverse_complement


def gapped_kmers(sequence: Codes, length: int, informative: int) -> Counter[str]:
    """Count the gapped k-mers of one strand, such as ``A.CG``; none with an unknown base."""
    text = decode(sequence)
    found: Counter[str] = Counter()
    for start in range(len(text) - length + 1):
        lmer = text[start : start + length]
        if "N" in lmer:
            continue
        for kept in combinations(range(length), informative):
            found["".join(base if i in kept else "." for i, base in enumerate(lmer))] += 1
    return found


def kernel(one: Codes, other: Codes, length: int, informative: int) -> float:
    """Return the kernel of two sequences, divided by the norms of both."""

    def product(a: Codes, b: Codes) -> int:
        counts = gapped_kmers(a, length, informative)
        both = gapped_kmers(b, length, informative)
        both.update(gapped_kmers(reverse_complement(b), length, informative))
        return sum(n * both[kmer] for kmer, n in counts.items())

    return float(product(one, other) / np.sqrt(product(one, one) * product(other, other)))
