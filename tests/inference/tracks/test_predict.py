"""Whole predictions against answers worked out base by base, and the laws of the genome grid."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from zooctl.errors import VerificationError
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.device.session import Session
from zooctl.inference.tracks.genome_grid import plan
from zooctl.inference.tracks.predict import Counts, Readout, predict, untransform
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, encode
from zooctl.sequence.windows import Geometry

Network = Callable[..., bytes]
Values = dict[tuple[str, int], float]

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


class Genome:
    """Contigs in memory."""

    def __init__(self, sequences: Mapping[str, str]) -> None:
        self.sequences = sequences
        self.contigs = {name: len(letters) for name, letters in sequences.items()}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        return encode(self.letters(chrom, start, end).encode())

    def letters(self, chrom: str, start: int, end: int) -> str:
        sequence = self.sequences[chrom]
        return "".join(
            sequence[i].upper() if 0 <= i < len(sequence) else "N" for i in range(start, end)
        )


class Track:
    """A sink that keeps bins by place and insists on order, each bin once."""

    def __init__(self, contigs: Sequence[str]) -> None:
        self.contigs = list(contigs)
        self.values: Values = {}
        self.last = (-1, -1)

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        place = (self.contigs.index(chrom), start)
        assert place > self.last
        self.last = (place[0], start + (len(values) - 1) * bin_size)
        for i, value in enumerate(values.tolist()):
            if not np.isnan(value):
                self.values[chrom, start + i * bin_size] = value


@dataclasses.dataclass(frozen=True)
class Case:
    """A network, a genome and regions."""

    geometry: Geometry
    weights: NDArray[np.float32]
    unknown_base: float
    genome: Genome
    regions: list[Interval]


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    bin_size = draw(st.integers(1, 5))
    core = bin_size * draw(st.integers(1, 4))
    output = core + 2 * bin_size * draw(st.integers(0, 2))
    return Geometry(output + 2 * draw(st.integers(0, 12)), output, bin_size, core)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    geometry = draw(geometries())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sequences = {}
    for chrom in ("chr2", "chr1", "chrM"):
        letters = rng.choice(list("ACGTacgtNR"), draw(st.integers(1, 120)))
        low = draw(st.integers(0, 120))
        letters[low : low + draw(st.integers(0, 60))] = "N"
        sequences[chrom] = "".join(letters)
    regions = []
    for chrom in draw(st.lists(st.sampled_from(list(sequences)), min_size=1, max_size=6)):
        start = draw(st.integers(0, len(sequences[chrom])))
        regions.append(Interval(chrom, start, draw(st.integers(start, len(sequences[chrom])))))
    n_tracks = draw(st.integers(1, 3))
    weights = rng.standard_normal((n_tracks, 4, geometry.input_length)).astype(np.float32)
    return Case(geometry, weights, draw(st.sampled_from([0.0, 0.25])), Genome(sequences), regions)


def bin_value(case: Case, track: int, window: str, offset: int) -> float:
    """Mean over the bin's bases of the weight of the base at its place in the window."""
    total = 0.0
    for place in range(offset, offset + case.geometry.bin_size):
        weights = dict(zip("ACGT", case.weights[track, :, place].tolist(), strict=True))
        letter = window[place]
        total += weights.get(letter, case.unknown_base * sum(weights.values()))
    return total / case.geometry.bin_size


def by_hand(case: Case, track: int, rc_order: tuple[int, ...] | None = None) -> Values:
    """The track's values, from the definitions in plain Python."""
    window = case.geometry
    values: Values = {}
    for chrom, start, end in case.regions:
        for bin_start in range(0, len(case.genome.sequences[chrom]), window.bin_size):
            if start == end or bin_start >= end or bin_start + window.bin_size <= start:
                continue
            core_start = bin_start // window.core_length * window.core_length
            low = core_start - (window.input_length - window.core_length) // 2
            letters = case.genome.letters(chrom, low, low + window.input_length)
            if sum(letter not in "ACGT" for letter in letters) > window.input_length / 2:
                continue
            own = case.genome.letters(chrom, bin_start, bin_start + window.bin_size)
            if sum(letter not in "ACGT" for letter in own) > window.bin_size / 2:
                continue
            value = bin_value(case, track, letters, bin_start - low)
            if rc_order is not None:
                other = "".join(COMPLEMENT.get(letter, letter) for letter in reversed(letters))
                mirrored = window.input_length - (bin_start - low) - window.bin_size
                value = (value + bin_value(case, rc_order[track], other, mirrored)) / 2
            values[chrom, bin_start] = value
    return values


