"""Files of importances, read by other tools than the writer."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pybigtools
import pytest

from zooctl.interpret.attribution.attribute import Attributions
from zooctl.interpret.attribution.files import write_bigwig, write_h5, write_npz, write_table
from zooctl.interpret.attribution.regions import RegionAttributions
from zooctl.sequence.intervals import Interval

WIDTH = 6


@pytest.fixture
def given() -> RegionAttributions:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, (4, WIDTH)).astype(np.uint8)
    hypothetical = rng.normal(size=(4, 4, WIDTH)).astype(np.float32)
    projected = hypothetical * np.eye(4, dtype=np.float32)[codes].transpose(0, 2, 1)
    found = Attributions(
        codes,
        hypothetical,
        projected,
        np.array([1.0, 2, 3, 4]),
        np.array([0.001, np.nan, 0.2, 0]),
        "CTCF",
        "predicted unit",
        "deeplift",
    )
    # Two overlap, out of order; one overhangs the first base.
    spans = (
        Interval("chr1", 24, 30),
        Interval("chr2", -2, 4),
        Interval("chr1", 20, 26),
        Interval("chr1", 40, 46),
    )
    return RegionAttributions(spans, spans, found, {"chr1": 60, "chr2": 50}, 0)


def test_bigwig_has_the_mean_where_spans_overlap(tmp_path: Path, given: RegionAttributions) -> None:
    write_bigwig(tmp_path / "a.bw", given)
    expected: dict[tuple[str, int], list[float]] = {}
    for row, span in enumerate(given.spans):
        for place in range(WIDTH):
            key = (span.chrom, span.start + place)
            code = given.found.codes[row, place]
            expected.setdefault(key, []).append(float(given.found.hypothetical[row, code, place]))
    reader = pybigtools.open(str(tmp_path / "a.bw"))
    for chrom, length in given.contigs.items():
        values = reader.values(chrom, fillna=np.nan)
        for place in range(length):
            if (chrom, place) in expected:
                mean = np.mean(expected[chrom, place])
                assert values[place] == pytest.approx(mean, rel=1e-5, abs=1e-7)
            else:
                assert np.isnan(values[place])


def test_arrays_as_modisco_reads_them(tmp_path: Path, given: RegionAttributions) -> None:
    from modiscolite.cli import _load_input

    write_npz(tmp_path / "s.npz", tmp_path / "h.npz", given, False)
    sequences, hypothetical = _load_input(tmp_path / "s.npz"), _load_input(tmp_path / "h.npz")
    assert sequences.shape == hypothetical.shape == (4, 4, WIDTH)
    assert (sequences.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(hypothetical, given.found.hypothetical)
    np.testing.assert_allclose(sequences * hypothetical, given.found.projected)
    write_h5(tmp_path / "a.h5", given)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["input_seqs"].shape == (4, WIDTH, 4)
        np.testing.assert_array_equal(file["hyp_scores"][:].transpose(0, 2, 1), hypothetical)
        assert file["coords_chrom"].asstr()[1] == "chr2"
        assert file["coords_start"][2] == 20
        assert file.attrs["track"] == "CTCF"


def test_table(tmp_path: Path, given: RegionAttributions) -> None:
    write_table(tmp_path / "a.tsv", given)
    rows = [line.split("\t") for line in (tmp_path / "a.tsv").read_text().splitlines()]
    assert rows[0] == ["#chrom", "start", "end", "value", "delta", "highest", "position"]
    assert rows[2][3:5] == ["2", "."]
    importance = given.found.importance[3]
    best = int(np.abs(importance).argmax())
    assert rows[4][6] == str(40 + best)
    assert float(rows[4][5]) == pytest.approx(float(importance[best]), rel=1e-5)
