"""Positive bins by coverage and control against the peaks that MACS calls of the same reads."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from zooctl.evaluation.data.measured_bins import measure_bins
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.intervals.peaks import read_peaks
from zooctl.schema.recipe.evaluation import Rules
from zooctl.training.tracks.bin_values_and_labels import PLAIN

START, END, SIZE = 33_000_000, 38_000_000, 512
MACS = shutil.which("macs3") or shutil.which("macs2")


@pytest.mark.skipif(MACS is None, reason="neither macs3 nor macs2 is installed")
def test_most_positive_bins_lie_in_a_peak_and_each_peak_has_one(
    repo: Path, mirror: Path, tmp_path: Path
) -> None:
    for name in ("CTCF", "Input"):
        with gzip.open(
            mirror / f"ctcf_gm12878_hg19/{name}_12878_5M.chr20_21.bed.gz", "rt"
        ) as lines:
            cells = [line.split("\t") for line in lines]
        kept = [c for c in cells if c[0] == "chr21" and int(c[1]) >= START and int(c[2]) <= END]
        (tmp_path / f"{name}.bed").write_text("".join("\t".join(line) for line in kept))
    options = ["-f", "BED", "-g", "5e6", "--nomodel", "--extsize", "180", "-n", "ctcf"]
    command = [str(MACS), "callpeak", "-t", "CTCF.bed", "-c", "Input.bed", *options]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    peaks = read_peaks(tmp_path / "ctcf_peaks.narrowPeak")

    signals = []
    for name in ("CTCF", "Input"):
        path = repo / f"recipes/data/ctcf_gm12878_hg19/GM12878_{name}_5M.hg19.chr20_21.bw"
        with BigWig(path) as track:
            signals.append(np.nan_to_num(track.values("chr21", 0, END)))
    bins = range(-(-START // SIZE), END // SIZE)
    positive = measure_bins(signals[0], PLAIN, signals[1:], bins, Rules(), 32).positive
    called = np.zeros(len(bins), np.bool_)
    holds = []
    for start, end in zip(peaks.start.tolist(), peaks.end.tolist(), strict=True):
        rows = slice(start // SIZE - bins.start, (end - 1) // SIZE - bins.start + 1)
        called[rows] = True
        holds.append(positive[rows].any())
    assert 50 < len(peaks) < 90
    assert np.mean(holds) > 0.95
    assert 90 < positive.sum() < 130
    assert called[positive].mean() > 0.85
