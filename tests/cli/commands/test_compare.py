"""`zooctl compare` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from zooctl.cli.main import run
from zooctl.files.bigwig.writer import BigWigWriter

CONTIGS = {"chr20": 63_025_520, "chr21": 48_129_895}


@pytest.fixture
def tracks(tmp_path: Path) -> tuple[str, str]:
    """B is 2 A, but for one bin of 512."""
    a = np.arange(1, 65, dtype=np.float32)
    b = 2 * a
    b[-1] = 0
    for name, values in (("a", a), ("b", b)):
        with BigWigWriter(tmp_path / f"{name}.bw", CONTIGS) as writer:
            writer.add_bins("chr21", 33_000_000 // 512 * 512, values, 512)
    return str(tmp_path / "a.bw"), str(tmp_path / "b.bw")


def test_json(tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *tracks, "--region", "chr21:33,000,001-33,016,000", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["resolution"] for row in report["resolutions"]] == [32, 128, 512]
    last = report["resolutions"][-1]
    assert last["bins"] == 31
    assert last["pearson"] == pytest.approx(1.0)
    assert last["scaled_mse"] == pytest.approx(0.0, abs=1e-6)
    assert last["mean_b"] == pytest.approx(2 * last["mean_a"])


def test_table(tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *tracks, "--region", "chr21", "--resolution", "512"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[3].split("  ")[0] == "resolution"
    values = out[4].split()
    x = np.arange(1, 65)
    y = np.where(x == 64, 0, 2 * x)
    assert values[:3] == ["512", "bp", "64"]
    assert f"{np.corrcoef(x, y)[0, 1]:.4f}" in values


def test_bed_in_another_style(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bed = tmp_path / "peaks.bed"
    bed.write_text("21\t33000000\t33010000\n")
    assert run(["compare", *tracks, "--bed", str(bed)]) == 2
    assert "--chrom-map auto" in capsys.readouterr().err
    assert run(["compare", *tracks, "--bed", str(bed), "--chrom-map", "auto"]) == 0


def test_beyond_the_contig(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bed = tmp_path / "over.bed"
    bed.write_text("chr21\t33000000\t99000000\n")
    assert run(["compare", *tracks, "--bed", str(bed)]) == 2
    assert "--clip cuts it" in capsys.readouterr().err
    assert run(["compare", *tracks, "--bed", str(bed), "--clip"]) == 0


def test_there_is_no_genome(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bed = tmp_path / "other.bed"
    bed.write_text("chr1\t0\t100\nchr2\t0\t100\n")
    for arguments, n in ((["--bed", str(bed)], 2), (["--region", "chr3:1-10"], 1)):
        assert run(["compare", *tracks, *arguments]) == 2
        err = capsys.readouterr().err
        assert err.count("contig is not in both tracks") == n
        assert "in the genome" not in err


def test_contigs_of_one_track_are_named(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contigs = {"chr21": 48_129_895, **{f"un{n}": 100 for n in range(7)}}
    with BigWigWriter(tmp_path / "c.bw", contigs) as writer:
        writer.add_bins("chr21", 33_000_000 // 512 * 512, np.ones(64, np.float32), 512)
    given = [tracks[0], str(tmp_path / "c.bw"), "--resolution", "512"]
    assert run(["compare", *given]) == 0
    expected = "contigs left out: only A has chr20; only B has un0, un1, un2, un3, un4 and 2 more\n"
    assert expected in capsys.readouterr().err
    assert run(["compare", *given, "--region", "chr21"]) == 0
    assert "left out" not in capsys.readouterr().err
    assert run(["compare", *tracks, "--resolution", "512"]) == 0
    assert "left out" not in capsys.readouterr().err


def test_a_file_without_values(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header alone, as B and as A: said, and all bins missing."""
    empty = str(tmp_path / "empty.bw")
    with BigWigWriter(empty, CONTIGS):
        pass
    where = ["--region", "chr21:33,000,001-33,016,000", "--resolution", "512"]
    assert run(["compare", tracks[0], empty, *where, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"warning: {empty} has no values here; all its bins are missing\n"
    row = json.loads(captured.out)["resolutions"][0]
    assert (row["selected"], row["missing_b"], row["pearson"]) == (31, 31, None)
    assert run(["compare", empty, tracks[0], *where]) == 2
    assert "no bin to compare: nowhere do both tracks have values" in capsys.readouterr().err


def test_an_infinite_value_is_named_until_the_file_is_written_without(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """pyBigWig writes infinite values; `compare` and `plot` refuse them, and follow the hint."""
    path = str(tmp_path / "inf.bw")
    where = ["--region", "chr21:33,000,001-33,001,500"]
    compared = ["compare", path, tracks[0], *where, "--resolution", "128"]
    plotted = ["plot", path, *where, "-o", str(tmp_path / "a.png")]
    for values, code in (([1.0, np.inf, 3.0], 2), ([1.0, np.nan, 3.0], 0)):
        with pyBigWig.open(path, "w") as file:
            file.addHeader(list(CONTIGS.items()))
            file.addEntries("chr21", 33_000_000, values=values, span=500, step=500)
        for command in (compared, plotted):
            assert run(command) == code
            err = capsys.readouterr().err
            expected = f"error: {path}: infinite value in the bigWig (got inf at chr21:33000500-"
            assert err.startswith(expected) == bool(code)
            assert err.endswith("Hint: write it again without this value\n") == bool(code)
        assert (tmp_path / "a.png").exists() == (code == 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resolution", "32,x"], "not a list of bin sizes"),
        (["--region", "chr20:1-1,000"], "no bin to compare"),
        (["--region", "chr21:1-99,999,999"], "beyond the end"),
        (["--missing", "one"], "--missing"),
    ],
)
def test_refused(
    tracks: tuple[str, str],
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["compare", *tracks, *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