def run(
    case: Case,
    network: Network,
    *,
    batch_size: int = 4,
    threads: int = 1,
    tracks: Sequence[int] | None = None,
    readout: Readout | None = None,
) -> tuple[list[Values], Counts]:
    session = Session(
        network(case.weights, case.geometry),
        geometry=case.geometry,
        n_tracks=len(case.weights),
        unknown_base=case.unknown_base,
        device="cpu",
        threads=threads,
        batch_size=batch_size,
    )
    chosen = range(len(case.weights)) if tracks is None else tracks
    sinks = {track: Track(list(case.genome.contigs)) for track in chosen}
    laid = plan(case.regions, case.genome.contigs, case.geometry)
    done = []
    counts = predict(
        laid, case.genome, session, sinks, readout=readout or Readout(), advance=done.append
    )
    assert sum(done) == counts.windows == laid.n_windows
    return [sinks[track].values for track in chosen], counts


def assert_close(found: Values, expected: Values) -> None:
    assert found.keys() == expected.keys()
    for place, value in expected.items():
        assert found[place] == pytest.approx(value, rel=1e-5, abs=1e-5)


@given(case=cases(), batch_size=st.integers(1, 9), threads=st.integers(1, 2))
@settings(deadline=None)
def test_values_are_those_worked_out_by_hand(
    linear_network: Network, case: Case, batch_size: int, threads: int
) -> None:
    found, _ = run(case, linear_network, batch_size=batch_size, threads=threads)
    for track, values in enumerate(found):
        assert_close(values, by_hand(case, track))


@given(case=cases(), data=st.data())
@settings(deadline=None)
def test_union_of_regions_is_union_of_predictions(
    linear_network: Network, case: Case, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(case.regions)))
    shuffled = data.draw(st.permutations(case.regions + case.regions[:cut]))
    whole, _ = run(dataclasses.replace(case, regions=shuffled), linear_network, threads=2)
    first, _ = run(dataclasses.replace(case, regions=case.regions[:cut]), linear_network, threads=2)
    last, _ = run(dataclasses.replace(case, regions=case.regions[cut:]), linear_network, threads=2)
    # Bit for bit, where the two overlap as well.
    assert whole == [a | b for a, b in zip(first, last, strict=True)]
    assert whole == [b | a for a, b in zip(first, last, strict=True)]


@given(case=cases(), data=st.data())
@settings(deadline=None)
def test_both_strands_are_averaged(
    linear_network: Network, case: Case, data: st.DataObject
) -> None:
    n = len(case.weights)
    order = (1, 0, 2)[:n] if n > 1 and data.draw(st.booleans()) else tuple(range(n))
    found, _ = run(case, linear_network, readout=Readout(rc_order=order))
    for track, values in enumerate(found):
        assert_close(values, by_hand(case, track, order))


@given(case=cases())
@settings(deadline=None, max_examples=20)
def test_chosen_tracks_are_the_same_alone(linear_network: Network, case: Case) -> None:
    every, _ = run(case, linear_network)
    for track in range(len(case.weights)):
        assert run(case, linear_network, tracks=[track])[0] == [every[track]]


