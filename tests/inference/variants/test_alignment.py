"""Which base of ALT stands for which base of the genome, by hand and against SpliceAI's way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zooctl.inference.variants.alignment import (
    HaplotypeOutputs,
    align,
    compared_bases,
    gain_and_loss_bases,
    near_bases,
)
from zooctl.inference.variants.shifts import Placement
from zooctl.sequence.alleles import Change
from zooctl.sequence.windows import Geometry

# One window of 41 bp around the centre, all of it predicted, a base a bin.
ONE_PASS = Placement(Geometry(41, 41, 1, 41), 1, 0, 0)
GENOME = np.arange(1000.0)


def changed(change: Change) -> NDArray[np.float64]:
    """The values of a changed sequence: 1,000 and more for what ALT brings."""
    return np.r_[GENOME[: change.start], 1000.0 + np.arange(len(change.alt)), GENOME[change.end :]]


def aligned(change: Change, kind: str, distance: int = 5) -> tuple[list[int], list[float]]:
    """Bases of the genome, and the values of ALT there, where a base's value is its place."""
    centre = ONE_PASS.centre(change)
    origin = centre + int(ONE_PASS.origins[0])
    if kind == "compared":
        bases = compared_bases(ONE_PASS, change)
    elif kind == "near":
        bases = near_bases(ONE_PASS, change, distance)
    else:
        bases = gain_and_loss_bases(ONE_PASS, change, distance)
    one, other = (
        HaplotypeOutputs(values[None, None, origin : origin + 41], ONE_PASS.origins, 1)
        for values in (GENOME, changed(change))
    )
    found = align(one, other, bases, centre, swapped=False)
    assert found.ref[0, 0].tolist() == found.positions.tolist()
    turned = align(one, other, bases, centre, swapped=True)
    assert np.array_equal(turned.ref, found.alt)
    assert np.array_equal(turned.alt, found.ref)
    return found.positions.tolist(), found.alt[0, 0].tolist()


def test_snv() -> None:
    snv = Change(500, "A", "C")
    places, values = aligned(snv, "compared")
    assert places == list(range(480, 521))
    assert values == [*range(480, 500), 1000, *range(501, 521)]
    assert aligned(snv, "near", 2) == ([498, 499, 500, 501, 502], [498, 499, 1000, 501, 502])
    assert aligned(snv, "delta", 2) == aligned(snv, "near", 2)


def test_deletion() -> None:
    """Deleted bases are left out, or count as 0 where gains and losses are looked for."""
    deletion = Change(500, "AC", "")
    places, values = aligned(deletion, "near", 2)
    assert (places, values) == ([498, 499, 502, 503], [498, 499, 502, 503])
    # The distance is from the base before, as VCF writes it.
    assert aligned(deletion, "delta", 3) == (
        [496, 497, 498, 499, 500, 501, 502],
        [496, 497, 498, 499, 0, 0, 502],
    )


def test_insertion() -> None:
    """Inserted bases are left out, or the highest of them counts for the base before."""
    insertion = Change(500, "", "CCC")
    assert aligned(insertion, "near", 2) == ([498, 499, 500, 501], [498, 499, 500, 501])
    assert aligned(insertion, "delta", 2) == (
        [497, 498, 499, 500, 501],
        [497, 498, 1002, 500, 501],
    )


def test_replacements_of_other_lengths() -> None:
    longer, shorter = Change(500, "A", "CCC"), Change(500, "AAA", "C")
    assert aligned(longer, "near", 1) == ([499, 500, 501], [499, 1000, 501])
    assert aligned(longer, "delta", 1) == ([499, 500, 501], [499, 1002, 501])
    assert aligned(shorter, "near", 1) == ([499, 500, 503], [499, 1000, 503])
    assert aligned(shorter, "delta", 3) == (
        [497, 498, 499, 500, 501, 502, 503],
        [497, 498, 499, 1000, 0, 0, 503],
    )


def as_spliceai(y_alt: NDArray[np.float64], ref: str, alt: str, middle: int) -> list[float]:
    """The alignment of SpliceAI's get_delta_scores, written from its description.

    ``y_alt`` holds ALT's values from ``middle`` bases before POS on.
    """
    if len(ref) > 1 and len(alt) == 1:
        zeros = np.zeros(len(ref) - 1)
        return np.r_[y_alt[: middle + 1], zeros, y_alt[middle + 1 :]][: 2 * middle + 1].tolist()
    if len(ref) == 1 and len(alt) > 1:
        top = y_alt[middle : middle + len(alt)].max()
        return np.r_[y_alt[:middle], top, y_alt[middle + len(alt) :]][: 2 * middle + 1].tolist()
    return y_alt[: 2 * middle + 1].tolist()


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 12), st.integers(0, 2**32))
@settings(deadline=None)
def test_gains_and_losses_are_spliceais(removed: int, added: int, distance: int, seed: int) -> None:
    """On values of no order, for an SNV or an indel as VCF writes it: with the base before."""
    if removed and added:
        removed = added = 1
    rng = np.random.default_rng(seed)
    genome = rng.random(1000)
    change = Change(500, "A" * removed, "C" * added)
    if not (removed or added):
        return
    sequence = np.r_[genome[:500], rng.random(added), genome[500 + removed :]]
    pos = 500 if removed and added else 499
    ref, alt = (1, 1) if removed and added else (removed + 1, added + 1)
    centre = ONE_PASS.centre(change)
    origin = centre + int(ONE_PASS.origins[0])
    one, other = (
        HaplotypeOutputs(values[None, None, origin : origin + 41], ONE_PASS.origins, 1)
        for values in (genome, sequence)
    )
    bases = gain_and_loss_bases(ONE_PASS, change, distance)
    found = align(one, other, bases, centre, swapped=False)
    assert found.positions.tolist() == list(range(pos - distance, pos + distance + 1))
    expected = as_spliceai(sequence[pos - distance :], "N" * ref, "N" * alt, distance)
    assert found.alt[0, 0].tolist() == pytest.approx(expected)


def test_reach_ends_where_windows_end() -> None:
    """Of two shifts, only the bases of both; bins have their value at each base."""
    placement = Placement(Geometry(32, 32, 4, 16), 2, 8, 0, even=True)
    assert placement.shifts.tolist() == [-8, 8]
    snv = Change(500, "A", "C")
    everything = gain_and_loss_bases(placement, snv, 1000)
    assert (everything.genome[0], everything.genome[-1]) == (-7, 8)
    assert compared_bases(placement, snv).genome.tolist() == list(range(-7, 9))
    outputs = HaplotypeOutputs(np.arange(16.0).reshape(2, 1, 8), placement.origins, 4)
    # Windows begin 23 and 7 bases before the change.
    read = outputs.read(np.array([-7, 0, 8]))
    assert read[:, 0].tolist() == [[16 // 4, 23 // 4, 31 // 4], [8, 8 + 7 // 4, 8 + 15 // 4]]


def test_no_base_near() -> None:
    with pytest.raises(ValueError, match="no compared base within 0 bp"):
        near_bases(ONE_PASS, Change(500, "", "C"), 0)
