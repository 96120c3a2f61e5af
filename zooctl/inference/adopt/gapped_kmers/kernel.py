"""The gapped k-mer kernel, and the weight that a support vector machine with it gives each l-mer.

The kernel counts pairs of l-mers of two sequences, on either strand, that agree at k positions at
least, each as often as there are k positions among those where they agree: the inner product of
their counts of all gapped k-mers. It is divided by the norms of both (Ghandi et al. 2014,
doi:10.1371/journal.pcbi.1003711). The sum over support sequences is linear in the counts of a
sequence's l-mers, so a table of one weight for each of the 4**l replaces them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.onehot import BASES, Codes, reverse_complement

Values = NDArray[np.float64]

LONGEST_LMER = 11
"""A table of 4**11 weights has 16 MB."""


@dataclass(frozen=True)
class GappedKmers:
    """Lengths of a gapped k-mer kernel.

    Attributes:
        length: Bases of a gapped k-mer with its gaps, l.
        informative: Bases of it that are not gaps, k.
    """

    length: int = LONGEST_LMER
    informative: int = 7

    @property
    def n_shared(self) -> Values:
        """Gapped k-mers that two l-mers share, by the number of their equal bases, ``(l + 1,)``.

        >>> GappedKmers(4, 3).n_shared.tolist()
        [0.0, 0.0, 0.0, 1.0, 4.0]
        """
        return np.array([comb(m, self.informative) for m in range(self.length + 1)], np.float64)

    def numbers(self, codes: Codes) -> NDArray[np.int64]:
        """Return the number of the l-mer at each place, in base 4, ``(..., length - l + 1)``.

        Args:
            codes: Known bases, ``(..., length)``.

        >>> GappedKmers(2, 1).numbers(np.array([0, 1, 3], np.uint8)).tolist()
        [1, 7]
        """
        lmers = np.lib.stride_tricks.sliding_window_view(codes, self.length, axis=-1)
        found: NDArray[np.int64] = lmers @ (len(BASES) ** np.arange(self.length)[::-1])
        return found

    def weights(self, sequences: Codes, factors: Values) -> Values:
        """Return the weight of each l-mer, ``(4**l,)``.

        The sum of the weights of a sequence's l-mers is the sum of its kernels with the support
        sequences, each times its factor; none of them divided by a norm yet.

        Args:
            sequences: Support sequences without unknown bases, ``(n, length)``.
            factors: Factor of each, ``(n,)``.
        """
        counts = np.zeros(len(BASES) ** self.length)
        for strand in (sequences, reverse_complement(sequences)):
            numbers = self.numbers(strand)
            factor = np.broadcast_to(factors[:, None], numbers.shape)
            counts += np.bincount(numbers.ravel(), factor.ravel(), len(counts))
        return _spread(counts.reshape((len(BASES),) * self.length), self.informative).ravel()


class LinearGkm(NamedTuple):
    """A support vector machine with a gapped k-mer kernel, in its linear form.

    Attributes:
        kmers: Lengths of the kernel.
        weights: Weight of each l-mer, ``(4**l,)``.
        bias: Added to the sum of weights over the norm.
    """

    kmers: GappedKmers
    weights: Values
    bias: float


def _spread(counts: Values, informative: int) -> Values:
    """Sum counts of l-mers over those that share gapped k-mers, as often as they share one.

    Over the positions, ``by_fixed[j]`` is the sum over all choices of j positions that have to be
    equal, the others being gaps; a position is either.
    """
    by_fixed = [counts] + [np.zeros_like(counts) for _ in range(informative)]
    for axis in range(counts.ndim):
        for j in range(informative, 0, -1):
            gapped = by_fixed[j].sum(axis=axis, keepdims=True)
            by_fixed[j] = by_fixed[j - 1] + gapped
        by_fixed[0] = np.broadcast_to(by_fixed[0].sum(axis=axis, keepdims=True), counts.shape)
    return by_fixed[informative]
