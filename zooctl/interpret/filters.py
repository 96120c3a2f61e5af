"""What the first layer has learnt: its filters as motifs, and their likeness to a known one.

As in Basset and DeepBind: the sub-sequences that excite a filter to more than half of its maximum
are stacked to a count matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import BASES, Codes, N

Weights = NDArray[np.floating]

_LEAST_OVERLAP = 8
_LEAST_SITES = 10


@dataclass(frozen=True)
class Match:
    """How a profile lies on a known one.

    Attributes:
        motif: The profile, turned to the strand of the known one.
        known: Name of the known one.
        similarity: Mean over shared columns of Pearson's correlation of base frequencies.
        offset: Column of the known profile under the first column of ``motif``; may be negative.
        overlap: Shared columns.
        strand: ``-`` if the profile had to be turned.
    """

    motif: Motif
    known: str
    similarity: float
    offset: int
    overlap: int
    strand: Literal["+", "-"]


def match(found: Motif, known: Motif, least_overlap: int | None = None) -> Match:
    """Return the best placement of a profile on a known one, over offsets and both strands.

    Args:
        found: The profile to place.
        known: What it is compared with.
        least_overlap: Columns that must be shared; 8, or all of the shorter profile.

    >>> box = Motif("box", np.eye(4)[[0, 1, 2, 3, 3, 2, 1, 0, 1, 1]] * 9)
    >>> best = match(box.reverse_complement(), box)
    >>> best.strand, best.offset, round(best.similarity, 6)
    ('-', 0, 1.0)
    """
    if least_overlap is None:
        least_overlap = min(_LEAST_OVERLAP, found.length, known.length)
    best: Match | None = None
    strands: tuple[tuple[Literal["+", "-"], Motif], ...] = (
        ("+", found),
        ("-", found.reverse_complement()),
    )
    for strand, turned in strands:
        correlation = _column_correlation(turned, known)
        for offset in range(least_overlap - turned.length, known.length - least_overlap + 1):
            shared = np.diagonal(correlation, offset)
            value = float(shared.mean())
            if best is None or value > best.similarity:
                best = Match(turned, known.name, value, offset, len(shared), strand)
    assert best is not None
    return best


def _column_correlation(a: Motif, b: Motif) -> NDArray[np.float64]:
    """Return Pearson's correlation of every column of a with every one of b; 0 for an even one."""
    sides = []
    for motif in (a, b):
        centred = motif.probabilities() - 1 / len(BASES)
        norm = np.linalg.norm(centred, axis=1, keepdims=True)
        sides.append(np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-12))
    product: NDArray[np.float64] = sides[0] @ sides[1].T
    return product


def first_convolution(tensors: Mapping[str, Weights]) -> tuple[str, Weights, Weights]:
    """Return name, weights ``(filters, 4, width)`` and biases of the layer that reads the sequence.

    Raises:
        InputError: No tensor, or more than one, is a convolution of four channels.
    """
    names = [name for name, values in tensors.items() if values.ndim == 3 and values.shape[1] == 4]
    if len(names) != 1:
        raise InputError(
            "the first convolution cannot be told by its shape",
            got=", ".join(names) or "none",
            expected="one tensor (filters, 4, width)",
        )
    weights = tensors[names[0]]
    stem = names[0].removesuffix("weight")
    bias = tensors.get(f"{stem}bias", np.zeros(len(weights)))
    return names[0], weights, bias


def filter_motifs(weights: Weights, bias: Weights, sequences: Codes) -> list[Motif]:
    """Return the motif of every filter that at least ten sub-sequences excite.

    Args:
        weights: First convolution, ``(filters, 4, width)``.
        bias: Its biases, ``(filters,)``.
        sequences: Codes, ``(n, length)``; sub-sequences with an unknown base are left out.

    Returns:
        Motifs named ``filter 0`` and so on, counts over the sub-sequences whose activation is
        above half of the filter's largest.
    """
    width = weights.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(sequences, width, axis=1).reshape(-1, width)
    windows = windows[(windows != N).all(axis=1)]
    if not len(windows):
        return []
    onehot = (windows[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float32)
    flat = onehot.reshape(len(windows), -1)
    activation = flat @ weights.transpose(2, 1, 0).reshape(-1, len(weights)).astype(np.float32)
    activation += bias.astype(np.float32)
    largest = activation.max(axis=0)
    motifs = []
    for index in np.flatnonzero(largest > 0):
        sites = onehot[activation[:, index] > largest[index] / 2]
        if len(sites) >= _LEAST_SITES:
            motifs.append(Motif(f"filter {index}", sites.sum(axis=0, dtype=np.float64)))
    return motifs


def best_match(motifs: Iterable[Motif], known: Motif) -> Match | None:
    """Return the match of the motif that is most like a known one; None without motifs."""
    matches = [match(motif, known) for motif in motifs]
    return max(matches, key=lambda found: found.similarity, default=None)
