"""`zooctl atlas`, `lookup` and `store`: what is filled in answers as score-variants would."""

from __future__ import annotations

import csv
import gc
import json
import random
from pathlib import Path

import numpy as np
import pysam
import pytest
from pyarrow import parquet
from toy_model import toy_zoo
from toy_variants import GENOME, base, here, line, other, vcf

from zooctl.cli.main import run
from zooctl.inference.scale.store import lookup

__all__ = ["here", "toy_zoo"]

WITH = ["--fasta", "genome.fa"]
FILL = ["atlas", "toy", *WITH, "--threads", "1", "--store", "st"]
ASK = ["--model", "toy", *WITH]
NUMBERS = ("score", "sd", "ref_value", "alt_value", "pct", "p", "phred", "act")
Row = dict[str, object]


def rows(path: str) -> list[Row]:
    """A table with its numbers as float32, so that 0.0 is 0."""
    with Path(path).open() as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    return [
        {name: np.float32(text) if name in NUMBERS and text else text for name, text in row.items()}
        for row in table
    ]


def asked(seed: int = 3) -> list[str]:
    """Records that the atlas of chr1:101-400 has, beside others and some that nothing has."""
    draw = random.Random(seed)
    text, found = GENOME["chr1"], []
    for _ in range(60):
        at = draw.randrange(110, 390)
        ref = text[at]
        kinds = [other(ref), ref + draw.choice("ACGT")]
        found.append(line("chr1", at + 1, ",".join(draw.sample(kinds, draw.randrange(1, 3))), ref))
        found.append(line("chr1", at + 1, text[at], text[at : at + 2]))
    found += [
        line("chr1", 300, base("chr1", 300).lower(), other(base("chr1", 300))),
        line("chr1", 301, other(base("chr1", 301)).lower()),
        line("chr1", 302, "*,<DEL>," + other(base("chr1", 302))),
        line("chr1", 303, "N"),
        line("chr9", 303, "C", "A"),
        line("chr1", 9_999, "C", "A"),
        # In the normal form one base later.
        line("chr1", 310, base("chr1", 310) + other(base("chr1", 311)), base("chr1", 310, 2)),
    ]
    return found


