"""Files in place of a recipe's targets: bigWigs, peaks, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog.fields import Region, Split
from zooctl.errors import InputError
from zooctl.evaluation.against import open_against
from zooctl.evaluation.material import Wanted
from zooctl.files.bigwig import BigWigWriter

LENGTH = 4_000
WANTED = [Wanted(0, "a"), Wanted(1, "b")]
SPLIT = Split(train=(), validation=(), test=(Region(chrom="chr1"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.fa").write_text(">chr1\n" + "ACGT" * (LENGTH // 4) + "\n>chr2\nACGT\n")
    (tmp_path / "peaks.bed").write_text("chr1\t100\t200\nchr1\t150\t300\n")
    with BigWigWriter(tmp_path / "track.bw", {"chr1": LENGTH}) as writer:
        writer.add_bins("chr1", 1_000, np.full(10, 2.5, np.float32), 1)
    return tmp_path


def test_tracks_and_peaks_base_by_base(folder: Path) -> None:
    said: list[str] = []
    files = [folder / "track.bw", folder / "peaks.bed"]
    with open_against(
        WANTED, files, assembly="toy", split=SPLIT, fasta=folder / "toy.fa", say=said.append
    ) as material:
        track, peaks = material.truths
        assert np.flatnonzero(track.signal["chr1"]).tolist() == list(range(1_000, 1_010))
        assert track.signal["chr1"][1_003] == 2.5
        assert np.flatnonzero(peaks.signal["chr1"]).tolist() == list(range(100, 300))
        assert (track.binning.statistic, peaks.binning.statistic) == ("mean", "label")
        assert (track.name, peaks.name) == ("track.bw", "peaks.bed")
    assert said[1:] == ["reading track.bw chr1", "reading peaks.bed chr1"]


def test_one_file_for_all_tracks(folder: Path) -> None:
    fasta = folder / "toy.fa"
    with open_against(
        WANTED, [folder / "track.bw"], assembly="toy", split=SPLIT, fasta=fasta
    ) as material:
        assert len(material.truths) == 2
        assert material.truths[0] is material.truths[1]


@pytest.mark.parametrize(
    ("files", "test", "message"),
    [
        (["track.bw"] * 3, "chr1", "one a track"),
        (["none.bw"], "chr1", "no such file"),
        (["track.bw"], "chr2", "do not fit on chr2"),
        (["track.bw"], "chr3", "does not hold a region"),
    ],
)
def test_refused(folder: Path, files: list[str], test: str, message: str) -> None:
    split = Split(train=(), validation=(), test=(Region(chrom=test),))
    paths, fasta = [folder / name for name in files], folder / "toy.fa"
    with (
        pytest.raises(InputError, match=message),
        open_against(WANTED, paths, assembly="toy", split=split, fasta=fasta),
    ):
        pass
