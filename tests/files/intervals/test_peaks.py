"""Peaks of each format, with what their extra columns say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.peaks import read_peaks
from zooctl.sequence.pileup import step_track

NARROW = "chr1\t100\t200\ta\t0\t.\t4.5\t5.5\t3.8\t21\nchr2\t50\t80\tb\t0\t.\t2\t5.5\t3.8\t0\n"


def test_narrow_peaks(tmp_path: Path) -> None:
    path = tmp_path / "a.narrowPeak"
    path.write_text(NARROW)
    peaks = read_peaks(path)
    assert peaks.value is not None
    assert peaks.summit is not None
    assert peaks.value.tolist() == [4.5, 2.0]
    assert peaks.summit.tolist() == [121, 50]
    assert peaks.on("chr2").end.tolist() == [80]


def test_a_summit_just_behind_its_peak_is_its_last_base(tmp_path: Path) -> None:
    path = tmp_path / "a.narrowPeak"
    path.write_text(NARROW.replace("\t21\n", "\t100\n"))
    summit = read_peaks(path).summit
    assert summit is not None
    assert summit.tolist() == [199, 50]


def test_plain_bed_and_uncalled_summits(tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chr1\t100\t200\n")
    plain = read_peaks(tmp_path / "a.bed")
    assert plain.value is None
    assert plain.summit is None
    (tmp_path / "b.narrowPeak").write_text(NARROW.replace("\t21\n", "\t-1\n"))
    assert read_peaks(tmp_path / "b.narrowPeak").summit is None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("4.5\t", "high\t", "signalValue is not a number"),
        ("4.5\t", "nan\t", "signalValue is not a number"),
        ("4.5\t", "1e39\t", "signalValue is not a number"),
        ("4.5\t", "1_0\t", "signalValue is not a number"),
        ("\t21\n", "\t101\n", "summit lies outside its peak"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = tmp_path / "a.narrowPeak"
    path.write_text(NARROW.replace(old, new, 1))
    with pytest.raises(InputError, match=f"a.narrowPeak:1: {what}"):
        read_peaks(path)


@pytest.mark.parametrize("summit", ["1e30", "9" * 5000, "2.5", "-2", "x"])
def test_summits_are_offsets(tmp_path: Path, summit: str) -> None:
    path = tmp_path / "a.narrowPeak"
    path.write_text(NARROW.replace("\t21\n", f"\t{summit}\n"))
    with pytest.raises(InputError, match="summits are not whole numbers"):
        read_peaks(path)


@pytest.mark.parametrize(
    "rest",
    [
        "1_TssA\t0\t.\t{start}\t{end}\t0",  # as ChromHMM and the UCSC browser write
        "1_TssA\t0\t.\t{start}\t{end}\t255,0,0",
        "gene\t0\t+\t{thick}\t{end}\t0",
        "gene\t0\t+\t0\t0\t255,0,0",
        "state\t0\t.\t{start}\t{end}\t0\t0",  # a tenth column, and no summit
    ],
)
def test_bed9_states_no_signal(tmp_path: Path, rest: str) -> None:
    """Its seventh column is a position; taken as the signal, a model would fit coordinates."""
    path = tmp_path / "b9.bed"
    path.write_text(
        "".join(
            f"chr20\t{start}\t{start + 2_000}\t"
            + rest.format(start=start, thick=start + 10, end=start + 2_000)
            + "\n"
            for start in (100_000, 190_000, 280_000)
        )
    )
    peaks = read_peaks(path)
    assert (peaks.value, peaks.summit, len(peaks)) == (None, None, 3)


def test_broad_peaks(tmp_path: Path) -> None:
    path = tmp_path / "a.broadPeak"
    path.write_text("chr1\t100\t200\ta\t0\t.\t150\t160\t3.8\nchr1\t300\t400\tb\t0\t.\t3\t4\t-1\n")
    assert (value := read_peaks(path).value) is not None
    assert value.tolist() == [150, 3]


def test_signal_values_are_the_published_step_track(mirror: Path) -> None:
    folder = mirror / "h3k36me3_hg19"
    peaks = read_peaks(folder / "SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.narrowPeak")
    path = folder / "SKNSH_ENCFF621CZO.lifted_hg19.chr20_21.signalValue.bw"
    with BigWig(path) as golden:
        for chrom, length in golden.contigs.items():
            found = peaks.on(chrom)
            assert found.value is not None
            expected = np.nan_to_num(golden.values(chrom, 0, length))
            assert (step_track(found.start, found.end, found.value, length) == expected).all()
