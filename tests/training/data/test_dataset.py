"""Batches hold the bases and signal of their windows, on either strand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry
from zooctl.training.data.dataset import Dataset, reverse_complement_batch
from zooctl.training.tracks.binning import Binning

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
    flipped = reverse_complement_batch(batch, np.array([False, True]))
    assert (flipped.codes[0] == batch.codes[0]).all()
    complement = np.array([3, 2, 1, 0, 4])
    assert (flipped.codes[1] == complement[batch.codes[1][::-1]]).all()
    assert (flipped.target[1] == batch.target[1, :, ::-1]).all()
    assert (flipped.control[1] == batch.control[1, :, ::-1]).all()


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
