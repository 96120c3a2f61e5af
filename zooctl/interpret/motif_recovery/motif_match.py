"""Compare a motif with a known one: best placement and similarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import BASES

_LEAST_OVERLAP = 8


@dataclass(frozen=True)
class MotifMatch:
    """Best placement of a motif on a known one.

    Attributes:
        motif: The motif, on the strand of the known one.
        known: Name of the known one.
        similarity: Mean over shared columns of Pearson's correlation of base frequencies.
        offset: Column of the known profile under the first column of ``motif``; may be negative.
        overlap: Shared columns.
        strand: ``-`` if the motif had to be reverse-complemented.
    """

    motif: Motif
    known: str
    similarity: float
    offset: int
    overlap: int
    strand: Literal["+", "-"]


def match_motif(found: Motif, known: Motif, least_overlap: int | None = None) -> MotifMatch:
    """Return the best placement of a motif on a known one, over offsets and both strands.

    Args:
        found: The motif to place.
        known: The known motif.
        least_overlap: Columns that must be shared; 8, or all of the shorter motif.

    >>> box = Motif("box", np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 0, 1, 1]] * 9)
    >>> best = match_motif(box.reverse_complement(), box)
    >>> best.strand, best.offset, round(best.similarity, 6)
    ('-', 0, 1.0)
    """
    if least_overlap is None:
        least_overlap = min(_LEAST_OVERLAP, found.length, known.length)
    best: MotifMatch | None = None
    strands: tuple[tuple[Literal["+", "-"], Motif], ...] = (
        ("+", found),
        ("-", found.reverse_complement()),
    )
    for strand, oriented in strands:
        correlation = _column_correlation(oriented, known)
        for offset in range(least_overlap - oriented.length, known.length - least_overlap + 1):
            shared = np.diagonal(correlation, offset)
            value = float(shared.mean())
            if best is None or value > best.similarity:
                best = MotifMatch(oriented, known.name, value, offset, len(shared), strand)
    assert best is not None
    return best


def _column_correlation(a: Motif, b: Motif) -> NDArray[np.float64]:
    """Return Pearson's correlation of every column of a with every one of b; 0 if even."""
    sides = []
    for motif in (a, b):
        centred = motif.probabilities() - 1 / len(BASES)
        norm = np.linalg.norm(centred, axis=1, keepdims=True)
        sides.append(np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-12))
    product: NDArray[np.float64] = sides[0] @ sides[1].T
    return product
