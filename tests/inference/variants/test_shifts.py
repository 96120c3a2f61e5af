"""Where windows lie around a change, and which bases are compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_genome import ToyGenome, repetitive

from zooctl.errors import InputError
from zooctl.inference.variants.shifts import (
    Compared,
    Haplotype,
    Pair,
    Placement,
    default_max_shift,
    draw_shifts,
    even_shifts,
)
from zooctl.sequence.alleles import Change
from zooctl.sequence.onehot import decode, encode, reverse_complement
from zooctl.sequence.windows import Geometry

GOPHER = Geometry(input_length=2048, output_length=2048, bin_size=32, core_length=1024)
GENOME = ToyGenome({"one": repetitive(2_000, 4)})
LETTERS = GENOME.sequences["one"]


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    bin_size = draw(st.integers(1, 6))
    core = bin_size * draw(st.integers(1, 10))
    output = core + 2 * bin_size * draw(st.integers(0, 6))
    geometry = Geometry(output + 2 * draw(st.integers(0, 20)), output, bin_size, core)
    extent = geometry.input_length if geometry.n_bins == 1 else output
    if extent < 2:
        return Placement(Geometry(64, 32, 4, 16), 4, 8, 0)
    max_shift = draw(st.integers(0, (extent - 2) // 2))
    return Placement(geometry, draw(st.integers(1, 8)), max_shift, draw(st.integers(0, 99)))


@st.composite
def placed(draw: st.DrawFn) -> tuple[Placement, Change]:
    placement = draw(placements())
    size = st.integers(0, placement.longest)
    removed, added = draw(size), draw(size)
    start = draw(st.integers(900, 1_100))
    alt = "".join(draw(st.lists(st.sampled_from("ACGT"), min_size=added, max_size=added)))
    return placement, Change(start, LETTERS[start : start + removed], alt)


def pair_of(placement: Placement, change: Change) -> tuple[Haplotype, Haplotype]:
    pair = whole_pair(placement, change)
    return pair.reference, pair.alternative


def whole_pair(placement: Placement, change: Change, length: int = len(LETTERS)) -> Pair:
    """The windows on the first bases of the toy genome, as if it ended there."""
    sequence = ToyGenome({"one": LETTERS[:length]})
    return placement.pair(
        change, lambda start, end: sequence.padded_codes("one", start, end), length
    )


def test_as_in_the_released_code() -> None:
    """A chop of 3,072 bp with the variant at 1,535, windows from 0 to 1,023, [1024, 2048) kept."""
    placement = Placement(GOPHER, 20, default_max_shift(GOPHER), 0)
    assert (placement.max_shift, placement.longest) == (512, 512)
    variant = 1_535
    change = Change(variant, "A", "G")
    compared = placement.compared(change)
    assert (variant + compared.first, variant + compared.last) == (1_024, 2_048)
    assert compared.n_bases == 1_024
    extremes = Placement(GOPHER, 5_000, 512, 0)
    reference, _ = pair_of(extremes, change)
    pair = whole_pair(extremes, change)
    starts = [pair.low + offset for offset in reference.offsets]
    assert (min(starts), max(starts)) == (0, 1_023)
    assert all(start + 2_048 <= 3_072 for start in starts)


def test_default_shift_follows_the_card() -> None:
    assert default_max_shift(GOPHER) == 512
    assert default_max_shift(Geometry(2048, 1024, 32, 512)) == 256
    assert default_max_shift(Geometry(1000, 1000, 1, 1000)) == 250
    assert default_max_shift(Geometry(1000, 200, 200, 200)) == 250
    assert default_max_shift(Geometry(1, 1, 1, 1)) == 0


def test_shifts_are_those_of_the_seed() -> None:
    drawn = draw_shifts(5_000, 512, 3)
    assert (drawn.min(), drawn.max()) == (-512, 511)
    assert np.array_equal(drawn, draw_shifts(5_000, 512, 3))
    assert not np.array_equal(drawn, draw_shifts(5_000, 512, 4))
    assert draw_shifts(3, 0, 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize("max_shift", [-1, 1_024, 5_000])
def test_shifts_that_leave_nothing(max_shift: int) -> None:
    with pytest.raises(InputError, match="expected 0 to 1023"):
        Placement(GOPHER, 20, max_shift, 0)
    assert Placement(GOPHER, 20, 1_023, 0).longest == 1


@given(placements())
@settings(deadline=None)
def test_equal_shifts_are_predicted_once(placement: Placement) -> None:
    assert len(np.unique(placement.shifts)) == len(placement.shifts) <= placement.n_shifts
    assert np.array_equal(placement.shifts[placement.order], placement.drawn)


@given(placed())
@settings(deadline=None)
def test_windows_hold_the_changed_sequence(case: tuple[Placement, Change]) -> None:
    placement, change = case
    changed = LETTERS[: change.start] + change.alt + LETTERS[change.end :]
    length = placement.geometry.input_length
    first = placement.centre(change) - (length - 1) // 2
    for haplotype, letters in zip(pair_of(placement, change), (LETTERS, changed), strict=True):
        windows = [decode(row) for row in haplotype.rows(length)]
        starts = (first + placement.shifts).tolist()
        assert windows == [letters[start : start + length] for start in starts]
        # Every window holds the change, all of it.
        sequence = change.ref if letters is LETTERS else change.alt
        for start in starts:
            assert start <= change.start
            assert change.start + len(sequence) <= start + length


@given(placed())
@settings(deadline=None)
def test_compared_bases_are_the_same_on_both(case: tuple[Placement, Change]) -> None:
    """Of every window the same bases of the genome are summed, and as many as are said."""
    placement, change = case
    geometry, compared = placement.geometry, placement.compared(change)
    sides = []
    for haplotype in pair_of(placement, change):
        for a, c, b, d in haplotype.spans.tolist():
            assert 0 <= a <= b <= geometry.output_length
            assert c >= d or 0 <= c <= d <= geometry.output_length
            assert b - a + max(0, d - c) == compared.n_bases > 0
        sides.append(haplotype)
    if geometry.n_bins == 1:
        return
    flank = (geometry.input_length - geometry.output_length) // 2
    centred = placement.centre(change) - (geometry.input_length - 1) // 2 + flank
    kept = min(len(change.ref), len(change.alt))
    positions = {
        "ref": list(range(len(LETTERS))),
        "alt": [
            *range(change.start + kept),
            *[-1] * max(0, change.growth),
            *range(change.end, len(LETTERS)),
        ],
    }
    found = set()
    for name, haplotype in zip(positions, sides, strict=True):
        for shift, (a, c, b, d) in zip(
            placement.shifts.tolist(), haplotype.spans.tolist(), strict=True
        ):
            bases = positions[name][centred + shift :][: geometry.output_length]
            found.add((*bases[a:b], *bases[c:d]))
    assert len(found) == 1
    (shared,) = found
    assert -1 not in shared
    assert not set(shared) & set(range(change.start + kept, change.end))


@given(placed())
@settings(deadline=None)
def test_other_strand_has_the_same_windows(case: tuple[Placement, Change]) -> None:
    placement, change = case
    length, output = placement.geometry.input_length, placement.geometry.output_length
    for haplotype in pair_of(placement, change):
        other = placement.other_strand(haplotype)
        for row, turned in zip(haplotype.rows(length), other.rows(length), strict=True):
            assert np.array_equal(turned, reverse_complement(row))
        for (a, c, b, d), spans in zip(haplotype.spans.tolist(), other.spans.tolist(), strict=True):
            assert spans == [output - b, output - d, output - a, output - c]


def test_snvs_and_insertions_of_equal_length_share_the_reference() -> None:
    placement = Placement(GOPHER, 20, 512, 0)
    snv, other = (placement.compared(Change(1_000, "A", alt)) for alt in "CG")
    assert snv == other == Compared(-511, 0, 0, 513)
    inserted = placement.compared(Change(1_000, "", "ACG"))
    assert (inserted.n_bases, inserted.last) == (1_021, 510)
    deleted = placement.compared(Change(1_000, "ACG", ""))
    assert (deleted.gap, deleted.gap_end, deleted.n_bases) == (-1, 2, 1_021)


def test_window_of_the_most_unknown_bases() -> None:
    spans = np.zeros((2, 4), dtype=np.int32)
    for letters, expected in (("AAAAAA", 0), ("NNAAAA", 2), ("ANNAAN", 2), ("ANNNAA", 3)):
        haplotype = Haplotype(encode(letters.encode()), (0, 2), spans)
        assert haplotype.most_unknown(4) == expected


def test_even_shifts() -> None:
    assert even_shifts(21, 60).tolist() == list(range(-60, 61, 6))
    assert even_shifts(4, 5).tolist() == [-5, -2, 2, 5]
    assert Placement(GOPHER, 3, 512, 7, even=True).drawn.tolist() == [-512, 0, 512]


@given(st.data())
@settings(deadline=None)
def test_windows_inside_hold_the_change_and_no_unknown_base(data: st.DataObject) -> None:
    """Each window on either sequence lies in it, as near to where it was meant as that allows."""
    length = data.draw(st.integers(8, 60))
    contig = data.draw(st.integers(2 * length, 4 * length))
    geometry = Geometry(length, length, length, length)
    max_shift = data.draw(st.integers(0, (length - 2) // 2))
    placement = Placement(
        geometry, data.draw(st.integers(1, 6)), max_shift, 0, data.draw(st.booleans()), inside=True
    )
    size = st.integers(0, placement.longest)
    removed, added = data.draw(size), data.draw(size)
    start = data.draw(st.integers(0, contig - removed))
    alt = "".join(data.draw(st.lists(st.sampled_from("ACGT"), min_size=added, max_size=added)))
    change = Change(start, LETTERS[start : start + removed], alt)
    changed = LETTERS[:start] + alt + LETTERS[change.end : contig]
    pair = whole_pair(placement, change, contig)
    meant = placement.centre(change) - (length - 1) // 2 + placement.shifts
    sides = (
        (pair.reference, LETTERS[:contig], change.ref),
        (pair.alternative, changed, change.alt),
    )
    for haplotype, letters, sequence in sides:
        starts = np.clip(meant, 0, len(letters) - length).tolist()
        windows = [decode(row) for row in haplotype.rows(length)]
        assert windows == [letters[first : first + length] for first in starts]
        for first in starts:
            assert first <= start
            assert start + len(sequence) <= first + length
    places = list(zip(pair.reference.offsets, pair.alternative.offsets, strict=True))
    counted = [places[index] for index in placement.counted(pair).tolist()]
    assert sorted(counted) == sorted(set(places))


def test_a_sequence_shorter_than_its_windows_is_padded_at_the_right() -> None:
    placement = Placement(Geometry(20, 20, 20, 20), 3, 5, 0, even=True, inside=True)
    pair = whole_pair(placement, Change(4, LETTERS[4], "N"), 12)
    assert (pair.low, pair.reference.offsets) == (0, (0, 0, 0))
    assert decode(next(pair.reference.rows(20))) == LETTERS[:12] + "N" * 8


def test_windows_of_several_bins_cannot_be_kept_inside() -> None:
    with pytest.raises(InputError, match="one value"):
        Placement(GOPHER, 20, 512, 0, inside=True)
