"""Predictions of the windows of two haplotypes, base by base at the same bases of the genome.

Positions here are in bp from the centre of a change (``shifts.Placement.centre``). On the changed
sequence a base behind the change lies ``growth`` further right than on the genome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.variants.shift_robust_statistics import NO_PLACE, Aligned
from zooctl.inference.variants.shifts import Placement
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.alleles import Change
from zooctl.sequence.windows import Integers

Values = NDArray[np.float64]


class Bases(NamedTuple):
    """Bases of the genome and their counterparts on the changed sequence.

    Attributes:
        genome: Positions on the genome, ``(n,)``.
        changed: Those of their counterparts, ``(n,)``.
        deleted: Whether a base has none, ``(n,)``; its value on the changed sequence is 0.
        inserted: Further positions on the changed sequence that count for ``at``, ``(m,)``.
        at: Index of the base that has the largest value of itself and of the inserted bases.
    """

    genome: Integers
    changed: Integers
    deleted: NDArray[np.bool_]
    inserted: Integers
    at: int = 0


@dataclass(frozen=True)
class HaplotypeOutputs:
    """Predictions of the windows that count, and the position of their first predicted base.

    Attributes:
        values: ``(n_shifts, n_tracks, n_bins)``.
        origins: ``(n_shifts,)``.
        bin_size: Bases to a bin.
    """

    values: Values
    origins: Integers
    bin_size: int

    def read(self, positions: Integers) -> Values:
        """Return the values at bases ``(n,)`` as ``(n_shifts, n_tracks, n)``."""
        bins = (positions[None] - self.origins[:, None]) // self.bin_size
        return np.take_along_axis(self.values, bins[:, None], axis=2)


def align(
    genome: HaplotypeOutputs, changed: HaplotypeOutputs, bases: Bases, centre: int, swapped: bool
) -> Aligned:
    """Return the predictions for REF and ALT at bases of the genome.

    Args:
        genome: Predictions on the genome.
        changed: Predictions on the changed sequence.
        bases: The bases.
        centre: The change's centre, 0-based.
        swapped: The genome has ALT.
    """
    one, other = genome.read(bases.genome), changed.read(bases.changed)
    other[..., bases.deleted] = 0
    if len(bases.inserted):
        highest = changed.read(bases.inserted).max(-1)
        other[..., bases.at] = np.maximum(other[..., bases.at], highest)
    if swapped:
        one, other = other, one
    return Aligned(one, other, centre + bases.genome)


def align_scalars(ref: Values, alt: Values) -> Aligned:
    """Return values of one a window ``(n_shifts, n_tracks)``, or means over bases, as aligned."""
    return Aligned(ref[..., None], alt[..., None], np.array([NO_PLACE]))


def compared_bases(placement: Placement, change: Change) -> Bases:
    """Return the bases that all windows predict and that both sequences have."""
    compared = placement.compared(change)
    kept = np.r_[compared.first : compared.gap, compared.gap_end : compared.last]
    return _paired(kept, change.end - placement.centre(change), change.growth)


def near_bases(placement: Placement, change: Change, distance: int) -> Bases:
    """Return those of the compared bases that lie at most ``distance`` bp from the change.

    Raises:
        ValueError: There is none.
    """
    centre = placement.centre(change)
    positions = compared_bases(placement, change).genome
    first, last = change.start - distance - centre, change.end - 1 + distance - centre
    near = positions[(positions >= first) & (positions <= last)]
    if not len(near):
        raise ValueError(f"no compared base within {distance} bp")
    return _paired(near, change.end - centre, change.growth)


def gain_and_loss_bases(placement: Placement, change: Change, distance: int) -> Bases:
    """Return all bases at most ``distance`` bp from a change, as SpliceAI compares them.

    The distance is from the replaced base or, for an insertion or deletion, from the base before
    it. Deleted bases have the value 0 in ALT. Inserted bases count for the last base that both
    have, which takes the largest of their values. Only bases that all windows predict are returned.

    Source: Jaganathan et al. 2019 (doi:10.1016/j.cell.2018.12.015), ``get_delta_scores`` of the
    released code, extended to changes that replace and insert or delete at once.
    """
    compared, centre = placement.compared(change), placement.centre(change)
    origin = change.start - centre - (not (change.ref and change.alt))
    low, high = max(origin - distance, compared.first), min(origin + distance, compared.last - 1)
    positions = np.arange(low, high + 1)
    start, end = change.start - centre, change.end - centre
    both = start + min(len(change.ref), len(change.alt))
    deleted = (positions >= both) & (positions < end)
    # Bases before the change, and those of REF that ALT replaces, keep their place.
    moved = np.where(positions >= max(both, end), positions + change.growth, positions)
    moved[deleted] = both - 1
    inserted = np.arange(both, both + max(change.growth, 0))
    return Bases(positions, moved, deleted, inserted, int(both - 1 - low))


def _paired(positions: Integers, end: int, growth: int) -> Bases:
    """Pair bases of the genome with those of a sequence that has moved from ``end`` on.

    The bases between the stretches that are compared are already left out.
    """
    # A longer ALT pushes everything from REF's end on, a shorter one draws it in.
    changed = np.where(positions >= end, positions + growth, positions)
    return Bases(positions, changed, np.zeros(len(positions), bool), np.empty(0, np.int64))


def undo(values: NDArray[np.float32], transform: Transform) -> Values:
    """Undo the transform of a training target, in double precision.

    >>> undo(np.log1p(np.array([3], np.float32)), "log1p").round(6).tolist()
    [3.0]
    """
    wide = values.astype(np.float64)
    if transform == "none":
        return wide
    # An overflow becomes infinite, and is reported with its allele.
    with np.errstate(over="ignore"):
        result: Values = np.sinh(wide) if transform == "arcsinh" else np.expm1(wide)
    return result
