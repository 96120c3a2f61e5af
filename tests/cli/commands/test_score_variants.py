"""`zooctl score-variants` as typed: every record and allele, every output, every fault."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
import shutil
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cyvcf2
import pysam
import pytest
import toy_variants
from pyarrow import parquet
from toy_variants import COLUMNS, HEADER, ONE, base, here, line, other, vcf

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.files.disk.bgzf import END, bgzip_blocks
from zooctl.files.vcf import output
from zooctl.files.vcf.chunks import Parts
from zooctl.schema.manifest import write_manifest

__all__ = ["here"]

# The toy of conftest: 64 bp in, the middle 32 bp out; a bin is the mean of these over its bases.
PLUS = {"A": 1.0, "C": 2.0, "G": 3.0, "T": 4.0}
MINUS = {"A": 4.0, "C": 3.0, "G": 2.0, "T": 1.0}
Runner = Callable[..., tuple[int, str, str]]


@pytest.fixture
def score(here: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(
        *arguments: str, source: str = "in.vcf", model: str = "toy", fasta: str = "genome.fa"
    ) -> tuple[int, str, str]:
        words = ["--model", model] if model else []
        code = run(["score-variants", source, *words, "--fasta", fasta, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def outputs(folder: Path) -> list[str]:
    return sorted(
        path.name for path in folder.iterdir() if path.name not in ("genome.fa", "in.vcf")
    )


def info_of(path: str) -> list[dict[str, str]]:
    """INFO of each record of a VCF."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt") as file:
        rows = [row.rstrip("\n").split("\t") for row in file if not row.startswith("#")]
    return [
        dict(entry.partition("=")[::2] for entry in row[7].split(";") if entry != ".")
        for row in rows
    ]


def statuses(path: str) -> list[str]:
    return [info["ZOO_toy_STATUS"] for info in info_of(path)]


def by_hand(chrom: str, pos: int, alt: str, weights: dict[str, float]) -> tuple[float, float]:
    """Mean prediction for REF and ALT of an SNV, one window, from the definitions."""
    window = [weights[letter] for letter in base(chrom, pos - 15, 32)]
    changed = [*window[:15], weights[alt], *window[16:]]
    return sum(window) / 32, sum(changed) / 32


# What is written.


def test_vcf_with_scores(score: Runner, here: Path) -> None:
    code, out, err = score(*ONE)
    assert code == 0, err
    assert out == "in.toy.vcf.gz\n"
    assert outputs(here) == ["in.toy.vcf.gz", "in.toy.vcf.gz.tbi"]
    given = [one.split("\t") for one in (here / "in.vcf").read_text().splitlines()[2:]]
    found = info_of("in.toy.vcf.gz")
    assert len(found) == len(given)
    for row, info in zip(given, found, strict=True):
        for track, weights in (("plus", PLUS), ("minus", MINUS)):
            ref, alt = by_hand("chr1", int(row[1]), row[4], weights)
            assert float(info[f"ZOO_toy_{track}_SUM_REF"]) == pytest.approx(ref, rel=1e-6)
            assert float(info[f"ZOO_toy_{track}_SUM_ALT"]) == pytest.approx(alt, rel=1e-6)
            lfc = float(info[f"ZOO_toy_{track}_SUM_LFC"])
            assert lfc == pytest.approx(math.log2(alt / ref), rel=1e-5)
            # One shift has no spread.
            assert f"ZOO_toy_{track}_SUM_LFC_SD" not in info
        assert info["ZOO_toy_STATUS"] == "OK"
        assert info["AF"] == "0.10"
    lines = err.splitlines()
    assert [text.split(":")[0] for text in lines] == [
        "genome",
        "warning",
        "device",
        "note",
        "scored",
        "status",
    ]
    assert lines[1].startswith("warning: toy: the genome is no hg19: ")
    assert lines[3] == "note: toy: preview: A toy; its predictions mean nothing."
    assert lines[4].startswith("scored: 14 of 14 alleles in 14 records, ")
    assert lines[5] == "status: OK 14"


def test_shifts_have_a_spread_and_come_from_the_seed(score: Runner, here: Path) -> None:
    assert score("-o", "a.vcf")[0] == 0
    assert score("-o", "b.vcf", "--seed", "0", "--shifts", "20")[0] == 0
    assert score("-o", "c.vcf", "--seed", "1")[0] == 0
    assert (here / "a.vcf").read_bytes() == (here / "b.vcf").read_bytes()
    first, other_seed = info_of("a.vcf"), info_of("c.vcf")
    assert all(float(info["ZOO_toy_plus_SUM_LFC_SD"]) > 0 for info in first)
    assert first[0]["ZOO_toy_plus_SUM_LFC"] != other_seed[0]["ZOO_toy_plus_SUM_LFC"]


def test_header_says_what_computed_the_scores(score: Runner, here: Path, toy_zoo: Path) -> None:
    assert score("-o", "a.vcf", "--seed", "7", "--rc")[0] == 0
    manifest = json.loads((toy_zoo / "zoo/toy/manifest.json").read_text())
    sha256 = manifest["files"]["zoo/toy/model.onnx"]["sha256"]
    with pysam.VariantFile("a.vcf") as file:
        fields = {name: field for name, field in file.header.info.items() if name[:4] == "ZOO_"}
        assert list(fields) == [
            *(
                f"ZOO_toy_{t}_SUM_{m}"
                for t in ("plus", "minus")
                for m in ("LFC", "LFC_SD", "REF", "ALT")
            ),
            "ZOO_toy_STATUS",
        ]
        assert all(field.number == "A" for field in fields.values())
        assert {name: field.type for name, field in fields.items()} == {
            name: "String" if name == "ZOO_toy_STATUS" else "Float" for name in fields
        }
        (meta,) = [dict(entry) for entry in file.header.records if entry.key == "zooctl"]
    assert meta["ID"] == "toy"
    assert (meta["ModelVersion"], meta["Assembly"]) == ("0.1.0", "hg19")
    assert (meta["Shifts"], meta["MaxShift"], meta["Seed"]) == ("20", "8", "7")
    assert meta["Weights"].strip('"') == f"sha256:{sha256}"
    text = (here / "a.vcf").read_text()
    described = [one for one in text.splitlines() if "ID=ZOO_toy_plus_SUM_LFC" in one]
    assert "log2 of ALT over REF" in described[0]
    assert f'Source="zooctl 0.1.0 toy weights sha256:{sha256}",Version="0.1.0"' in described[0]
    assert "shifts 20, at most 8 bp, seed 7" in described[0]


