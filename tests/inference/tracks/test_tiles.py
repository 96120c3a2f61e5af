"""Tiles against windows one by one, and the laws of the genome grid on tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zooctl.inference.device.session import Session
from zooctl.inference.engine import tiles as engine_tiles
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.engine.tiles import open_tiles
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.inference.tracks.estimate import estimate_seconds
from zooctl.inference.tracks.genome_grid import GridPlan, plan
from zooctl.inference.tracks.predict import Counts, Readout, lay_work, predict
from zooctl.inference.tracks.tiles import are_sparse, n_tiles, read_tiles
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

Build = Callable[..., bytes]
Values = dict[tuple[str, int], float]

# Edges are felt by two of three bins in one network, by few in the other.
WHOLE = Geometry(input_length=192, output_length=192, bin_size=32, core_length=64)
BASES = Geometry(input_length=240, output_length=240, bin_size=8, core_length=80)
LENGTHS = {"chr2": 3_000, "chr1": 1_111, "chrM": 100}


class Genome:
    """Random contigs with runs of N in memory."""

    contigs: Mapping[str, int] = LENGTHS

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.codes = {name: rng.integers(0, 4, n, dtype=np.uint8) for name, n in LENGTHS.items()}
        self.codes["chr2"][900:1_300] = 4

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        codes = np.full(end - start, 4, dtype=np.uint8)
        low, high = max(start, 0), min(end, LENGTHS[chrom])
        if low < high:
            codes[low - start : high - start] = self.codes[chrom][low:high]
        return codes


class Track:
    """A sink that keeps bins by place and insists on order, each bin once."""

    def __init__(self) -> None:
        self.values: Values = {}
        self._last = (-1, -1)

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        place = (list(LENGTHS).index(chrom), start)
        assert place > self._last
        self._last = (place[0], start + (len(values) - 1) * bin_size)
        for i, value in enumerate(values.tolist()):
            if not np.isnan(value):
                self.values[chrom, start + i * bin_size] = value


GENOME = Genome()


@pytest.fixture(scope="module", params=["whole", "bases"])
def opened(
    request: pytest.FixtureRequest, conv_network: Build
) -> tuple[Session, SharedWindows, Geometry]:
    geometry = WHOLE if request.param == "whole" else BASES
    model = conv_network(geometry, 6, 7 if request.param == "whole" else 3, 2, "pointwise", 2)
    session = Session(
        model, geometry=geometry, n_tracks=2, unknown_base=0.25, device="cpu", threads=1
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_tiles, "LEAST_GAIN", 0)
        options = SessionOptions(device="cpu", threads=1, batch_size=24)
        tiles = open_tiles(FollowedNetwork(model, geometry, 2, 0.25), options)
    assert tiles is not None
    return session, tiles, geometry


def run(
    opened: tuple[Session, SharedWindows, Geometry],
    regions: Sequence[Interval],
    *,
    tiled: bool,
    readout: Readout | None = None,
) -> tuple[list[Values], Counts]:
    session, tiles, geometry = opened
    sinks = {0: Track(), 1: Track()}
    laid = plan(regions, LENGTHS, geometry)
    counts = predict(
        laid,
        GENOME,
        session,
        sinks,
        readout=readout or Readout("log1p"),
        tiles=tiles if tiled else None,
    )
    return [sink.values for sink in sinks.values()], counts


@st.composite
def regions(draw: st.DrawFn) -> list[Interval]:
    found = []
    for chrom in draw(st.lists(st.sampled_from(list(LENGTHS)), min_size=1, max_size=5)):
        start = draw(st.integers(0, LENGTHS[chrom]))
        found.append(Interval(chrom, start, draw(st.integers(start, LENGTHS[chrom]))))
    return found


@given(some=regions(), both=st.booleans())
@settings(deadline=None, max_examples=40)
def test_tiles_give_what_windows_give(
    opened: tuple[Session, SharedWindows, Geometry], some: list[Interval], both: bool
) -> None:
    readout = Readout("log1p", rc_order=(1, 0) if both else None)
    found, counts = run(opened, some, tiled=True, readout=readout)
    expected, plain_counts = run(opened, some, tiled=False, readout=readout)
    assert counts == plain_counts
    for mine, other in zip(found, expected, strict=True):
        assert mine.keys() == other.keys()
        np.testing.assert_allclose(list(mine.values()), list(other.values()), rtol=1e-5, atol=1e-5)


@given(first=regions(), last=regions())
@settings(deadline=None, max_examples=40)
def test_union_of_regions_is_union_of_predictions_bit_for_bit(
    opened: tuple[Session, SharedWindows, Geometry], first: list[Interval], last: list[Interval]
) -> None:
    whole, _ = run(opened, [*last, *first], tiled=True)
    one, _ = run(opened, first, tiled=True)
    other, _ = run(opened, last, tiled=True)
    assert whole == [a | b for a, b in zip(one, other, strict=True)]
    assert whole == [b | a for a, b in zip(one, other, strict=True)]


def test_batches_hold_tiles_of_the_grid(opened: tuple[Session, SharedWindows, Geometry]) -> None:
    _, tiles, geometry = opened
    laid: GridPlan = plan([Interval("chr1", 600, 601), Interval("chr2", 0, 10)], LENGTHS, geometry)
    (batch,) = read_tiles(laid, GENOME, tiles)
    assert n_tiles(laid, tiles) == 2
    # chr2 comes first in this genome; its window 0 and window 600 // core of chr1 are asked for.
    core = geometry.core_length
    assert [(chrom, found.tolist()) for chrom, found in batch.parts] == [
        ("chr2", [0]),
        ("chr1", [600 // core]),
    ]
    start = 600 // core // tiles.n_windows * tiles.n_windows * core - geometry.input_flank
    expected = GENOME.padded_codes("chr1", start, start + tiles.span)
    np.testing.assert_array_equal(batch.tiles[1], expected)


def test_estimate_of_tiles(opened: tuple[Session, SharedWindows, Geometry]) -> None:
    session, tiles, geometry = opened
    for some, expected in (([Interval("chr2", 0, 3_000)], True), ([], False)):
        laid = plan(some, LENGTHS, geometry)
        work = lay_work(laid, GENOME, session, [0], Readout(), tiles)
        assert (estimate_seconds(work) > 0) == expected


def test_single_peaks_are_sparse(opened: tuple[Session, SharedWindows, Geometry]) -> None:
    _, tiles, geometry = opened
    step = tiles.n_windows * geometry.core_length
    contigs = {"chr1": 1_000 * step}
    for peaks, expected in ((100, True), (20, False)):
        found = [Interval("chr1", number * step, number * step + 1) for number in range(peaks)]
        assert are_sparse(plan(found, contigs, geometry), tiles) == expected
    assert not are_sparse(plan([Interval("chr1", 0, 100 * step)], contigs, geometry), tiles)
