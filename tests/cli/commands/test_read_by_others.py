"""Scores as other programs read them: DuckDB, polars, pandas, bcftools and vcfanno, where they are.

VEP and slivar are in no package index that is asked here; their documented rules for fields are
checked on the header: identifiers of VCF 4.3, of which slivar's expressions need those of
JavaScript, and an index beside a bgzipped file, which VEP's --custom needs.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pysam
import pytest
from toy_variants import ONE, here, line, vcf

from zooctl.catalog import registry
from zooctl.catalog.root import model_names
from zooctl.cli.main import run
from zooctl.files.vcf.annotate import info_key
from zooctl.inference.tracks.choose import tracks_of

__all__ = ["here"]

ARGUMENTS = ["--model", "toy", "--fasta", "genome.fa", *ONE, "--statistic", "sum,max"]


@pytest.fixture
def scored(here: Path) -> list[dict[str, str]]:
    """Rows of the table; out.parquet and out.vcf.gz beside it hold the same."""
    lines = [line("chr1", pos) for pos in range(100, 800, 50)]
    lines.append(line("chr1", 820, alt="<CNV>"))
    (here / "in.vcf").write_text(vcf(*lines))
    for name in ("out.tsv", "out.parquet", "out.vcf.gz"):
        assert run(["score-variants", "in.vcf", "-o", name, *ARGUMENTS]) == 0
    with (here / "out.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def same(values: list[float | None], rows: list[dict[str, str]]) -> bool:
    """Say whether scores are those of the table; None stands for an empty cell."""
    expected = [float(row["score"]) if row["score"] else None for row in rows]
    assert None in expected
    return [None if one is None else pytest.approx(one, rel=1e-5) for one in expected] == values


def test_duckdb(scored: list[dict[str, str]]) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        found = database.sql("SELECT score FROM 'out.parquet'").fetchall()
        assert same([one for (one,) in found], scored)
        query = """SELECT count(DISTINCT pos), max(abs(score)) FROM 'out.parquet'
                   WHERE statistic = 'sum' AND track = 'plus' AND status = 'OK'"""
        ((n, largest),) = database.sql(query).fetchall()
    chosen = [row for row in scored if (row["statistic"], row["track"]) == ("sum", "plus")]
    assert n == len({row["pos"] for row in chosen if row["status"] == "OK"})
    expected = max(abs(float(row["score"])) for row in chosen if row["score"])
    assert largest == pytest.approx(expected, rel=1e-5)


def test_polars(scored: list[dict[str, str]]) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet("out.parquet")
    assert same(frame["score"].to_list(), scored)
    lazy = polars.scan_parquet("out.parquet").filter(polars.col("status") == "OK")
    assert len(lazy.collect()) == sum(row["status"] == "OK" for row in scored)


def test_pandas(scored: list[dict[str, str]]) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet("out.parquet")
    found = [None if score != score else score for score in frame["score"].tolist()]
    assert same(found, scored)
    assert list(frame.columns) == list(scored[0])


def test_names_are_identifiers_of_vcf_and_of_javascript(scored: list[dict[str, str]]) -> None:
    with pysam.VariantFile("out.vcf.gz") as file:
        names = [name for name in file.header.info if name.startswith("ZOO_")]
        descriptions = [file.header.info[name].description for name in names]
    assert len(names) > 5
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in names)
    # A quotation mark, a pipe or a semicolon ends a description for some readers.
    assert not any(set(text) & set('"|') for text in descriptions)
    # VEP's --custom takes a bgzipped file with its index.
    assert Path("out.vcf.gz.tbi").is_file()


def test_names_of_the_zoo() -> None:
    """By VCF 4.3 a name may hold dots; slivar then needs INFO["name"]."""
    dotted = set()
    for model in model_names():
        for track in tracks_of(registry.entry(model).card()):
            name = info_key(model, track.name)
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name)
            dotted |= {model} if "." in name else set()
    assert dotted == {"deepbind"}


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is not here")
def test_bcftools(scored: list[dict[str, str]]) -> None:
    query = ["bcftools", "query", "-f", "%POS\\t%ZOO_toy_plus_SUM_LFC\\n", "out.vcf.gz"]
    text = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    found = dict(row.split("\t") for row in text.splitlines())
    for row in scored:
        if (row["statistic"], row["track"]) == ("sum", "plus") and row["score"]:
            assert float(found[row["pos"]]) == pytest.approx(float(row["score"]), rel=1e-5)


@pytest.mark.skipif(shutil.which("vcfanno") is None, reason="vcfanno is not here")
def test_vcfanno(scored: list[dict[str, str]]) -> None:
    """A second VCF gets the scores of the alleles that it shares."""
    Path("plain.vcf").write_text(vcf(line("chr1", 100), line("chr1", 110)))
    Path("conf.toml").write_text(
        '[[annotation]]\nfile="out.vcf.gz"\n'
        'fields=["ZOO_toy_plus_SUM_LFC", "ZOO_toy_STATUS"]\nops=["self", "self"]\n'
        'names=["zoo", "zoo_status"]\n'
    )
    done = subprocess.run(
        ["vcfanno", "conf.toml", "plain.vcf"], check=True, capture_output=True, text=True
    )
    rows = [row.split("\t")[7] for row in done.stdout.splitlines() if row[0] != "#"]
    infos = [dict(part.partition("=")[::2] for part in row.split(";")) for row in rows]
    (row,) = [
        row
        for row in scored
        if (row["pos"], row["statistic"], row["track"]) == ("100", "sum", "plus")
    ]
    assert float(infos[0]["zoo"]) == pytest.approx(float(row["score"]), rel=1e-4)
    assert infos[0]["zoo_status"] == "OK"
    assert "zoo" not in infos[1]
