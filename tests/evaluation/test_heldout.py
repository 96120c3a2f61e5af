"""Held-out regions: which bins are judged, and where peaks and highest predictions are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog.fields import Region
from zooctl.catalog.rules import Rules
from zooctl.errors import InputError
from zooctl.evaluation.heldout import Network, check_assembly, hold_out
from zooctl.files.bigwig import BigWig, BigWigWriter
from zooctl.files.fasta import Fasta
from zooctl.inference.predict import Readout
from zooctl.inference.runtime import Predictions
from zooctl.sequence.onehot import Codes, decode
from zooctl.sequence.windows import Geometry

LENGTH = 20_000
GEOMETRY = Geometry(input_length=1024, output_length=512, bin_size=32, core_length=256)


class CountsGC:
    """Predicts the number of C and G of each bin, in two tracks; the second has a half more."""

    batch_size = 8

    def interrupt(self) -> None:
        """Nothing runs beyond a call."""

    def predict(self, codes: Codes) -> Predictions:
        strong = ((codes == 1) | (codes == 2))[:, 256:768].reshape(len(codes), 1, 16, 32).sum(3)
        return (strong * np.array([[[1.0], [1.5]]])).astype(np.float32)


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
def signal(tmp_path: Path) -> BigWig:
    values = np.full(LENGTH, np.nan, dtype=np.float32)
    values[9_000:9_010] = [9] * 4 + [11] + [9] * 5
    values[9_300] = 10
    values[14_000] = 20
    values[5_500] = 50
    with BigWigWriter(tmp_path / "signal.bw", {"chr1": LENGTH}) as writer:
        writer.add_bins("chr1", 0, values, 1)
    return BigWig(tmp_path / "signal.bw")


def network(track: int = 0, rc: tuple[int, ...] | None = None) -> Network:
    return Network("gc", CountsGC(), GEOMETRY, Readout(rc_order=rc), track)


@pytest.mark.parametrize("track", [0, 1])
def test_bins_and_predictions(genome: Fasta, codes: Codes, signal: BigWig, track: int) -> None:
    seen: list[int] = []
    part = hold_out(
        Region(chrom="chr1", start=1_000, end=18_000),
        network(track),
        genome,
        signal,
        [],
        Rules(),
        seen.append,
    )
    starts = part.measured.starts
    assert part.in_region.tolist() == [s >= 1_000 and s + 512 <= 18_000 for s in starts]
    # Windows of 1,024 bp around cores of 256 bp with more than half N have no value.
    strong = ((codes == 1) | (codes == 2))[: 39 * 512].reshape(-1, 32).sum(axis=1)
    kept = np.repeat(part.kept, 16)
    expected = strong * (1.0, 1.5)[track]
    np.testing.assert_array_equal(part.predicted[kept], expected[kept])
    unknown = (codes[: 39 * 512].reshape(39, 512) == 4).mean(axis=1)
    assert not part.kept[unknown > 0.5].any()
    assert part.kept[part.in_region & (unknown == 0)].sum() >= 24
    assert part.rows.shape == (part.kept.sum(), 16)
    assert sum(seen) == -(-18_000 // 256) - 1_000 // 256


def test_peaks_are_summits_of_runs_of_strong_bins(genome: Fasta, signal: BigWig) -> None:
    part = hold_out(Region(chrom="chr1"), network(), genome, signal, [], Rules(), lambda done: None)
    # Bins 17 and 18 are one run; the 50 at 5,500 lies in unknown sequence.
    assert part.peaks(Rules()) == [(11.0, 9_004), (20.0, 14_000)]
    assert part.peaks(Rules(positive_min_signal=99)) == []


def test_tops_are_local_maxima(genome: Fasta, signal: BigWig) -> None:
    part = hold_out(Region(chrom="chr1"), network(), genome, signal, [], Rules(), lambda done: None)
    tops = part.tops(5)
    assert len(tops) == 5
    heights = [height for height, _ in tops]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == np.nanmax(part.predicted)
    for height, place in tops:
        assert part.predicted[place // 32] == height
        bin_index = place // 512
        around = part.predicted.reshape(-1, 16)[bin_index - 1 : bin_index + 2]
        assert height == np.nanmax(around)


def test_centre_value_reads_the_middle(codes: Codes) -> None:
    windows = np.stack([codes[8_000:9_024], codes[10_000:11_024]])
    expected = [((w[448:576] == 1) | (w[448:576] == 2)).sum() / 4 for w in windows]
    np.testing.assert_allclose(network().centre_value(windows), expected)
    # Averaged over both strands: GC is the same, and the tracks change places.
    both = network(0, rc=(1, 0)).centre_value(windows)
    np.testing.assert_allclose(both, np.array(expected) * 1.25)


def test_bins_must_be_whole_bins_of_the_model(genome: Fasta, signal: BigWig) -> None:
    with pytest.raises(InputError, match="whole bins"):
        hold_out(Region(chrom="chr1"), network(), genome, signal, [], Rules(bin_size=500), print)


def test_another_assembly_is_refused(genome: Fasta, signal: BigWig, tmp_path: Path) -> None:
    check_assembly(genome, [signal], [Region(chrom="chr1")])
    with pytest.raises(InputError, match="do not fit on chr2"):
        check_assembly(genome, [signal], [Region(chrom="chr2")])
    with BigWigWriter(tmp_path / "other.bw", {"chr1": LENGTH + 5}) as writer:
        writer.add_bins("chr1", 0, np.ones(3, np.float32), 1)
    with pytest.raises(InputError) as caught:
        check_assembly(genome, [signal, BigWig(tmp_path / "other.bw")], [Region(chrom="chr1")])
    assert "20,005 bp" in str(caught.value)
