"""Hits of motifs in a sequence, with their p values: FIMO's, by memelite.

Source: Grant, Bailey and Noble 2011, doi:10.1093/bioinformatics/btr064. Bases of the background are
equally frequent, and 0.0001 is added to each probability of a motif, as memelite has it. Scores are
summed in steps of 0.01 bits; in memelite's own of 0.1, p values of ten positions are up to a fifth
too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import need
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import BASES, Codes, N

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


_STEP = 0.01


class Hits(NamedTuple):
    """Places where motifs fit a sequence, by start, end, motif and strand.

    Attributes:
        motif: Index of the motif, ``(n,)``.
        start: First base, 0-based, ``(n,)``.
        end: Past the last base, ``(n,)``.
        reverse: Whether the motif lies on the other strand, ``(n,)``.
        score: log2 odds against equal bases, ``(n,)``.
        p_value: Chance of a score as high at a random place of one strand, ``(n,)``.
    """

    motif: Integers
    start: Integers
    end: Integers
    reverse: NDArray[np.bool_]
    score: Floats
    p_value: Floats

    def take(self, chosen: NDArray[Any]) -> Hits:
        """Return some of the hits, by a mask or by their order."""
        values: list[NDArray[Any]] = [column[chosen] for column in self]
        return Hits(*values)


def find_hits(
    motifs: Sequence[Motif], codes: Codes, threshold: float, *, both_strands: bool = True
) -> Hits:
    """Return the hits of motifs in a sequence.

    Args:
        motifs: The motifs.
        codes: The sequence, ``(length,)``; a hit has no unknown base.
        threshold: p value that a hit falls below.
        both_strands: Look at the other strand, too.

    Raises:
        InputError: memelite is not installed.
    """
    need("memelite", "looking for motifs")
    from memelite import fimo

    longest = max(motif.length for motif in motifs)
    if len(codes) < longest:  # memelite looks no further than the end
        codes = np.append(codes, np.full(longest - len(codes), N, dtype=np.uint8))
    onehot = (codes == np.arange(len(BASES), dtype=np.uint8)[:, None]).astype(np.int8)[None]
    # Names are indices, so that none is doubled.
    profiles = {str(index): motif.probabilities().T for index, motif in enumerate(motifs)}
    tables = fimo(
        profiles, onehot, bin_size=_STEP, threshold=threshold, reverse_complement=both_strands
    )
    found = [table for table in tables if len(table)]

    def column(name: str, dtype: type) -> NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *(one[name].to_numpy(dtype) for one in found)])

    strands = [one["strand"].to_numpy() == "-" for one in found]
    hits = Hits(
        column("motif_idx", np.int64),
        column("start", np.int64),
        column("end", np.int64),
        np.concatenate([np.empty(0, np.bool_), *strands]),
        column("score", np.float64),
        column("p-value", np.float64),
    )
    # An unknown base adds nothing to memelite's score; FIMO has no hit there.
    unknown = np.concatenate(([0], np.cumsum(codes == N)))
    hits = hits.take(unknown[hits.end] == unknown[hits.start])
    return hits.take(np.lexsort((hits.reverse, hits.motif, hits.end, hits.start)))
