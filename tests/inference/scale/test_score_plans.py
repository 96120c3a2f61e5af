"""Scores of a plan: the bytes of the plain run, whatever computes the shards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_plan import MODEL, SHIFTS, Zooctl

PLAN = ["plan", "score-variants", "in.vcf", *MODEL, *SHIFTS]


def score(zooctl: Zooctl, *arguments: str) -> None:
    code, _, err = zooctl("score-variants", "in.vcf", *MODEL, *SHIFTS, *arguments)
    assert code == 0, err


@pytest.mark.parametrize("name", ["a.vcf.gz", "a.tsv.gz"])
def test_plan_run_and_merge(name: str, zooctl: Zooctl, here: Path) -> None:
    score(zooctl, "-o", name)
    kind = ["--format", "tsv"] if "tsv" in name else []
    code, out, err = zooctl(*PLAN, *kind, "--shards", "3", "-o", "plan")
    assert (code, out) == (0, "plan\n"), err
    assert "planned: 3 shards of 5,522 alleles" in err
    code, _, err = zooctl("merge", "plan", "-o", f"b.{name}")
    assert code == 2
    assert "3 of 3 shards are not there (got no shard 1, 2, 3)" in err
    assert zooctl("run", "plan")[0] == 0
    assert zooctl("merge", "plan", "-o", f"b.{name}")[:2] == (0, f"b.{name}\n")
    assert (here / f"b.{name}").read_bytes() == (here / name).read_bytes()
    if name == "a.vcf.gz":
        assert (here / f"b.{name}.tbi").read_bytes() == (here / f"{name}.tbi").read_bytes()


def test_workers_of_the_command_itself(zooctl: Zooctl, here: Path) -> None:
    score(zooctl, "-o", "a.vcf.gz")
    score(zooctl, "-o", "b.vcf.gz", "--workers", "2")
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()
    assert {path.name for path in here.iterdir() if path.name.startswith(".")} == set()


def test_workers_in_python(zooctl: Zooctl, here: Path) -> None:
    import zooctl as library

    one, two = (library.load("toy", threads=1, workers=n) for n in (None, 2))
    for model, name in ((one, "a"), (two, "b")):
        found = model.score_vcf("in.vcf", f"{name}.vcf.gz", fasta="genome.fa", n_shifts=2)
        assert found.tally.alleles == 5_522
        (here / name).mkdir()
        regions = ["chr1:11-4,003", "chr2:1-1,000"]
        written = model.predict_bigwig(regions, f"{name}/", fasta="genome.fa")
        assert set(written.paths) == {"plus", "minus"}
    for path in (here / "a.vcf.gz", *(here / "a").iterdir()):
        other = here / str(path.relative_to(here)).replace("a", "b", 1)
        assert path.read_bytes() == other.read_bytes()


def test_workers_replace_a_report(zooctl: Zooctl, here: Path) -> None:
    score(zooctl, "-o", "a.vcf.gz", "--report", "a.json")
    expected = json.loads((here / "a.json").read_text())
    score(zooctl, "-o", "b.vcf.gz", "--report", "b.json", "--workers", "2")
    again = ["score-variants", "in.vcf", *MODEL, *SHIFTS, "-o", "b.vcf.gz", "--report", "b.json"]
    for name in ("b.vcf.gz", "b.vcf.gz.tbi"):
        (here / name).unlink()
    code, _, err = zooctl(*again, "--workers", "2")
    assert (code, "b.json: output exists. Hint: pass --force" in err) == (2, True)
    (here / "b.json").write_text("{}")
    assert zooctl(*again, "--workers", "2", "--force")[0] == 0
    found = json.loads((here / "b.json").read_text())
    assert found["statuses"] == expected["statuses"] == {"OK": 5522}


def test_a_file_named_as_a_word(zooctl: Zooctl, here: Path) -> None:
    """A file that lies here by chance is not taken for a track or for ``auto``."""
    for name in ("plus", "auto", "none"):
        (here / name).write_text("x")
    asked = ["--track", "plus", "--chrom-map", "auto", "--background", "none"]
    score(zooctl, "-o", "a.vcf.gz", *asked)
    assert zooctl(*PLAN, *asked, "--shards", "2", "-o", "plan")[0] == 0
    assert zooctl("run", "plan")[0] == 0
    assert zooctl("merge", "plan", "-o", "b.vcf.gz")[0] == 0
    assert (here / "b.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()


def test_workers_ask_and_fill_one_store(zooctl: Zooctl, here: Path) -> None:
    """The second plan is answered by the store that the workers of the first have filled."""
    for library in ("duckdb", "pyarrow"):
        pytest.importorskip(library)
    score(zooctl, "-o", "a.vcf.gz")
    for number in (1, 2):
        code, _, err = zooctl(*PLAN, "--store", "store", "-o", f"plan{number}")
        assert code == 0, err
        assert zooctl("run", f"plan{number}", "--workers", "2")[0] == 0
        assert zooctl("merge", f"plan{number}", "-o", f"b{number}.vcf.gz")[0] == 0
        assert (here / f"b{number}.vcf.gz").read_bytes() == (here / "a.vcf.gz").read_bytes()
    assert any((here / "store").rglob("*.parquet"))
