"""Tracks of a network of the transcribed strand: each strand by itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from toy_genome import ToyGenome, repetitive

from zooctl.inference.device.session import Predictions
from zooctl.inference.tracks.genome_grid import plan
from zooctl.inference.tracks.predict import Readout, core_values, predict
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, reverse_complement
from zooctl.sequence.windows import Geometry

WINDOW = Geometry(input_length=60, output_length=40, bin_size=4, core_length=24)


class Weighted:
    """Two tracks that tell strands apart: sums of codes, weighted by place, of each bin."""

    batch_size = 3
    at_once = 1

    def predict(self, codes: Codes) -> Predictions:
        inner = codes[:, 10:50].reshape(len(codes), 10, 4).astype(np.float32)
        first = inner @ np.array([1, 2, 3, 4], np.float32)
        return np.stack([first, inner[:, :, 0] * 7], axis=1)

    def interrupt(self) -> None:
        """Nothing runs elsewhere."""


class Kept:
    def __init__(self) -> None:
        self.values: dict[int, float] = {}

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        for index, value in enumerate(values):
            self.values[start + index * bin_size] = float(value)


def test_each_strand_by_itself() -> None:
    genome = ToyGenome({"chr1": repetitive(400, 3)})
    contigs: Mapping[str, int] = genome.contigs
    grid = plan([Interval("chr1", 0, 400)], contigs, WINDOW)
    sinks = {track: Kept() for track in range(4)}
    readout = Readout(rc_order=(0, 1), n_stranded=2)
    predict(grid, genome, Weighted(), sinks, readout=readout)
    net = Weighted()
    for start in range(24, 360, 24):
        # The input begins 18 bp before the core, and the core with the third of ten bins.
        codes = genome.padded_codes("chr1", start - 18, start + 42)[None]
        plus = net.predict(codes)[0, :, 2:8]
        minus = net.predict(reverse_complement(codes))[0, :, ::-1][:, 2:8]
        for track, expected in enumerate((*plus, *minus)):
            core = [sinks[track].values[start + 4 * index] for index in range(6)]
            assert core == expected.tolist()


def test_chosen_tracks_of_the_other_strand_alone() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (3, 60), dtype=np.uint8)
    readout = Readout(rc_order=(0, 1), n_stranded=2)
    every = core_values(codes, Weighted(), WINDOW, [0, 1, 2, 3], readout)
    some = core_values(codes, Weighted(), WINDOW, [3, 0], readout)
    assert np.array_equal(some, every[:, [3, 0]])
    assert not np.array_equal(every[:, :2], every[:, 2:])
