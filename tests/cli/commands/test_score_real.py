"""`zooctl score-variants` on real variants of the 1000 Genomes, with the shipped CTCF model."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from zooctl.cli.main import run
from zooctl.files.intervals.liftover import Chain
from zooctl.sequence.intervals import Interval

VARIANTS = "vcf_1000g_grch38/1000Genomes_chr21-22.vcf.gz"
CHAIN = "chains/hg38ToHg19.over.chain.gz"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def score(source: Path | str, *arguments: str) -> int:
    command = ["score-variants", str(source), "--model", "ctcf_gm12878", "--chrom-map", "auto"]
    return run([*command, *arguments])


def test_grch38_is_not_scored_against_hg19(
    mirror: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(mirror / VARIANTS) == 2
    err = capsys.readouterr().err
    assert "wrong assembly? REF is not what hg19 has (got 904 mismatches in the first 1,000" in err
    assert "Hint: lift the VCF over to hg19" in err
    assert list(here.iterdir()) == []


def lifted(source: Path, chain: Path, target: Path, every: int) -> None:
    """Write every n-th record of chr21 in the other assembly, as CrossMap does."""
    lift = Chain(chain)
    rows = []
    with gzip.open(source, "rt") as file:
        header = [row for row in (next(file) for _ in range(60)) if row.startswith("#")]
    with gzip.open(source, "rt") as file:
        records = [row for row in file if row.startswith("21\t")]
    for row in records[::every]:
        fields = row.split("\t")
        start = int(fields[1]) - 1
        place = lift.lift(Interval("chr21", start, start + len(fields[3])))
        if place is not None and place.length == len(fields[3]) and place.chrom == "chr21":
            rows.append((place.start, "\t".join(["21", str(place.start + 1), *fields[2:]])))
    target.write_text("".join(header) + "".join(row for _, row in sorted(rows)))


def test_lifted_to_hg19_it_is_scored(mirror: Path, here: Path) -> None:
    lifted(mirror / VARIANTS, mirror / CHAIN, here / "hg19.vcf", every=1000)
    assert score("hg19.vcf", "--shifts", "1", "--max-shift", "0", "--report", "r.json") == 0
    report = json.loads((here / "r.json").read_text())
    assert report["records"] > 40
    assert sum(report["statuses"].values()) == report["alleles"] == report["records"]
    assert report["statuses"].get("OK", 0) >= 0.95 * report["alleles"]
    assert (here / "hg19.ctcf_gm12878.vcf.gz.tbi").is_file()
