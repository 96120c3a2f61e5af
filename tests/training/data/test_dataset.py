"""Batches hold the bases and signal of their windows, on either strand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry
from zooctl.training.data.dataset import Dataset, Swaps, cut_rows, reverse_complement_batch
from zooctl.training.tracks.bin_values_and_labels import Binning

GEOMETRY = Geometry(input_length=12, output_length=8, bin_size=4, core_length=8)
LENGTH = 300


def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    names = ("chr1", "chr2")
    codes = {name: rng.integers(0, 5, LENGTH).astype(np.uint8) for name in names}
    target = {name: rng.random((2, LENGTH)).astype(np.float32) for name in names}
    control = {name: rng.random((1, LENGTH)).astype(np.float32) for name in names}
    return Dataset(GEOMETRY, codes, target, control)


DATA = dataset()


@given(
    places=st.lists(
        st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, LENGTH - 12)),
        min_size=1,
        max_size=6,
    )
)
def test_a_batch_is_its_windows(places: list[tuple[str, int]]) -> None:
    batch = DATA.batch([p[0] for p in places], np.array([p[1] for p in places]))
    for row, (chrom, start) in enumerate(places):
        assert (batch.codes[row] == DATA.codes[chrom][start : start + 12]).all()
        output = DATA.target[chrom][:, start + 2 : start + 10]
        expected = np.stack([output[:, :4].mean(1), output[:, 4:].mean(1)], axis=1)
        np.testing.assert_allclose(batch.target[row], expected, rtol=1e-6)
        assert batch.control[row].shape == (1, 2)


def test_reverse_complement_turns_sequence_and_signal() -> None:
    batch = DATA.batch(["chr1", "chr1"], np.array([3, 50]))
    flipped = reverse_complement_batch(batch, np.array([False, True]), Swaps())
    assert (flipped.codes[0] == batch.codes[0]).all()
    complement = np.array([3, 2, 1, 0, 4])
    assert (flipped.codes[1] == complement[batch.codes[1][::-1]]).all()
    assert (flipped.target[1] == batch.target[1, :, ::-1]).all()
    assert (flipped.control[1] == batch.control[1, :, ::-1]).all()


def test_tracks_of_two_strands_change_places() -> None:
    signals = {name: np.concatenate([rows, rows + 2]) for name, rows in DATA.target.items()}
    rules = (Binning(),) * 4
    data = replace(DATA, signals=signals, signal_rules=rules)
    batch = data.batch(["chr1", "chr1"], np.array([3, 50]))
    order = Swaps(targets=(1, 0), controls=(0,), signals=(0, 3, 2, 1))
    flipped = reverse_complement_batch(batch, np.array([False, True]), order)
    assert batch.signals is not None
    assert flipped.signals is not None
    assert (flipped.target[0] == batch.target[0]).all()
    assert (flipped.target[1] == batch.target[1, [1, 0], ::-1]).all()
    assert (flipped.control[1] == batch.control[1, :, ::-1]).all()
    assert (flipped.signals[1] == batch.signals[1, [0, 3, 2, 1], ::-1]).all()


def test_bins_of_more_than_half_n_count_in_no_loss_where_gaps_are_masked() -> None:
    codes = {"chr1": DATA.codes["chr1"] % 4}
    codes["chr1"][100:103] = 4  # three of the four bases from 100 on
    codes["chr1"][104:106] = 4  # half of the next bin
    data = Dataset(GEOMETRY, codes, DATA.target, DATA.control)
    starts = np.array([98, 106, -6, 294])
    batch = replace(data, masks_gaps=True).batch(["chr1"] * 4, starts)
    assert np.isnan(batch.target).tolist() == [
        [[True, False]] * 2,
        [[False, False]] * 2,
        # Outputs begin at -4 and at 296: one bin before the contig, one behind it.
        [[True, False]] * 2,
        [[False, True]] * 2,
    ]
    assert (batch.codes[2, :6] == 4).all()
    assert (batch.control[2, 0, 0], batch.control[3, 0, 1]) == (0, 0)
    inside = data.batch(["chr1"] * 2, starts[:2])
    assert (
        inside.target[~np.isnan(batch.target[:2])] == batch.target[:2][~np.isnan(batch.target[:2])]
    ).all()


@given(st.lists(st.integers(-20, 30), min_size=1, max_size=5), st.integers(1, 12))
def test_rows_are_cut_base_by_base(starts: list[int], length: int) -> None:
    rows = np.arange(50, dtype=np.float32).reshape(2, 25) + 1
    found = cut_rows(rows, np.array(starts), length)
    for window, start in zip(found, starts, strict=True):
        for row, bases in zip(rows, window.tolist(), strict=True):
            places = range(start, start + length)
            assert bases == [row[at] if 0 <= at < 25 else 0 for at in places]


def test_the_mean_leaves_unknown_bases_out() -> None:
    codes = {"chr1": np.array([0, 4, 1, 2], np.uint8)}
    signal = {"chr1": np.array([[1.0, 100.0, 2.0, 6.0]], np.float32)}
    data = Dataset(GEOMETRY, codes, signal, signal)
    assert data.mean(signal, (Interval("chr1", 0, 3),)).tolist() == [1.5]


def test_each_track_is_binned_by_its_rule() -> None:
    target = np.zeros((3, 12), np.float32)
    target[0, 2:6] = [1, 2, 3, 4]  # sum 10
    target[1, 6:10] = [1, 1, np.nan, 0]  # half in a peak
    target[2, 2:10] = 3
    rules = (Binning("sum", "log1p"), Binning("label"), Binning())
    codes = {"chr1": np.zeros(12, np.uint8)}
    data = Dataset(GEOMETRY, codes, {"chr1": target}, {"chr1": target[:0]}, rules)
    batch = data.batch(["chr1"], np.array([0]))
    np.testing.assert_allclose(batch.target[0], [[np.log(11), 0], [0, 1], [3, 3]], rtol=1e-6)
    assert batch.target.dtype == np.float32
    # Bins from 0: sums 3, 7, 0; labels 0, 1 (of 6 and 7), unknown; means 1.5, 3, 1.5.
    np.testing.assert_allclose(
        data.mean(data.target, (Interval("chr1", 0, 12),)),
        [(np.log(4) + np.log(8)) / 3, 0.5, 2.0],
        rtol=1e-6,
    )