def test_mean_gc_of_real_sequence(linear_network: Network, repo: Path) -> None:
    """A network that is right by definition, over 300 kb of chr21 and its bgzip FASTA."""
    geometry = Geometry(input_length=2048, output_length=1024, bin_size=32, core_length=1024)
    gc = np.zeros((1, 4, 2048), dtype=np.float32)
    gc[0, 1:3] = 1
    session = Session(
        linear_network(gc, geometry), geometry=geometry, n_tracks=1, unknown_base=0, device="cpu"
    )
    fasta = repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"
    with Fasta(fasta) as genome:
        # Its first 9.41 Mb are N.
        region = Interval("chr21", 9_350_000, 9_650_000)
        track = Track(list(genome.contigs))
        laid = plan([region], genome.contigs, geometry)
        counts = predict(laid, genome, session, {0: track}, readout=Readout())
        codes = genome.codes("chr21", region.start, region.end)
        windows = [
            genome.padded_codes("chr21", k * 1024 - 512, k * 1024 + 1536)
            for k in range(9_350_000 // 1024, 9_649_999 // 1024 + 1)
        ]
    first = 9_350_016  # the first whole bin
    bins = codes[first - region.start :][: 32 * 9_000].reshape(-1, 32)
    expected = ((bins == 1) | (bins == 2)).mean(axis=1)
    found = [track.values.get(("chr21", first + 32 * i)) for i in range(9_000)]
    known = [i for i, value in enumerate(found) if value is not None]
    # No bin of more than half N has a value, even where its window has one.
    assert not ((bins == 4).sum(axis=1)[known] > 16).any()
    np.testing.assert_allclose(np.array(found)[known].astype(float), expected[known], atol=1e-6)
    # 9,411,193 N in front: the window around it has more than half N, the next has not.
    assert min(start for _, start in track.values) == 9_411_193 // 1024 * 1024 + 1024
    # There is another run of N within the region.
    unknown = sum(int(np.count_nonzero(window == 4) > 1024) for window in windows)
    assert counts == Counts(windows=len(windows), unknown=unknown)


@pytest.mark.parametrize(("transform", "forward"), [("arcsinh", np.arcsinh), ("log1p", np.log1p)])
def test_transform_is_undone(transform: str, forward: Callable[..., NDArray[np.float64]]) -> None:
    signal = np.array([[[0, 0.5, 3, 1000.25]]])
    found = untransform(forward(signal).astype(np.float32), transform)  # type: ignore[arg-type]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, signal, rtol=2e-6)


def uniform_case(weight: float) -> Case:
    """A network whose value is ``weight`` wherever no N is near."""
    geometry = Geometry(input_length=8, output_length=4, bin_size=2, core_length=4)
    letters = "".join(random.Random(0).choices("ACGT", k=64))
    weights = np.full((1, 4, geometry.input_length), weight, np.float32)
    return Case(geometry, weights, 0.0, Genome({"chr1": letters}), [Interval("chr1", 0, 64)])


def test_transform_and_strands_together(linear_network: Network) -> None:
    readout = Readout("log1p", rc_order=(0,))
    found, _ = run(uniform_case(2.0), linear_network, readout=readout)
    inner = {place: value for place, value in found[0].items() if 4 <= place[1] < 60}
    assert list(inner.values()) == pytest.approx([np.expm1(2.0)] * len(inner), rel=1e-6)


@pytest.mark.parametrize(("operator", "got"), [("Sqrt", "nan"), ("Reciprocal", "inf")])
def test_prediction_that_is_no_number_names_its_window(
    linear_model: Callable[..., onnx.ModelProto], operator: str, got: str
) -> None:
    def network(weights: NDArray[np.float32], geometry: Geometry) -> bytes:
        model = linear_model(weights, geometry)
        model.graph.node[-1].output[0] = "linear"
        model.graph.node.append(onnx.helper.make_node(operator, ["linear"], ["y"]))
        serialised: bytes = model.SerializeToString()
        return serialised

    case = uniform_case(1.0)
    # The one bin with a C has a mean below 0, or of 0; it lies in window 7, core 28 to 32.
    case.weights[0, 1] = -10 if operator == "Sqrt" else -1
    genome = Genome({"chr1": "A" * 30 + "C" + "A" * 33})
    with pytest.raises(VerificationError) as caught:
        run(dataclasses.replace(case, genome=genome), network, batch_size=3)
    assert "window chr1:29-32 is not a finite number" in str(caught.value)
    assert f"got {got}" in str(caught.value)
    assert caught.value.exit_code == 3


def test_transform_that_overflows_names_the_window(linear_network: Network) -> None:
    with pytest.raises(VerificationError, match=r"window chr1:1-4 is not a finite number .got inf"):
        run(uniform_case(500.0), linear_network, readout=Readout("arcsinh"))


def test_error_while_reading_surfaces(linear_network: Network) -> None:
    class Broken(Genome):
        def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
            if chrom == "chr2":
                raise OSError(5, "Input/output error")
            return super().padded_codes(chrom, start, end)

    case = uniform_case(1.0)
    broken = Broken({"chr1": "ACGT" * 20, "chr2": "ACGT"})
    regions = [Interval("chr1", 0, 80), Interval("chr2", 0, 4)]
    with pytest.raises(OSError, match="Input/output error"):
        run(dataclasses.replace(case, genome=broken, regions=regions), linear_network)


def test_error_of_a_sink_surfaces_and_stops_the_rest(linear_network: Network) -> None:
    case = uniform_case(1.0)
    session = Session(
        linear_network(case.weights, case.geometry),
        geometry=case.geometry,
        n_tracks=1,
        unknown_base=0,
        device="cpu",
        batch_size=1,
    )

    class Full(Track):
        def add_bins(
            self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int
        ) -> None:
            raise OSError(28, "No space left on device")

    laid = plan(case.regions, case.genome.contigs, case.geometry)
    with pytest.raises(OSError, match="No space left"):
        predict(laid, case.genome, session, {0: Full(["chr1"])}, readout=Readout())
