"""`zooctl predict` into tables and bedGraph, against the bigWig of the same prediction."""

from __future__ import annotations

import csv
import gzip
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from pyarrow import parquet

from zooctl.cli.main import run

BED = "chr1\t100\t333\tpeak1\t7\t+\nchr1\t90\t110\tpeak2\t0\t-\nchr2\t0\t512\tpeak3\t1\t.\n"


@pytest.fixture
def predict(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    draw = random.Random(1)
    genome = "".join(f">chr{n}\n{''.join(draw.choices('ACGT', k=700))}\n" for n in (1, 2))
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "genome.fa").write_text(genome)
    (folder / "in.bed").write_text(BED)
    monkeypatch.chdir(folder)

    def call(*arguments: str) -> int:
        return run(["predict", "--model", "toy", "--fasta", "genome.fa", *arguments])

    return call


def test_a_row_for_each_interval(
    predict: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("out.bw", "out.tsv", "out.tsv.gz", "out.parquet"):
        assert predict("--bed", "in.bed", "-o", name) == 0, capfd.readouterr().err
    with Path("out.tsv").open() as file:
        comments, *lines = ([next(file), next(file)], *file)
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert comments == [
        f"# {track}_mean, _max, _sum: mean, largest value and sum over the interval's bases; "
        "reads; toy 0.1.0\n"
        for track in ("plus", "minus")
    ]
    assert [
        (row["chrom"], row["start"], row["end"], row["name"], row["strand"]) for row in rows
    ] == [
        ("chr1", "100", "333", "peak1", "+"),
        ("chr1", "90", "110", "peak2", "-"),
        ("chr2", "0", "512", "peak3", "."),
    ]
    for track in ("plus", "minus"):
        with pyBigWig.open(f"out.{track}.bw") as file:
            for row in rows:
                values = np.array(file.values(row["chrom"], int(row["start"]), int(row["end"])))
                assert float(row[f"{track}_mean"]) == pytest.approx(np.nanmean(values), rel=1e-5)
                assert float(row[f"{track}_max"]) == pytest.approx(np.nanmax(values), rel=1e-5)
                assert float(row[f"{track}_sum"]) == pytest.approx(np.nansum(values), rel=1e-5)
    assert gzip.decompress(Path("out.tsv.gz").read_bytes()) == Path("out.tsv").read_bytes()
    table = parquet.read_table("out.parquet")
    assert table.column_names == list(rows[0])
    assert table["plus_mean"].to_pylist() == pytest.approx([float(r["plus_mean"]) for r in rows])
    assert table["start"].to_pylist() == [100, 90, 0]


def test_bedgraph(predict: Callable[..., int]) -> None:
    for name in ("out.bw", "out.bedgraph", "out.bedgraph.gz"):
        assert predict("--bed", "in.bed", "--track", "plus", "-o", name) == 0
    text = Path("out.bedgraph").read_text()
    assert gzip.decompress(Path("out.bedgraph.gz").read_bytes()).decode() == text
    assert Path("out.bedgraph.gz").read_bytes()[12:14] == b"BC"
    lines = [line.split("\t") for line in text.splitlines()]
    with pyBigWig.open("out.bw") as file:
        expected = [(c, *one) for c in ("chr1", "chr2") for one in file.intervals(c)]
    assert [(c, int(s), int(e)) for c, s, e, _ in lines] == [one[:3] for one in expected]
    assert [float(line[3]) for line in lines] == pytest.approx([one[3] for one in expected])


def test_bed_from_stdin(predict: Callable[..., int], toy_zoo: Path) -> None:
    assert predict("--bed", "in.bed", "-o", "out.tsv") == 0
    command = [sys.executable, "-m", "zooctl", "predict", "--model", "toy", "--fasta", "genome.fa"]
    done = subprocess.run(
        [*command, "--bed", "-", "-o", "piped.tsv"],
        input=BED.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert Path("piped.tsv").read_bytes() == Path("out.tsv").read_bytes()


def test_regions_have_their_text_as_name(predict: Callable[..., int]) -> None:
    assert predict("--region", "chr1:101-300", "-o", "out.tsv") == 0
    (row,) = Path("out.tsv").read_text().splitlines()[3:]
    assert row.split("\t")[:5] == ["chr1", "100", "300", "chr1:101-300", "."]


def test_endings_that_are_not_known(
    predict: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict("--bed", "in.bed", "-o", "out.csv") == 2
    assert "output is of no known kind" in capsys.readouterr().err
    Path("out.tsv").write_text("x")
    assert predict("--bed", "in.bed", "-o", "out.tsv") == 2
    assert "output exists" in capsys.readouterr().err
