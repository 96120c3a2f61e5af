"""`zooctl evaluate-variants` as typed: the toy, and mpra_dragonn on the real table."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from zooctl.cli.main import run

LETTERS = "".join(random.Random(1).choices("ACGT", k=400))
PLUS = {"A": 1.0, "C": 2.0, "G": 3.0, "T": 4.0}
QUICK = ["--bootstrap", "50", "--threads", "1", "--device", "cpu"]


@pytest.fixture
def table(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Effects that the toy's track `plus` says of all SNVs of two elements, beside genome.fa."""
    (tmp_path / "genome.fa").write_text(f">chr1\n{LETTERS}\n")
    lines = ["chrom\tpos\tref\talt\tvalue\telement\tn"]
    for element, first in (("left", 100), ("right", 200)):
        for start in range(first, first + 40):
            ref = LETTERS[start]
            lines += [
                f"1\t{start + 1}\t{ref}\t{alt}\t{PLUS[alt] - PLUS[ref]}\t{element}\t{12 + start}"
                for alt in "ACGT"
                if alt != ref
            ]
    path = tmp_path / "effects.tsv"
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    return path


def test_on_a_genome(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        ["evaluate-variants", "toy", str(table), "--fasta", "genome.fa", "--shifts", "4", *QUICK]
    )
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert "240 SNVs of effects.tsv; sequence: genome" in printed.err
    assert "one pass: OK 240" in printed.err
    head, *rows = printed.out.splitlines()
    assert head.split()[:3] == ["track", "element", "SNVs"]
    assert [row.split()[:3] for row in rows] == [
        [track, *cells]
        for track in ("plus", "minus")
        for cells in (["left", "120"], ["right", "120"], ["mean", "240"])
    ]


def test_json(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--fasta", "genome.fa", "--shifts", "3", "--max-shift", "4", "--even", "--json"]
    only = ["--track", "plus", "--min-n", "212"]
    assert run(["evaluate-variants", "toy", str(table), *arguments, *only, *QUICK]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["shifts"] == [-4, 0, 4]
    # Of `left` none has so many observations, so there is no mean.
    (right,) = found["elements"]
    assert (right["element"], right["track"], right["n"]) == ("right", "plus", 120)
    assert right["pearson"]["single"]["value"] > 0.98
    assert right["pearson"]["robust"]["value"] > 0.98
    assert right["pearson"]["single"]["low"] < right["pearson"]["single"]["value"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--constructs"], "only where a model predicts one value"),
        (["--constructs", "--fasta", "genome.fa"], "drop --fasta"),
        (["--fasta", "genome.fa", "--min-n", "1000"], "no SNV is left to compare"),
        (["--fasta", "other.fa"], "no element has ten SNVs with a score"),
    ],
)
def test_faults(
    table: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (table.parent / "other.fa").write_text(f">chr2\n{LETTERS}\n")
    assert run(["evaluate-variants", "toy", str(table), *arguments, *QUICK]) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert printed.out == ""


@pytest.mark.slow
def test_as_an_independent_port_of_mpra_dragonn(
    mirror: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """HepG2 minP pooled on F9: 0.603 in one pass, 0.624 over shifts of -60 to 60 by 6."""
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    with gzip.open(mirror / "mpra_satmut/elements.tsv.gz", "rt") as lines:
        head, *rest = lines
    table = tmp_path / "f9.tsv"
    table.write_text("".join([head, *(line for line in rest if "\tF9\t" in line)]))
    even = ["--shifts", "21", "--max-shift", "60", "--even"]
    track = ["--track", "hepg2_minp_pooled"]
    arguments = ["mpra_dragonn", str(table), "--constructs", *even, *track, "--json", *QUICK]
    assert run(["evaluate-variants", *arguments]) == 0
    (found,) = json.loads(capsys.readouterr().out)["elements"]
    assert (found["element"], found["n"]) == ("F9", 888)
    assert found["pearson"]["single"]["value"] == pytest.approx(0.603, abs=0.002)
    assert found["pearson"]["robust"]["value"] == pytest.approx(0.624, abs=0.002)
