"""Windows stay inside their split, epochs are addressed, signal parts the chunks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.schema.recipe.windows import CoverageWindows
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.sampling import Chunks, epoch_windows, split_by_signal, tile

GEOMETRY = Geometry(input_length=16, output_length=8, bin_size=2, core_length=4)


def dataset(length: int = 400) -> Dataset:
    codes = np.zeros(length, np.uint8)
    target = np.zeros((1, length), np.float32)
    return Dataset(GEOMETRY, {"chr1": codes}, {"chr1": target}, {"chr1": target.copy()})


def chunks(n: int) -> Chunks:
    return Chunks(("chr1",), np.zeros(n, np.int64), np.arange(n, dtype=np.int64) * 4)


@given(start=st.integers(0, 150), length=st.integers(0, 200), margin=st.integers(0, 9))
def test_no_shifted_window_leaves_its_region(start: int, length: int, margin: int) -> None:
    region = Interval("chr1", start, start + length)
    found = tile(dataset(), (region,), 4, margin)
    inputs = found.start - GEOMETRY.input_flank
    assert (inputs - margin >= region.start).all()
    assert (inputs + GEOMETRY.input_length + margin <= region.end).all()
    # And none that would fit is left out: the cores are consecutive steps of the grid.
    room = length - 2 * margin - GEOMETRY.input_length
    assert len(found) >= room // GEOMETRY.core_length
    assert (np.diff(found.start) == GEOMETRY.core_length).all()


def test_signal_parts_the_chunks() -> None:
    windows = CoverageWindows(
        key="coverage_threshold", threshold=5, stride=4, negatives=1, max_control=30
    )
    data = dataset()
    data.target["chr1"][0, 41] = 9  # chunk 10
    data.target["chr1"][0, 83] = 5  # chunk 20, at the threshold
    data.target["chr1"][0, 120] = 9  # chunk 30, but an artefact of the control
    data.control["chr1"][0, 121] = 40
    data.codes["chr1"][160:163] = 4  # chunk 40 is unknown
    positives, negatives = split_by_signal(data, chunks(50), windows)
    assert positives.start.tolist() == [40, 80]
    assert sorted({*range(50)} - {10, 20, 30, 40}) == (negatives.start // 4).tolist()


def draw(seed: int, epoch: int) -> tuple[list[int], list[int], list[bool]]:
    found = epoch_windows(
        chunks(5),
        Chunks(("chr1",), np.zeros(90, np.int64), 1000 + np.arange(90)),
        n_negatives=20,
        max_shift=3,
        reverse_complement=True,
        seed=seed,
        epoch=epoch,
    )
    return found.chunks.start.tolist(), found.shift.tolist(), found.flip.tolist()


def test_an_epoch_depends_on_its_address_alone() -> None:
    assert draw(1, 4) == draw(1, 4)
    assert draw(1, 4) != draw(1, 5)
    assert draw(1, 4) != draw(2, 4)


def test_an_epoch_holds_every_positive_and_fresh_negatives() -> None:
    starts, shifts, flips = draw(1, 0)
    assert len(starts) == 25
    assert set(chunks(5).start.tolist()) <= set(starts)
    assert len({s for s in starts if s >= 1000}) == 20
    assert {-3, 3} <= set(shifts) <= {-3, -2, -1, 0, 1, 2, 3}
    assert len(set(flips)) == 2


def test_shifts_reach_both_ends() -> None:
    seen = {shift for epoch in range(30) for shift in draw(0, epoch)[1]}
    assert seen == set(range(-3, 4))


def test_without_augmentation_nothing_moves() -> None:
    found = epoch_windows(
        chunks(2), chunks(3), n_negatives=3, max_shift=0, reverse_complement=False, seed=0, epoch=0
    )
    assert len(found.chunks) == 5
    assert not found.flip.any()
    assert not found.shift.any()


def test_taking_rows_keeps_contigs() -> None:
    two = Chunks(("chr1", "chr2"), np.array([0, 1, 1]), np.array([1, 2, 3]))
    assert two.take(np.array([2])).chrom.tolist() == [1]
    with pytest.raises(IndexError):
        two.take(np.array([3]))


def test_flanking_windows_join_their_positive() -> None:
    settings = {"n_negatives": 5, "max_shift": 0, "reverse_complement": False, "seed": 1}
    epoch = epoch_windows(chunks(4), chunks(20), epoch=0, flanking=50, **settings)
    plain = epoch_windows(chunks(4), chunks(20), epoch=0, **settings)
    assert len(epoch.chunks) == 3 * 4 + 5
    assert len(plain.chunks) == 4 + 5
    starts = epoch.chunks.start.tolist()
    for start in range(0, 16, 4):
        assert {start - 50, start, start + 50} <= set(starts)
    negatives = sorted(starts)
    for start in [at + bp for at in range(0, 16, 4) for bp in (-50, 0, 50)]:
        negatives.remove(start)
    assert len(set(negatives)) == 5
    assert set(negatives) <= set(range(0, 80, 4))


def test_samples_are_drawn_anew_and_change_nothing_else() -> None:
    settings = {"n_negatives": 60, "max_shift": 9, "reverse_complement": True, "seed": 1}
    one = epoch_windows(chunks(60), chunks(60), epoch=0, **settings)
    many = epoch_windows(chunks(60), chunks(60), epoch=0, n_samples=3, **settings)
    assert one.sample.tolist() == [0] * 120
    assert set(many.sample.tolist()) == {0, 1, 2}
    assert many.chunks.start.tolist() == one.chunks.start.tolist()
    assert many.shift.tolist() == one.shift.tolist()
    assert many.flip.tolist() == one.flip.tolist()


def test_the_threshold_may_be_asked_of_the_whole_chunk() -> None:
    # Inputs of 16 around cores of 4, shifted by 2: chunks of 20, whose core is bases 8 to 12.
    data = dataset()
    over = CoverageWindows(
        key="coverage_threshold", threshold=5, stride=20, negatives=1, threshold_over="chunk"
    )
    found = tile(data, (Interval("chr1", 30, 100),), 20, margin=2, from_start=True)
    assert (found.start - 8).tolist() == [30, 50, 70]
    data.target["chr1"][0, [50, 69]] = 9  # the first and the last base of the second chunk
    positives, negatives = split_by_signal(data, found, over, margin=2)
    assert ((positives.start - 8).tolist(), (negatives.start - 8).tolist()) == ([50], [30, 70])
    core = over.model_copy(update={"threshold_over": "core"})
    assert not len(split_by_signal(data, found, core, margin=2)[0])


def test_inputs_overhang_contigs_where_gaps_are_masked() -> None:
    data = replace(dataset(), masks_gaps=True)
    whole, inner = Interval("chr1", 0, 400), Interval("chr1", 0, 300)
    assert tile(data, (whole,), 4, margin=3).start.tolist() == list(range(0, 397, 4))
    # The end of a region inside a contig is one still: flank of 6, shift of 3, core of 4.
    assert tile(data, (inner,), 4, margin=3).start.tolist() == list(range(0, 288, 4))
