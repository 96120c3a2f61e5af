"""Profiles of filters: the stretches that activate each most, laid on each other.

Source: Alipanahi et al. 2015, doi:10.1038/nbt.3300, supplementary notes, section 10.2 (DeepBind),
with the threshold of Koo and Ploenzke 2021, doi:10.1038/s42256-020-00291-x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.files.motifs import Motif
from zooctl.interpret.filters.first_layer import FirstLayer
from zooctl.progress import Advance, no_advance
from zooctl.sequence.onehot import BASES, Codes

# Windows whose activations lie in memory together.
_AT_ONCE = 64
_LEAST_BITS, _BESIDE = 0.5, 3


@dataclass(frozen=True, eq=False)
class FilterProfile:
    """The profile of one filter.

    Attributes:
        index: Its place in the layer, from 0.
        highest: Its highest activation in all windows.
        n_sites: Windows whose highest activation passes the threshold.
        motif: Counts of bases in those stretches; None where there are none.
    """

    index: int
    highest: float
    n_sites: int
    motif: Motif | None


def align_filters(
    layer: FirstLayer, windows: Codes, threshold: float = 0.5, advance: Advance = no_advance
) -> list[FilterProfile]:
    """Return the profile of each filter of a layer.

    From each window the stretch with the filter's highest activation is taken, if that is above
    ``threshold`` of the highest in all windows.

    Args:
        layer: The layer.
        windows: Codes ``(n, input_length)``.
        threshold: Share of a filter's highest activation.
        advance: Called with the number of windows done.

    Raises:
        VerificationError: An activation is not a finite number.
    """
    best = np.empty((len(windows), layer.n_filters))
    at = np.empty((len(windows), layer.n_filters), dtype=np.int64)
    for first in range(0, len(windows), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found = layer.activations(windows[part])
        if not np.isfinite(found).all():
            raise VerificationError("an activation of the first layer is not a finite number")
        best[part], at[part] = found.max(axis=2), found.argmax(axis=2)
        advance(len(found))
    profiles = []
    for index in range(layer.n_filters):
        highest = float(best[:, index].max())
        rows = np.flatnonzero((best[:, index] > threshold * highest) & (best[:, index] > 0))
        counts = _count(layer, windows[rows], at[rows, index])
        has_sites = len(rows) > 0 and bool((counts.sum(axis=1) > 0).all())
        motif = Motif(f"filter_{index}", counts) if has_sites else None
        profiles.append(FilterProfile(index, highest, len(rows), motif))
    return profiles


def _count(layer: FirstLayer, windows: Codes, positions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return counts of the bases at each weight, ``(width, 4)``; those outside count as none."""
    counts = np.zeros((layer.width, len(BASES)))
    for window, position in zip(windows, positions.tolist(), strict=True):
        places = layer.bases(position)
        inside = (places >= 0) & (places < len(window))
        codes = window[places[inside]]
        known = codes < len(BASES)
        counts[np.flatnonzero(inside)[known], codes[known]] += 1
    return counts


def trimmed(motif: Motif) -> Motif:
    """Return the part of a profile from its first position of half a bit to its last, and 3 more.

    A profile without such a position stays whole.

    >>> counts = np.full((12, 4), 5.0)
    >>> counts[6] = [20, 0, 0, 0]
    >>> trimmed(Motif("a", counts)).length
    7
    """
    strong = np.flatnonzero(motif.information() >= _LEAST_BITS)
    if not len(strong):
        return motif
    part = slice(max(0, strong[0] - _BESIDE), strong[-1] + 1 + _BESIDE)
    return Motif(motif.name, motif.counts[part])
