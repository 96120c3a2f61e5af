"""Held-out regions: evaluated bins, peaks and highest predictions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData, MeasuredTrack
from zooctl.evaluation.heldout.measure_region import measure_region, read_padded
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.predict_region import HeldoutRegion, predict_region
from zooctl.files.fasta.reader import Fasta
from zooctl.inference.device.session import Predictions
from zooctl.inference.tracks.predict import Readout
from zooctl.progress import Advance, no_advance
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, decode
from zooctl.sequence.windows import Geometry
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning

LENGTH = 20_000
GEOMETRY = Geometry(input_length=1024, output_length=512, bin_size=32, core_length=256)


class CountsGC:
    """Predicts the number of C and G of each bin, in two tracks; the second has a half more."""

    batch_size = 8
    at_once = 1

    def interrupt(self) -> None:
        """Nothing runs beyond a call."""

    def predict(self, codes: Codes) -> Predictions:
        gc = ((codes == 1) | (codes == 2))[:, 256:768].reshape(len(codes), 1, 16, 32).sum(3)
        return (gc * np.array([[[1.0], [1.5]]])).astype(np.float32)


@pytest.fixture
def codes() -> Codes:
    rng = np.random.default_rng(0)
    found = rng.integers(0, 4, LENGTH).astype(np.uint8)
    found[4_000:7_000] = 4
    return found


@pytest.fixture
def genome(codes: Codes, tmp_path: Path) -> Iterator[Fasta]:
    (tmp_path / "toy.fa").write_text(f">chr1\n{decode(codes)}\n")
    with Fasta(tmp_path / "toy.fa") as fasta:
        yield fasta


@pytest.fixture
def signal() -> np.ndarray:
    values = np.zeros(LENGTH, dtype=np.float32)
    values[9_000:9_010] = [9] * 4 + [11] + [9] * 5
    values[9_300] = 10
    values[14_000] = 20
    values[5_500] = 50
    return values


def gc_model(*tracks: int, rc: tuple[int, ...] | None = None) -> EvaluatedModel:
    return EvaluatedModel("gc", CountsGC(), GEOMETRY, Readout(rc_order=rc), tracks or (0,))


def data_of(genome: Fasta, *signals: np.ndarray, binning: Binning = PLAIN) -> EvaluationData:
    return EvaluationData(
        genome,
        [EvaluatedTrack(index, f"t{index}") for index in range(len(signals))],
        [MeasuredTrack(f"t{index}", {"chr1": one}, binning) for index, one in enumerate(signals)],
        Split(train=(), validation=(), test=()),
    )


def measure_and_predict(
    region: Region,
    model: EvaluatedModel,
    data: EvaluationData,
    rules: Rules,
    advance: Advance = no_advance,
) -> HeldoutRegion:
    """Read, measure and predict a region."""
    padded = read_padded(region, data, rules)
    measured = measure_region(region, padded, data, rules, model.geometry.bin_size)
    return predict_region(measured, model, data, rules, advance)


def test_sums_and_means_have_no_unit_in_common(genome: Fasta, signal: np.ndarray) -> None:
    means = data_of(genome, signal, signal)
    sums = data_of(genome, signal, binning=Binning("sum", scale=2.0)).measured
    labels = [MeasuredTrack("t", {}, Binning(name)) for name in ("label", "all")]  # type: ignore[arg-type]
    assert means.one_unit
    assert replace(means, measured=labels).one_unit
    assert not replace(means, measured=[*means.measured, *sums]).one_unit
    assert not replace(means, measured=[*means.measured, *labels]).one_unit


def test_bins_and_predictions(genome: Fasta, codes: Codes, signal: np.ndarray) -> None:
    seen: list[float] = []
    part = measure_and_predict(
        Region(chrom="chr1", start=1_000, end=18_000),
        gc_model(1, 0),
        data_of(genome, signal, signal[::-1]),
        Rules(),
        seen.append,
    )
    # Bins from 1,024 to 17,920.
    assert part.measured.starts.tolist() == list(range(1_024, 17_920, 512))
    bins = signal[::-1][1_024:17_920].reshape(33, 512)
    np.testing.assert_allclose(part.measured.tracks[1].mean, bins.mean(axis=1), rtol=1e-6)
    # Windows of 1,024 bp around cores of 256 bp with more than half N have no value.
    gc = ((codes == 1) | (codes == 2))[1_024:17_920].reshape(-1, 32).sum(axis=1)
    kept = np.repeat(part.kept, 16)
    # The first evaluated track is the model's second.
    np.testing.assert_array_equal(part.predicted[0, kept], gc[kept] * 1.5)
    np.testing.assert_array_equal(part.predicted[1, kept], gc[kept])
    unknown = (codes[1_024:17_920].reshape(33, 512) == 4).mean(axis=1)
    assert not part.kept[unknown > 0.5].any()
    assert part.kept[unknown == 0].sum() >= 22
    assert part.rows(1).shape == (part.kept.sum(), 16)
    assert sum(seen) == -(-18_000 // 256) - 1_000 // 256


class Reads(CountsGC):
    """Gives 1 where a window reads a base beside the region, which is all A there, else 0."""

    def predict(self, codes: Codes) -> Predictions:
        beside = (codes == 0).any(axis=1)[:, None, None]
        return np.broadcast_to(beside, (len(codes), 1, 16)).astype(np.float32)


@settings(deadline=None)
@given(start=st.integers(0, 9_000), length=st.integers(3_000, 11_000))
def test_no_evaluated_bin_reads_beyond_its_range(start: int, length: int) -> None:
    codes = np.zeros(LENGTH, np.uint8)
    codes[start : start + length] = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.fa"
        path.write_text(f">chr1\n{decode(codes)}\n")
        with Fasta(path) as genome:
            data = data_of(genome, np.zeros(LENGTH, np.float32))
            reads = EvaluatedModel("reads", Reads(), GEOMETRY, Readout(), (0,))
            part = measure_and_predict(
                Region(chrom="chr1", start=start, end=start + length),
                reads,
                data,
                Rules(),
            )
    assert part.kept.any()
    assert (part.rows(0) == 0).all()
    # At the contig's own end nothing is lost.
    assert part.kept[0] == (part.measured.starts[0] - 384 >= start or start == 0)


def test_peaks_are_summits_of_runs_of_positive_bins(genome: Fasta, signal: np.ndarray) -> None:
    part = measure_and_predict(Region(chrom="chr1"), gc_model(), data_of(genome, signal), Rules())
    # Bins 17 and 18 are one run; the 50 at 5,500 lies in unknown sequence.
    assert part.peaks(0) == [(11.0, 9_004), (20.0, 14_000)]
    rules = Rules(positive_min_signal=99)
    part = measure_and_predict(Region(chrom="chr1"), gc_model(), data_of(genome, signal), rules)
    assert part.peaks(0) == []


def test_peaks_of_labels_are_the_middles_of_their_runs(genome: Fasta) -> None:
    labels = np.zeros(LENGTH, np.float32)
    labels[8_704:10_240] = 1
    labels[15_360:15_800] = 1
    truth = data_of(genome, labels, binning=Binning("label"))
    part = measure_and_predict(Region(chrom="chr1"), gc_model(), truth, Rules())
    assert part.peaks(0) == [(1.0, 9_472), (1.0, 15_616)]


def test_top_predictions_are_local_maxima(genome: Fasta, signal: np.ndarray) -> None:
    part = measure_and_predict(Region(chrom="chr1"), gc_model(), data_of(genome, signal), Rules())
    tops = part.top_predictions(0, 5)
    assert len(tops) == 5
    heights = [height for height, _ in tops]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == np.nanmax(part.predicted)
    for height, place in tops:
        assert part.predicted[0, place // 32] == height
        bin_index = place // 512
        around = part.predicted[0].reshape(-1, 16)[bin_index - 1 : bin_index + 2]
        assert height == np.nanmax(around)


def test_centre_value_reads_the_middle(codes: Codes) -> None:
    windows = np.stack([codes[8_000:9_024], codes[10_000:11_024]])
    expected = [((w[448:576] == 1) | (w[448:576] == 2)).sum() / 4 for w in windows]
    np.testing.assert_allclose(gc_model().centre_value(windows), expected)
    # Averaged over both strands: GC is the same, and the tracks change places.
    both = gc_model(0, rc=(1, 0)).centre_value(windows)
    np.testing.assert_allclose(both, np.array(expected) * 1.25)