SAMPLES = 2500


def test_everything_else_is_byte_for_byte_as_it_was(score: Runner, here: Path) -> None:
    """2,500 sample columns, undeclared INFO and FILTER, odd numbers, and lines without INFO."""
    draw = random.Random(3)
    names = "\t".join(f"HG{n:05}" for n in range(SAMPLES))
    header = HEADER + '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">\n##odd=line\n'
    rows = []
    for index, pos in enumerate(range(100, 800, 25)):
        calls = "\t".join(draw.choice(["0|1:1.50", "./.:.", "1/1:1e-3"]) for _ in range(SAMPLES))
        fields = line("chr1", pos).split("\t")
        fields[2], fields[5] = f"rs{pos};x", "29.500"
        fields[6] = ["PASS", ".", "q10;undeclared"][index % 3]
        fields[7] = [".", "AF=0.10", "DB;UNDECLARED=a|b%3B;", "AC=1,2"][index % 4]
        rows.append("\t".join([*fields, "GT:DS", calls]))
    text = vcf(*rows, header=header, columns=f"{COLUMNS}\tFORMAT\t{names}")
    (here / "in.vcf").write_text(text)
    for name in ("a.vcf", "a.vcf.gz"):
        assert score(*ONE, "-o", name)[0] == 0
        content = (here / name).read_bytes()
        written = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
        assert stripped(written) == stripped(text)
        assert written.count("ZOO_toy_STATUS=OK") == len(rows)
    assert list(map(str, cyvcf2.VCF("a.vcf.gz"))) == list(map(str, cyvcf2.VCF("a.vcf")))


def stripped(text: str) -> list[list[str]]:
    """Fields of all lines, without what this command adds."""
    rows = []
    for row in text.splitlines():
        if row.startswith("##"):
            if not row.startswith(("##INFO=<ID=ZOO_", "##zooctl=")):
                rows.append([row])
            continue
        fields = row.split("\t")
        kept = [entry for entry in fields[7].split(";") if entry and not entry.startswith("ZOO_")]
        rows.append([*fields[:7], ";".join(kept) or ".", *fields[8:]])
    return rows


def test_index_finds_what_a_walk_finds(score: Runner, here: Path) -> None:
    rows = [line(chrom, pos) for chrom in ("chr2", "chr1") for pos in range(20, 280, 7)]
    (here / "in.vcf").write_text(vcf(*rows, header=HEADER + "##contig=<ID=chr1>\n"))
    for name, index in (("a.vcf.gz", ".tbi"), ("a.bcf", ".csi")):
        code, _, err = score(*ONE, "-o", name)
        assert code == 0, err
        assert (here / f"{name}{index}").is_file()
        with pysam.VariantFile(name) as file:
            everything = list(file)
            found = list(file.fetch("chr1", 99, 200))
        assert len(everything) == len(rows)
        expected = [r.pos for r in everything if r.chrom == "chr1" and 100 <= r.pos <= 200]
        assert [record.pos for record in found] == expected


def test_bgzipped_output_ends_with_its_end(score: Runner, here: Path) -> None:
    for name in ("a.vcf.gz", "a.tsv.gz"):
        assert score(*ONE, "-o", name)[0] == 0
        assert (here / name).read_bytes().endswith(END)
        assert (here / name).read_bytes()[12:14] == b"BC"


def test_all_outputs_say_the_same(score: Runner, here: Path) -> None:
    rows = [line("chr1", 100, "*,<DEL>,N", "a".replace("a", base("chr1", 100))), line("chr1", 200)]
    (here / "in.vcf").write_text(vcf(*rows, header=HEADER + "##contig=<ID=chr1>\n"))
    names = ["a.vcf", "a.vcf.gz", "a.bcf", "a.tsv", "a.tsv.gz", "a.parquet"]
    for name in names:
        code, out, err = score("-o", name)
        assert (code, out) == (0, f"{name}\n"), err
    assert info_of("a.vcf") == info_of("a.vcf.gz")
    (first, second) = info_of("a.vcf")
    assert first["ZOO_toy_STATUS"] == "STAR,SYMBOLIC,N_ALLELE"
    # What no ALT has a value for is left out.
    assert "ZOO_toy_plus_SUM_LFC" not in first
    binary = [dict(record.INFO) for record in cyvcf2.VCF("a.bcf")]
    assert binary[0]["ZOO_toy_STATUS"] == first["ZOO_toy_STATUS"]
    assert binary[1]["ZOO_toy_plus_SUM_LFC"] == pytest.approx(float(second["ZOO_toy_plus_SUM_LFC"]))
    table = (here / "a.tsv").read_text()
    assert gzip.decompress((here / "a.tsv.gz").read_bytes()).decode() == table
    head, *body = [row.split("\t") for row in table.splitlines()]
    assert head == [
        *("chrom", "pos", "id", "ref", "alt", "status", "model", "track"),
        *("statistic", "kind", "unit", "score", "sd", "ref_value", "alt_value", "place"),
        *("pct", "p", "phred", "act", "class"),
    ]
    assert [row[4:8] for row in body] == [
        [alt, status, "toy", track]
        for alt, status in (
            ("*", "STAR"),
            ("<DEL>", "SYMBOLIC"),
            ("N", "N_ALLELE"),
            (other(base("chr1", 200)), "OK"),
        )
        for track in ("plus", "minus")
    ]
    assert [row[8:10] for row in body] == [["sum", "log2_ratio"]] * 8
    assert [row[11:] for row in body[:6]] == [[""] * 10] * 6
    fields = ("LFC", "LFC_SD", "REF", "ALT")
    assert body[6][11:] == [*(second[f"ZOO_toy_plus_SUM_{name}"] for name in fields), *[""] * 6]
    frame = parquet.read_table("a.parquet")
    assert frame.column_names == head
    values = frame.to_pylist()
    assert [list(row.values())[:8] for row in values] == [[r[0], int(r[1]), *r[2:8]] for r in body]
    assert values[0]["score"] is values[0]["place"] is None
    assert str(frame["score"].type) == "float"
    assert values[6]["sd"] == pytest.approx(float(body[6][12]))
    assert b"sha256:" in frame.schema.metadata[b"models"]