@pytest.mark.parametrize(
    "options",
    [[], ["--statistic", "sum,max", "--shifts", "2", "--mean-track"]],
)
def test_a_lookup_answers_as_score_variants(
    here: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows, numbers and percentiles, in TSV and Parquet; and no network is opened."""
    monkeypatch.setattr(lookup, "_RECORDS", 50)
    Path("asked.vcf").write_text(vcf(*asked()))
    fill = ["--region", "chr1:101-400", "--indels", *options]
    calibrate = ["--kind", "snv", "--alleles", "1000", "--seed", "3"]
    assert run(["calibrate", "toy", *WITH, *calibrate]) == 0
    assert run([*FILL, *fill]) == 0
    score = ["score-variants", "asked.vcf", *ASK, "--threads", "1", *options]
    assert run([*score, "-o", "scored.tsv"]) == 0
    monkeypatch.setattr("zooctl.inference.model.Session", None)
    monkeypatch.setattr("zooctl.inference.variants.scorer.Session", None)
    for ending in ("tsv", "tsv.gz", "parquet"):
        assert run(["lookup", "asked.vcf", *ASK, "--store", "st", "-o", f"found.{ending}"]) == 0
    scored, found = rows("scored.tsv"), rows("found.tsv")
    assert found == scored
    assert {row["status"] for row in found} >= {"OK", "REF_MISMATCH", "STAR", "NO_CONTIG"}
    if not options:  # those of the background
        classes = {row["class"] for row in found}
        assert classes == {"", "random/snv", "NO_BACKGROUND"}
    table = parquet.read_table("found.parquet").to_pylist()
    assert [row["score"] for row in table] == [
        None if row["score"] == "" else row["score"] for row in found
    ]
    assert [row["place"] for row in table] == [
        int(row["place"]) if row["place"] else None for row in found
    ]


def test_what_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alleles that could be scored are NOT_STORED; on stdout, with counts beside."""
    assert run([*FILL, "--region", "chr1:101-110"]) == 0
    Path("few.vcf").write_text(vcf(line("chr1", 105), line("chr1", 305)))
    capsys.readouterr()
    assert run(["lookup", "few.vcf", *ASK, "--store", "st"]) == 0
    out, err = capsys.readouterr()
    assert [text.split("\t")[5] for text in out.splitlines()] == [
        *("status", "OK", "OK", "NOT_STORED", "NOT_STORED")
    ]
    assert "looked up: 2 alleles in 2 records" in err
    assert gc.isenabled()
    assert "status: NOT_STORED 1, OK 1" in err


def test_an_atlas_is_computed_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of overlapping regions each base once, and of bases that are known none."""
    Path("a.bed").write_text("chr1\t100\t150\nchr1\t140\t200\nchr2\t310\t320\n")
    assert run([*FILL, "--bed", "a.bed", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    # The last ten bases are N.
    assert first == {"bases": 110, "alleles": 300, "computed": 300, "statuses": first["statuses"]}
    assert run([*FILL, "--region", "chr1:101-260", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["computed"] == 3 * 60
    assert run([*FILL, "--region", "chr1:101-260"]) == 0
    assert "computed  0" in capsys.readouterr().out


def test_every_indel_of_one_base_is_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a naive list of all of them, as bcftools would write each."""
    text = GENOME["chr1"]
    assert run([*FILL, "--region", "chr1:101-160", "--indels"]) == 0
    assert run(["store", "export", "toy", "--store", "st", "-o", "a.tsv.gz"]) == 0
    with pysam.TabixFile("a.tsv.gz") as file:
        listed = {tuple(one.split("\t")[1:4]) for one in file.fetch("chr1")}
    expected = set()
    for at in range(100, 160):
        for letter in "ACGT":
            for changed in (
                text[:at] + letter + text[at + 1 :],
                text[:at] + letter + text[at:],
                text[:at] + text[at + 1 :],
            ):
                if changed != text:
                    expected.add(changed)
    made = set()
    for pos, ref, alt in listed:
        at = int(pos) - 1
        assert text[at : at + len(ref)] == ref
        made.add(text[:at] + alt + text[at + len(ref) :])
    assert made == expected
    assert len(listed) == len(made)  # each in one spelling


def test_genes_are_regions(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attributes = 'gene_id "G"; transcript_id "T"; gene_name "G";'
    Path("a.gtf").write_text(
        f"chr1\tx\texon\t201\t220\t.\t+\t.\t{attributes}\n"
        f"chr1\tx\texon\t241\t250\t.\t+\t.\t{attributes}\n"
    )
    assert run([*FILL, "--genes", "a.gtf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alleles"] == 3 * 50


def test_list_verify_and_export(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*FILL, "--region", "chr1:101-130", "--statistic", "max"]) == 0
    assert run([*FILL, "--region", "chr2:101-110", "--statistic", "max"]) == 0
    capsys.readouterr()
    assert run(["store", "list", "--store", "st", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["model"], listed["alleles"], listed["parts"]) == ("toy", 120, 2)
    assert run(["store", "list", "--store", "st"]) == 0
    assert "toy" in capsys.readouterr().out
    export = ["store", "export", "toy", "--store", "st", "--region", "chr1:105-106", "-o"]
    assert run([*export, "a.parquet"]) == 0
    table = parquet.read_table("a.parquet")
    assert table["pos"].to_pylist() == [105] * 3 + [106] * 3
    assert table.column_names[:5] == ["chrom", "pos", "ref", "alt", "status"]
    assert "plus_MAX_DIFF_POS" in table.column_names
    Path("one.vcf").write_text(vcf(line("chr1", 105)))
    assert run(["score-variants", "one.vcf", *ASK, "--statistic", "max", "-o", "one.tsv"]) == 0
    plus, _ = rows("one.tsv")
    (stored,) = (
        row for row in table.to_pylist() if row["alt"] == plus["alt"] and row["pos"] == 105
    )
    assert np.float32(stored["plus_MAX_DIFF"]) == plus["score"]
    assert str(stored["plus_MAX_DIFF_POS"]) == plus["place"]

    assert run(["store", "verify", "--store", "st"]) == 0
    part = next(Path("st").rglob("chr1-*/*.parquet"))
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    capsys.readouterr()
    assert run(["store", "verify", "--store", "st", "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out) == {"sound": 1, "damaged": 1}
    assert f"a damaged part is dropped: {part}" in err
    assert run(["store", "verify", "--store", "st"]) == 0


def test_regions_that_overlap_are_exported_once(here: Path) -> None:
    assert run([*FILL, "--region", "chr1:101-130"]) == 0
    export = ["store", "export", "toy", "--store", "st", "-o", "a.tsv.gz"]
    regions = ["chr1:105-110", "chr1:104-106", "chr1:107-107", "chr1:111-112"]
    assert run([*export, *(word for one in regions for word in ("--region", one))]) == 0
    with pysam.TabixFile("a.tsv.gz") as file:
        places = [int(one.split("\t")[1]) for one in file.fetch("chr1")]
    assert places == [pos for pos in range(104, 113) for _ in range(3)]


def test_scores_of_another_version_of_the_card(
    here: Path, toy_zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are stale, for a card says what becomes of a prediction; no lookup answers with them."""
    assert run([*FILL, "--region", "chr1:101-130"]) == 0
    card = toy_zoo / "model_cards/toy.yaml"
    text = card.read_text()
    version = next(row for row in text.splitlines() if row.startswith("version:"))
    card.write_text(text.replace(version, 'version: "9.9.9"'))
    Path("few.vcf").write_text(vcf(line("chr1", 105)))
    assert run(["lookup", "few.vcf", *ASK, "--store", "st"]) == 2
    assert "the store has no scores of toy" in capsys.readouterr().err


def test_several_settings_and_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each hint of a lookup and an export, followed."""
    assert run(["lookup", "in.vcf", *ASK]) == 2
    assert "Hint: name its folder with --store" in capsys.readouterr().err
    assert run(["store", "list"]) == 2
    assert "Hint: name its folder with --store" in capsys.readouterr().err
    assert run([word for word in FILL if word not in ("--store", "st")]) == 2
    assert "Hint: name its folder with --store" in capsys.readouterr().err
    ask = ["lookup", "in.vcf", *ASK, "--store", "st"]
    assert run(ask) == 2
    assert "no store" in capsys.readouterr().err
    Path("st").mkdir()
    assert run(ask) == 2
    assert "Hint: zooctl atlas toy --store st --region … computes some" in capsys.readouterr().err
    for seed in ("0", "1"):
        assert run([*FILL, "--region", "chr1:101-130", "--seed", seed, "--shifts", "2"]) == 0
    assert run(ask) == 2
    error = capsys.readouterr().err
    assert "Hint: choose one with --settings" in error
    digest = error.partition("got ")[2].partition(" ")[0]
    assert run([*ask, "--settings", digest]) == 0
    assert run([*ask, "--settings", "x"]) == 2
    assert digest in capsys.readouterr().err
    assert run([*FILL, "--region", "chr1:101-110", "--bed", "a.bed"]) == 2
    assert "one of --bed, --region and --genes" in capsys.readouterr().err


def test_scores_on_two_genomes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("genome.fa").read_text()
    Path("other.fa").write_text(text.replace(GENOME["chrM"], GENOME["chrM"][::-1]))
    for fasta in ("genome.fa", "other.fa"):
        fill = [fasta if word == "genome.fa" else word for word in FILL]
        assert run([*fill, "--region", "chr1:101-110"]) == 0
    export = ["store", "export", "toy", "--store", "st", "-o", "a.tsv.gz"]
    assert run(export) == 2
    assert "Hint: name one with --fasta" in capsys.readouterr().err
    assert run([*export, "--fasta", "other.fa"]) == 0
    assert "exported: 30 alleles" in capsys.readouterr().err