def test_parquet_without_pyarrow(
    score: Runner, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    code, _, err = score("-o", "a.parquet")
    assert code == 2
    assert "pip install 'pyarrow>=18'" in err
    assert outputs(here) == []


def test_bcf_in_and_contigs_that_no_header_has(score: Runner, here: Path) -> None:
    """A BCF numbers what its header defines; the rest is defined on the way."""
    assert score(*ONE, "-o", "a.bcf")[0] == 0
    assert score(*ONE, "--overwrite-annotations", "-o", "b.vcf", source="a.bcf")[0] == 0
    assert score(*ONE, "-o", "c.vcf")[0] == 0
    ours = [
        {name: value for name, value in info.items() if name != "AF"} for info in info_of("c.vcf")
    ]
    assert [
        {name: value for name, value in info.items() if name != "AF"} for info in info_of("b.vcf")
    ] == ours


# Which alleles, models and tracks.


def test_every_allele_is_accounted_for(score: Runner, here: Path) -> None:
    """Each code, in records of one ALT and of many; the counts add up to the input."""
    ref = base("chr1", 100)
    first, second, _ = [letter for letter in "ACGT" if letter != ref]
    wrong = other(base("chr1", 150))
    rows = {
        line("chr1", 100, f"{first},*,{second},<NON_REF>"): "OK,STAR,OK,SYMBOLIC",
        line("chr1", 100, ref.lower() + first): "OK",
        line("chr1", 150, other(wrong), wrong): "REF_MISMATCH",
        line("chr1", 200, "<DEL>"): "SYMBOLIC",
        line("chr1", 200, "<*>"): "SYMBOLIC",
        line("chr1", 200, f"{base('chr1', 200)}[chr2:5["): "BREAKEND",
        line("chr1", 200, "."): "NO_ALT",
        line("chr1", 200, f"{base('chr1', 200)}."): "BREAKEND",
        line("chr1", 0, "A", "N"): "TELOMERE",
        line("chr1", 901, "A", "N"): "TELOMERE",
        line("chr1", 902, "A", "C"): "OUT_OF_RANGE",
        line("chr1", 900, "A", base("chr1", 900) + "A"): "OUT_OF_RANGE",
        line("chr9", 5, "A", "C"): "NO_CONTIG",
        line("chr1", 250, base("chr1", 250) + "A" * 17): "TOO_LONG",
        line("chr1", 250, "N"): "N_ALLELE",
        line("chr1", 250, "R"): "AMBIGUOUS_ALT",
        line("chr1", 250, base("chr1", 250)): "REF_EQ_ALT",
        line("chr1", 250, base("chr1", 250).lower()): "REF_EQ_ALT",
        line("chr1", 3): "EDGE+N",
        line("chr1", 28): "EDGE",
        line("chr2", 265): "OK",
        line("chr2", 275): "N",
        line("chr2", 320, "A", "N"): "N_ALLELE",
        line("chr2", 500): "OK",
        line("chrM", 100): "OK",
    }
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score(*ONE, "-o", "a.vcf.gz", "--report", "r.json")
    assert code == 0, err
    assert statuses("a.vcf.gz") == list(rows.values())
    report = json.loads((here / "r.json").read_text())
    each = [status for text in rows.values() for status in text.split(",")]
    assert report["statuses"] == {status: each.count(status) for status in set(each)}
    assert (report["records"], report["alleles"]) == (len(rows), len(each))
    assert report["models"] == {"toy": report["statuses"]}
    assert report["outputs"] == ["a.vcf.gz"]
    assert f"chr1:150 (line 5): REF is {wrong}, the genome has {base('chr1', 150)}" in err
    assert "TOO_LONG: toy takes changes of at most 16 bp" in err
    assert (
        "index: none, since records are not sorted: chr1:200 comes before chr1:0 (line 11)" in err
    )
    for info in info_of("a.vcf.gz"):
        for name, value in info.items():
            if name.startswith("ZOO_toy") and name != "ZOO_toy_STATUS":
                scored = [
                    one in ("OK", "EDGE", "EDGE+N", "N")
                    for one in info["ZOO_toy_STATUS"].split(",")
                ]
                assert [one != "." for one in value.split(",")] == scored


def test_lower_case_scores_as_upper_case(score: Runner, here: Path) -> None:
    rows = [line("chr2", 500), line("chr2", 500).lower().replace("pass", "PASS")]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf")[0] == 0
    first, second = info_of("a.vcf")
    assert {k: v for k, v in first.items() if k[:3] == "ZOO"} == {
        k: v for k, v in second.items() if k[:3] == "ZOO"
    }


def test_duplicates_and_order_change_nothing(score: Runner, here: Path) -> None:
    """basenji gives a variant that occurs twice NaN."""
    rows = [line("chr1", pos) for pos in (300, 300, 100, 500)]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf")[0] == 0
    (here / "in.vcf").write_text(vcf(*reversed(rows)))
    assert score("-o", "b.vcf")[0] == 0
    assert info_of("a.vcf") == info_of("b.vcf")[::-1]
    assert info_of("a.vcf")[0] == info_of("a.vcf")[1]


def test_one_change_written_in_many_ways(score: Runner, here: Path) -> None:
    """SpliceAI gives TG>TA and G>A different scores."""
    after = base("chr1", 401)
    rows = [
        line("chr1", 401),
        line("chr1", 400, base("chr1", 400) + other(after), base("chr1", 400, 2)),
        line("chr1", 401, other(after) + base("chr1", 402, 2), base("chr1", 401, 3)),
    ]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf")[0] == 0
    infos = info_of("a.vcf")
    assert infos[0] == infos[1] == infos[2]


def second_model(root: Path, **changes: str) -> None:
    """The toy once more under another name."""
    shutil.copytree(root / "zoo/toy", root / "zoo/second")
    text = (root / "model_cards/toy.yaml").read_text().replace("name: toy", "name: second", 1)
    for old, new in changes.items():
        text = text.replace(old, new)
    (root / "model_cards/second.yaml").write_text(text)
    (root / "zoo/second/manifest.json").unlink()
    write_manifest(
        root, "second", tensor_digest=f"sha256:{'0' * 64}", opset=20, exporter={"onnx": "1"}
    )


def test_two_models_in_one_pass(score: Runner, here: Path, toy_zoo: Path) -> None:
    second_model(toy_zoo)
    code, out, err = score(*ONE, "--model", "second", "--track", "plus")
    assert (code, out) == (0, "in.toy.second.vcf.gz\n"), err
    info = info_of("in.toy.second.vcf.gz")[0]
    assert info["ZOO_toy_plus_SUM_LFC"] == info["ZOO_second_plus_SUM_LFC"]
    assert info["ZOO_toy_STATUS"] == info["ZOO_second_STATUS"] == "OK"
    assert not [name for name in info if "minus" in name]
    assert "second: scored: 14 of 14 alleles" in err
    assert score(*ONE, "--model", "second", "-o", "a.tsv")[0] == 0
    rows = [row.split("\t") for row in (here / "a.tsv").read_text().splitlines()[1:]]
    assert [row[6:8] for row in rows[:4]] == [
        ["toy", "plus"],
        ["toy", "minus"],
        ["second", "plus"],
        ["second", "minus"],
    ]


def test_models_of_two_assemblies(
    score: Runner, here: Path, toy_zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused, until the hint is followed: one genome is named for both."""
    second_model(toy_zoo, **{"assembly: hg19": "assembly: hg38"})
    assert run(["score-variants", "in.vcf", "--model", "toy", "--model", "second"]) == 2
    err = capsys.readouterr().err
    assert "models are for different assemblies (got toy for hg19, second for hg38)" in err
    assert "Hint: name the VCF's genome with --fasta" in err
    assert outputs(here) == []
    assert score(*ONE, "--model", "second")[0] == 0
    assert outputs(here)[0] == "in.toy.second.vcf.gz"


def test_the_default_model_is_said(score: Runner, here: Path, toy_zoo: Path) -> None:
    from zooctl.catalog.registry import DEFAULT_MODEL

    code, _, err = score(*ONE, model="")
    assert code == 2  # the toy zoo lacks it
    assert f"model: {DEFAULT_MODEL}, the default" in err
    assert "no such model" in err


def test_the_default_model_says_what_it_is_for(
    score: Runner, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zooctl.catalog.registry.DEFAULT_MODEL", "toy")
    code, _, err = score(*ONE, model="")
    assert code == 0
    assert "model: toy, the default; zooctl benchmark compares others" in err
    assert f"toy: {registry.entry('toy').card().intended_use}" in err


def test_unknown_track(score: Runner, here: Path) -> None:
    code, _, err = score("--track", "pluss")
    assert code == 2
    assert "no such track" in err


def test_score_that_is_a_difference(score: Runner, here: Path, toy_zoo: Path) -> None:
    second_model(toy_zoo, **{"output_scale: signal": "output_scale: log"})
    assert score(*ONE, "-o", "a.vcf", model="second")[0] == 0
    info = info_of("a.vcf")[0]
    difference = float(info["ZOO_second_plus_SUM_ALT"]) - float(info["ZOO_second_plus_SUM_REF"])
    assert float(info["ZOO_second_plus_SUM_DIFF"]) == pytest.approx(difference, abs=1e-6)
    assert "ZOO_second_plus_SUM_LFC" not in info
    assert "ALT minus REF of the mean prediction, in " in (here / "a.vcf").read_text()


# References, contigs, regions.


@pytest.fixture
def swapped(here: Path) -> list[str]:
    """An SNV, and the same with REF and ALT exchanged."""
    ref, alt = base("chr1", 200), other(base("chr1", 200))
    rows = [line("chr1", 200, alt, ref), line("chr1", 200, f"{ref},<DEL>", alt)]
    (here / "in.vcf").write_text(vcf(*rows))
    return rows


def test_check_ref_skip(score: Runner, swapped: list[str]) -> None:
    assert score("-o", "a.vcf")[0] == 0
    assert statuses("a.vcf") == ["OK", "REF_MISMATCH,SYMBOLIC"]


def test_check_ref_fail(score: Runner, swapped: list[str], here: Path) -> None:
    code, out, err = score("-o", "a.vcf", "--check-ref", "fail")
    assert (code, out) == (2, "")
    assert "error: in.vcf:4: allele cannot be scored: REF_MISMATCH (got chr1:200 " in err
    assert f"the genome has {base('chr1', 200)}" in err
    assert outputs(here) == []


def test_check_ref_swap(score: Runner, swapped: list[str]) -> None:
    assert score("-o", "a.vcf", "--check-ref", "swap")[0] == 0
    first, second = info_of("a.vcf")
    assert second["ZOO_toy_STATUS"] == "SWAPPED,SYMBOLIC"
    lfc = float(second["ZOO_toy_plus_SUM_LFC"].removesuffix(",."))
    assert lfc == pytest.approx(-float(first["ZOO_toy_plus_SUM_LFC"]), rel=1e-5)
    assert second["ZOO_toy_plus_SUM_REF"] == first["ZOO_toy_plus_SUM_ALT"] + ",."
    assert second["ZOO_toy_plus_SUM_ALT"] == first["ZOO_toy_plus_SUM_REF"] + ",."


def test_wrong_assembly_is_caught_before_anything_is_written(score: Runner, here: Path) -> None:
    rows = [line("chr1", pos) for pos in range(100, 600)]
    for at in range(0, 500, 9):
        chrom, pos, *_ = rows[at].split("\t")
        rows[at] = line(chrom, int(pos), base(chrom, int(pos)), other(base(chrom, int(pos))))
    (here / "in.vcf").write_text(vcf(*rows))
    code, out, err = score(*ONE)
    assert (code, out) == (2, "")
    assert (
        "wrong assembly? REF is not what genome.fa has (got 56 mismatches in the first 500" in err
    )
    assert "expected a VCF on hg19, the genome in use" in err
    assert "fit the other strand" in err
    assert outputs(here) == []
    # A tenth and less may be the sequencing.
    (here / "in.vcf").write_text(vcf(*(rows + [line("chr1", 700)] * 60)))
    assert score(*ONE, "--force")[0] == 0


def test_other_strand_is_counted_and_never_flipped(score: Runner, here: Path) -> None:
    ref = base("chr1", 200)
    flipped = {"A": "T", "C": "G", "G": "C", "T": "A"}[ref]
    rows = [line("chr1", 200, ref, flipped), line("chr1", 300), line("chr1", 400)]
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score("-o", "a.vcf", "--report", "r.json")
    assert code == 0
    assert statuses("a.vcf") == ["REF_MISMATCH", "OK", "OK"]
    assert "REF_MISMATCH: 1 fit the other strand; first chr1:200" in err
    assert json.loads((here / "r.json").read_text())["ref_mismatch_on_other_strand"] == 1


def test_each_status_has_a_line_of_reason(score: Runner, here: Path) -> None:
    rows = [line("chr1", pos) for pos in range(200, 209)]
    rows += [line("chr1", 300, "*"), line("chr1", 400, "<DEL>")]
    rows += [line("1", 500, "A", "C"), line("chr9", 6, "A", "C")]
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score("-o", "a.vcf")
    assert code == 0, err
    number = 1 + (here / "in.vcf").read_text().splitlines().index(rows[-2])
    told = err.splitlines()
    start = told.index("status: OK 9, NO_CONTIG 2, STAR 1, SYMBOLIC 1")
    assert told[start + 1 :][:3] == [
        "SYMBOLIC: ALT is symbolic, as <DEL>, and has no sequence",
        "STAR: *: the base is deleted by another record",
        "NO_CONTIG: the genome has no contig of that name; --chrom-map auto would find 1; "
        f"first 1:500 (line {number}), chr9:6 (line {number + 1})",
    ]
    # The advice holds.
    code, _, err = score("-o", "b.vcf", "--chrom-map", "auto")
    assert "NO_CONTIG: the genome has no contig of that name; first chr9:6" in err


def test_most_alleles_foreign(score: Runner, here: Path) -> None:
    rows = [line("chr1", 200), line("chr9", 5, "A", "C"), line("chr9", 6, "A", "C")]
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score()
    assert code == 2
    assert "2 of 3 alleles are on contigs that the genome lacks (got chr9; expected" in err
    assert outputs(here) == []
    assert score("--max-skipped", "0.7", "-o", "a.vcf")[0] == 0
    assert statuses("a.vcf") == ["OK", "NO_CONTIG", "NO_CONTIG"]
    wrong = [line("chr1", 200), line("chr1", 1000, "A", "C"), line("chr1", 1001, "A", "C")]
    (here / "in.vcf").write_text(vcf(*wrong))
    code, _, err = score()
    assert code == 2
    assert "too many alleles disagree with the genome (got OUT_OF_RANGE 2 of 3" in err
    # The same call would end the same.
    assert "--resume" not in err
    assert outputs(here) == ["a.vcf"]
    assert not list(here.glob(".zooctl-parts*"))


def test_records_without_sequence_are_no_reason_to_stop(score: Runner, here: Path) -> None:
    """As in a gVCF, of which most records are reference blocks."""
    rows = [line("chr1", pos, "<NON_REF>") for pos in range(100, 150)]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf")[0] == 0
    assert set(statuses("a.vcf")) == {"SYMBOLIC"}


def test_strict(score: Runner, here: Path) -> None:
    (here / "in.vcf").write_text(vcf(line("chr1", 100), line("chr1", 200, "C,*", "A" * 30)))
    code, _, err = score("--strict")
    assert code == 2
    assert "error: in.vcf:4: allele cannot be scored: REF_MISMATCH" in err
    (here / "in.vcf").write_text(
        vcf(line("chr1", 100), line("chr1", 200, base("chr1", 200) + "A" * 40))
    )
    code, _, err = score("--strict")
    assert code == 2
    assert "allele cannot be scored: TOO_LONG" in err
    assert "expected a change of at most 8 bp" in err
    assert outputs(here) == []


def test_all_that_is_refused_is_said_before_anything_is_computed(
    score: Runner, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [line("chr1", 100)] * 2000
    for at in (1500, 1700, 1999):
        rows[at] = line("chr1", 200, "<DEL>")
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score("--strict", *ONE)
    assert code == 2
    found = [one for one in err.splitlines() if one.startswith("error: ")]
    assert [int(one.split(":")[2]) for one in found] == [1503, 1703, 2002]
    assert "kept:" not in err
    assert outputs(here) == []
    # What cannot be read twice is refused when it comes.
    with (here / "in.vcf").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        code, _, err = score("--strict", *ONE, source="-")
    assert code == 2
    assert "error: stdin:1503: allele cannot be scored: SYMBOLIC" in err
    assert "kept: 1,024 records" in err


def test_contig_names_in_the_other_style(score: Runner, here: Path) -> None:
    rows = [line("chr1", pos) for pos in (100, 200)] + [line("chrM", 100)]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf")[0] == 0
    bare = [row.replace("chrM", "MT").replace("chr", "") for row in rows]
    (here / "in.vcf").write_text(vcf(*bare))
    code, _, err = score("-o", "b.vcf")
    assert code == 2
    assert "no contig of the VCF is in the genome (got 1, MT; expected names such as chr1" in err
    assert "--chrom-map auto" in err
    code, _, err = score("-o", "b.vcf", "--chrom-map", "auto")
    assert code == 0, err
    # chrM of 200 bp is not MT, which has 16,569.
    assert statuses("b.vcf") == ["OK", "OK", "NO_CONTIG"]
    assert info_of("b.vcf")[:2] == info_of("a.vcf")[:2]
    assert [row.split("\t")[0] for row in (here / "b.vcf").read_text().splitlines()[-3:]] == [
        "1",
        "1",
        "MT",
    ]
    (here / "names.txt").write_text("1 chr1\nMT\tchrM\n")
    assert score("-o", "b.vcf", "--chrom-map", "names.txt", "--force")[0] == 0
    assert info_of("b.vcf") == info_of("a.vcf")


def test_header_of_another_assembly(score: Runner, here: Path) -> None:
    header = HEADER + "##contig=<ID=chr2,length=661>\n##contig=<ID=chr1,length=901>\n"
    (here / "in.vcf").write_text(vcf(line("chr1", 100), header=header))
    code, _, err = score()
    assert code == 2
    assert "wrong assembly? The header gives other lengths for 2 contigs (got 901 bp for c" in err
    assert "expected 900 bp, as in genome.fa" in err
    assert "Hint: lift the VCF over to the assembly of genome.fa, or name its own with" in err
    rest = {"chr1": toy_variants.GENOME["chr1"] + "A", "chr2": "A" * 661}
    (here / "own.fa").write_text("".join(f">{name}\n{text}\n" for name, text in rest.items()))
    assert score("--fasta", "own.fa", "-o", "own.vcf", *ONE)[0] == 0
    # Two mitochondria are in use with one assembly.
    header = HEADER + "##contig=<ID=chrM,length=16569>\n"
    (here / "in.vcf").write_text(vcf(line("chr1", 100), line("chrM", 100), header=header))
    assert score("-o", "a.vcf")[0] == 0
    assert statuses("a.vcf") == ["OK", "NO_CONTIG"]
    (here / "names.txt").write_text("chrM chrM\n")
    assert score("-o", "b.vcf", "--chrom-map", "names.txt")[0] == 0
    assert statuses("b.vcf") == ["OK", "OK"]


@pytest.mark.parametrize(
    ("contigs", "note"),
    [
        ({"chr1": 2**31 - 1, "chr2": 0}, None),
        ({"chr1": 900, "chr2": 99}, None),
        ({"chr1": 901, "chr2": 660}, "chr1 901 bp, not 900"),
        ({"chr1": 10**4000}, None),
    ],
)
def test_lengths_that_say_nothing(
    score: Runner, here: Path, contigs: dict[str, int], note: str | None
) -> None:
    """Placeholders, contigs without records, one mistake, and a number of 4,000 digits."""
    lines = "".join(
        f"##contig=<ID={name},length={length if length < 10**99 else '9' * 4001}>\n"
        for name, length in contigs.items()
    )
    (here / "in.vcf").write_text(vcf(line("chr1", 100), header=HEADER + lines))
    code, _, err = score("-o", "a.vcf", *ONE)
    assert code == 0, err
    assert statuses("a.vcf") == ["OK"]
    assert ("the header gives other lengths than genome.fa" in err) == (note is not None)
    assert note is None or note in err


def test_one_allele_that_is_none_does_not_stop_the_others(score: Runner, here: Path) -> None:
    rows = [
        line("chr1", 100),
        line("chr1", 200, "C,T", "*"),
        line("chr1", 300, "X"),
        line("chr1", 300, f"-A,{other(base('chr1', 300))}"),
        line("chr1", 300, "<D\u00c9L>"),
        line("chr1", 300, f"{base('chr1', 300)}]chr\u00e9:5]"),
        line("chr1", 300, "\u00c4"),
        line("chr1", 300, ref="A1!"),
    ]
    expected = ["OK", "INVALID_ALLELE,INVALID_ALLELE", "INVALID_ALLELE", "INVALID_ALLELE,OK"]
    expected += ["SYMBOLIC", "BREAKEND", "INVALID_ALLELE", "INVALID_ALLELE"]
    (here / "in.vcf").write_text(vcf(*rows))
    for name in ("a.vcf", "a.vcf.gz"):
        assert score("-o", name, *ONE, "--report", "r.json", "--force")[0] == 0
    assert statuses("a.vcf") == expected
    report = json.loads((here / "r.json").read_text())
    assert report["statuses"] == {"OK": 2, "INVALID_ALLELE": 6, "SYMBOLIC": 1, "BREAKEND": 1}
    assert score("-o", "a.tsv", *ONE)[0] == 0
    assert [row.split("\t")[4] for row in (here / "a.tsv").read_text().splitlines()[13::2]] == [
        "<D\u00c9L>",
        f"{base('chr1', 300)}]chr\u00e9:5]",
        "\u00c4",
        other("A"),
    ]
    code, _, err = score("--strict")
    assert code == 2
    assert "in.vcf:4: allele cannot be scored: INVALID_ALLELE" in err


def test_columns_that_hold_no_alleles(score: Runner, here: Path) -> None:
    (here / "in.vcf").write_text(vcf(*(line("chr1", pos, "0.5", "rs7") for pos in range(1, 20))))
    code, _, err = score()
    assert code == 2
    assert "in.vcf:3: no record has alleles in REF and ALT (got REF rs7, ALT 0.5" in err
    assert "Hint: are the columns in the order of a VCF?" in err
    (here / "in.vcf").write_text(vcf(*(line("chr1", pos) for pos in range(1, 20))))
    assert score("-o", "a.vcf", *ONE)[0] == 0


def test_blank_lines_behind_the_last_record(score: Runner, here: Path) -> None:
    (here / "in.vcf").write_text(vcf(line("chr1", 100), "", " \t", ""))
    code, _, err = score("-o", "a.vcf", *ONE)
    assert code == 0
    assert "note: in.vcf: blank lines behind the last record were left out: 3" in err
    assert statuses("a.vcf") == ["OK"]
    (here / "in.vcf").write_text(vcf("", line("chr1", 100), "", "", line("chr1", 100), ""))
    code, _, err = score()
    assert code == 2
    assert re.findall(r"in.vcf:(\d+): line is empty", err) == ["3", "5"]


def test_values_that_bcf_cannot_hold(score: Runner, here: Path) -> None:
    """They are found before anything is scored, and the hint leads on."""
    (here / "in.vcf").write_text(vcf(line("chr1", 100), line("chr1", 200).replace("29.50", "abc")))
    code, out, err = score("-o", "a.bcf", *ONE)
    assert (code, out) == (2, "")
    assert (
        "in.vcf:4: record cannot be written as BCF (got QUAL is abc, would become 0). "
        "Hint: a .vcf.gz output takes it as it is"
    ) in err
    assert "scored" not in err
    assert "kept" not in err
    assert sorted(path.name for path in here.iterdir()) == ["genome.fa", "in.vcf"]
    assert score("-o", "a.vcf.gz", *ONE)[0] == 0
    # A stream is read once, and the output compared.
    text = (here / "in.vcf").read_text()
    fifo = here / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=(text,))
    writer.start()
    code, _, err = score("-o", "b.bcf", *ONE, source="fifo")
    writer.join()
    assert code == 2
    assert "b.bcf:" in err
    assert "QUAL is abc, would become 0" in err
    assert not (here / "b.bcf").exists()


@pytest.mark.parametrize("name", ["a.vcf", "a.vcf.gz", "a.tsv", "a.tsv.gz", "a.parquet"])
def test_what_is_written_is_counted(
    score: Runner, here: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that gets lost on the way to the file is missed."""
    write = output._write

    def losing(parts: Parts, head: bytes, form: output.Form, path: Path, metadata: object) -> None:
        lines = parts.lines
        monkeypatch.setattr(parts, "lines", lambda: islice(lines(), 1, None))
        packed = bgzip_blocks(b"".join(parts.lines()))
        monkeypatch.setattr(parts, "pieces", lambda: iter([packed]))
        write(parts, head, form, path, metadata)

    with monkeypatch.context() as patch:
        patch.setattr(output, "_write", losing)
        code, _, err = score("-o", name, *ONE)
    assert code == 3
    assert f"{name}: the output does not hold every record" in err
    assert "Hint: check the disk, and run it again with --resume" in err
    assert not (here / name).exists()
    assert score("-o", name, *ONE, "--resume")[0] == 0
    assert (here / name).exists()


@pytest.mark.parametrize(("end", "suffix"), [("900000000", ".csi"), ("9" * 20, None)])
def test_ends_beyond_an_index(score: Runner, here: Path, end: str, suffix: str | None) -> None:
    """END leads further than the records' own bases; the output is whole all the same."""
    rows = [line("chr1", 100), line("chr1", 200, "<DEL>").replace("AF=0.10", f"END={end}")]
    (here / "in.vcf").write_text(vcf(*rows))
    code, _, err = score("-o", "a.vcf.gz", *ONE)
    assert code == 0
    assert ("the output has no index: " in err) == (suffix is None)
    found = {path.name for path in here.iterdir()} - {"genome.fa", "in.vcf", "a.vcf.gz"}
    assert found == (set() if suffix is None else {f"a.vcf.gz{suffix}"})
    assert statuses("a.vcf.gz") == ["OK", "SYMBOLIC"]


def test_region_without_records(score: Runner) -> None:
    code, _, err = score("--region", "chr2", "-o", "a.vcf", *ONE)
    assert code == 0
    assert "warning: in.vcf has no records in the regions" in err
    assert info_of("a.vcf") == []


def test_region(score: Runner, here: Path) -> None:
    rows = [line("chr1", pos) for pos in (100, 150, 200)]
    rows += [line("chr1", 210, base("chr1", 210), base("chr1", 210, 5)), line("chr2", 150)]
    (here / "in.vcf").write_text(vcf(*rows))
    assert score("-o", "a.vcf", "--region", "chr1:150-199", "--region", "chr1:214-300")[0] == 0
    found = [
        row.split("\t")[1] for row in (here / "a.vcf").read_text().splitlines() if row[0] == "c"
    ]
    assert found == ["150", "210"]
    code, _, err = score("-o", "b.vcf", "--region", "chr1:800-901")
    assert code == 2
    assert "goes beyond the end of its contig" in err


# Files and faults (what is wrong with a VCF itself is in tests/files/vcf/test_records.py).


def test_header_only(score: Runner, here: Path) -> None:
    (here / "in.vcf").write_text(vcf())
    for name in ("a.vcf.gz", "a.bcf", "a.tsv", "a.parquet"):
        code, _, err = score("-o", name)
        assert code == 0, err
        assert "warning: in.vcf has no records" in err
    assert pysam.VariantFile("a.vcf.gz").header.info["ZOO_toy_STATUS"].number == "A"
    assert parquet.read_table("a.parquet").num_rows == 0


def test_faulty_line_stops_before_anything_is_computed(score: Runner, here: Path) -> None:
    rows = [line("chr1", 100)] * 3000 + ["chr1\tx\t.\tA\tC\t.\t.\t.", "", line("chr1", 200)]
    (here / "in.vcf").write_text(vcf(*rows))
    code, out, err = score()
    assert (code, out) == (2, "")
    assert "error: in.vcf:3003: POS is wrong (got 'x'; expected a whole number)\n" in err
    assert "error: in.vcf:3004: line is empty (expected 8, as in the header)\n" in err
    assert outputs(here) == []


def test_existing_scores(score: Runner, here: Path, toy_zoo: Path) -> None:
    assert score("-o", "a.vcf")[0] == 0
    code, _, err = score("-o", "b.vcf", source="a.vcf")
    assert code == 2
    assert "VCF has scores of this model already (got INFO ZOO_toy_plus_SUM_LFC)" in err
    assert score("-o", "b.vcf", "--overwrite-annotations", source="a.vcf")[0] == 0
    assert (here / "b.vcf").read_bytes() == (here / "a.vcf").read_bytes()
    # Nothing of an older run stays behind, whatever statistics it had.
    max_only = ("-o", "d.vcf", "--statistic", "max", "--overwrite-annotations")
    assert score(*max_only, source="a.vcf")[0] == 0
    assert "_SUM_" not in (here / "d.vcf").read_text()


def test_scores_of_models_side_by_side(score: Runner, here: Path, toy_zoo: Path) -> None:
    """Two runs give what one run gives; another model's scores are input like any other."""
    second_model(toy_zoo)
    assert score("-o", "a.vcf")[0] == 0
    code, _, err = score("-o", "b.vcf", source="a.vcf", model="second")
    assert code == 0, err
    assert score("-o", "c.vcf", "--model", "second")[0] == 0
    assert info_of("b.vcf") == info_of("c.vcf")
    assert sorted((here / "b.vcf").read_text()) == sorted((here / "c.vcf").read_text())
    both = info_of("b.vcf")[0]
    assert both["ZOO_toy_plus_SUM_LFC"] == both["ZOO_second_plus_SUM_LFC"]
    assert both["ZOO_toy_STATUS"] == both["ZOO_second_STATUS"] == "OK"


def test_statistics(score: Runner, here: Path, toy_zoo: Path) -> None:
    """Commas and repetition are one; each value follows from the toy's weights by hand."""
    options = ("--statistic", "sum,max", "--statistic", "delta", "--distance", "9", "--mean-track")
    assert score(*ONE, *options, "-o", "a.vcf")[0] == 0
    rows = (here / "in.vcf").read_text().splitlines()[2:]
    for row, info in zip(rows, info_of("a.vcf"), strict=True):
        _, pos, _, ref, alt, *_ = row.split("\t")
        found = {
            name.removeprefix("ZOO_toy_"): float(value)
            for name, value in info.items()
            if name.startswith("ZOO_toy_") and not name.endswith("STATUS")
        }
        # A bin of 8 bp has the mean of its bases' weights: one of them changes.
        change = (PLUS[alt] - PLUS[ref]) / 8
        assert found["plus_MAX_DIFF"] == pytest.approx(change, abs=1e-6)
        assert abs(found["plus_MAX_POS"] - int(pos)) < 8
        assert found["plus_DELTA_GAIN_DIFF"] == pytest.approx(max(change, 0), abs=1e-6)
        assert found["plus_DELTA_LOSS_DIFF"] == pytest.approx(max(-change, 0), abs=1e-6)
        # The other track has the weights the other way round.
        assert found["MEAN_MAX_DIFF"] == pytest.approx(0, abs=1e-6)
        assert "MEAN_MAX_POS" not in found
    assert "within 9 bp of the change" in (here / "a.vcf").read_text()
    code, _, err = score("--statistic", "median", "-o", "b.vcf")
    assert code == 2
    assert "no such statistic (got median; expected sum, local, max, jsd, delta)" in err


def test_statistics_of_the_card(score: Runner, here: Path, toy_zoo: Path) -> None:
    scoring = "scoring: {statistics: [delta], shifts: 1, max_shift: 0, distance: 9}\noutput_scale:"
    second_model(toy_zoo, **{"output_scale:": scoring})
    assert score("-o", "a.vcf", model="second")[0] == 0
    assert score("-o", "b.vcf", *ONE, "--statistic", "delta", "--distance", "9")[0] == 0
    ours, asked = info_of("a.vcf"), info_of("b.vcf")
    assert [{k.replace("second", "toy"): v for k, v in one.items()} for one in ours] == asked
    # What is asked for comes before the card.
    assert score("-o", "c.vcf", "--shifts", "20", "--statistic", "sum", model="second")[0] == 0
    assert float(info_of("c.vcf")[0]["ZOO_second_plus_SUM_LFC_SD"]) > 0


def test_byte_order_mark_and_crlf(score: Runner, here: Path) -> None:
    assert score("-o", "a.vcf")[0] == 0
    content = (here / "in.vcf").read_bytes()
    (here / "in.vcf").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    code, _, err = score("-o", "b.vcf")
    assert code == 0
    assert (here / "a.vcf").read_bytes() == (here / "b.vcf").read_bytes()
    assert "note: in.vcf: a byte order mark was left out" in err


@pytest.mark.parametrize("pipe", ["fifo", "-"])
def test_pipes(
    score: Runner, here: Path, pipe: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert score("-o", "a.vcf")[0] == 0
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = gzip.compress((here / "in.vcf").read_bytes())
    writer = threading.Thread(target=fifo.write_bytes, args=(content,), daemon=True)
    writer.start()
    if pipe == "fifo":
        code, out, err = score("-o", "b.vcf", source=str(fifo))
    else:
        with fifo.open() as stream:
            monkeypatch.setattr("sys.stdin", stream)
            code, out, err = score(source="-")
        assert out == "variants.toy.vcf.gz\n"
    writer.join(60)
    assert code == 0, err
    found = info_of("b.vcf" if pipe == "fifo" else "variants.toy.vcf.gz")
    assert found == info_of("a.vcf")


def test_cut_short_on_a_pipe(score: Runner, here: Path, tmp_path: Path) -> None:
    """Only its end shows it; nothing may be left under the output's name."""
    (here / "in.vcf").write_text(vcf(*[line("chr1", 100)] * 2000))
    assert score("-o", "a.vcf.gz")[0] == 0
    assert score(source="a.vcf.gz")[0] == 2
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = gzip.compress((here / "in.vcf").read_bytes())
    writer = threading.Thread(target=fifo.write_bytes, args=(content[:-9],))
    writer.start()
    code, out, err = score("-o", "b.vcf", source=str(fifo))
    writer.join(60)
    assert (code, out) == (2, "")
    assert "cut short" in err
    assert not (here / "b.vcf").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.txt"], "output is of no known kind"),
        (["-o", "-", "--resume"], "stdout cannot be resumed"),
        (["-o", "no/a.vcf"], "the output's folder does not exist"),
        (["-o", "in.vcf", "--force"], "output is also an input"),
        (["-o", "genome.fa", "--force"], "output is of no known kind"),
        (["-o", "there.vcf.gz"], "output exists"),
        (["-o", "half.vcf.gz"], "half.vcf.gz.tbi: output exists"),
        (["--report", "there.vcf.gz"], "output exists"),
        (["--report", "in.toy.vcf.gz"], "report and output are one file"),
        (["--max-shift", "30"], "largest shift does not fit the model's window"),
        (["--max-skipped", "2"], "max-skipped"),
        (["--chrom-map", "missing.txt"], "file cannot be opened"),
    ],
)
def test_refused_before_anything_is_computed(
    score: Runner, here: Path, arguments: list[str], message: str
) -> None:
    (here / "there.vcf.gz").write_text("x")
    (here / "half.vcf.gz.tbi").write_text("x")
    before = outputs(here)
    code, out, err = score(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert outputs(here) == before


def test_force_replaces_file_and_index(score: Runner, here: Path) -> None:
    assert score("-o", "a.vcf.gz")[0] == 0
    (here / "in.vcf").write_text(vcf(line("chr1", 300), line("chr1", 200)))
    assert score("-o", "a.vcf.gz", "--force")[0] == 0
    # The new file is not sorted; an index of the old one would be wrong.
    assert outputs(here) == ["a.vcf.gz"]


def test_dry_run(score: Runner, here: Path) -> None:
    code, out, err = score("--dry-run")
    assert code == 0, err
    assert outputs(here) == []
    fields = dict(row.split(maxsplit=1) for row in out.splitlines() if row[0] != " ")
    assert fields["records"] == fields["alleles"] == "14"
    assert "OK 14" in out
    # Of 20 draws from 16 shifts some are the same; those windows are computed once.
    windows = int(fields["toy"].split()[2].replace(",", ""))
    assert 2 * 8 * 14 <= windows <= 2 * 16 * 14
    assert fields["time"].startswith("about ")
    assert fields["output"] == "in.toy.vcf.gz"
