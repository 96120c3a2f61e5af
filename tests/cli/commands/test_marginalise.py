"""`zooctl marginalise` as typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from toy_model import toy_zoo  # noqa: F401
from toy_rule import DISTANCE, FIRST, SECOND, SIZES, plant_rule

from zooctl.cli.main import run

TOY = f"marginalise toy --track plus --pattern {FIRST} --background uniform -n 20 --device cpu"


@pytest.fixture
def here(toy_zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    plant_rule(toy_zoo)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    letters = "ACCA" * 60
    (folder / "genome.fa").write_text(f">chr1\n{letters[:100]}{FIRST}{letters[106:]}\n")
    return folder


def test_tables_and_pictures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = (
        f"{TOY} --flanks 2 --with {SECOND} --spacing 10:14 --occlude --region chr1:100-106 "
        "--fasta genome.fa -o out"
    )
    assert run(command.split()) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1] == "wrote out"
    assert [line for line in printed.out.splitlines() if line.isalpha()] == [
        *("effects", "flanks", "spacing", "occlusion")
    ]
    names = ("effects", "flanks", "spacing", "occlusion")
    assert {path.name for path in (here / "out").iterdir()} == {
        "marginalise.json",
        *(f"{name}.{end}" for name in names for end in ("tsv", "png")),
    }
    for name in names:
        with Image.open(here / f"out/{name}.png") as image:
            assert min(image.size) > 100
    report = json.loads((here / "out/marginalise.json").read_text())
    with (here / "out/spacing.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    pairs = {(row["distance"], row["orientation"]): row for row in rows}
    assert float(pairs[str(DISTANCE), "+"]["cooperativity_mean"]) == pytest.approx(
        SIZES[2], abs=0.5
    )
    assert len(rows) == len(report["pairs"]) == 10
    assert run(command.split()) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*command.split(), "--force", "-q"]) == 0


@pytest.mark.usefixtures("here")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*TOY.split(), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["pattern"]["effect"]["mean"] == pytest.approx(SIZES[0], abs=0.4)
    assert report["pattern"]["effect"]["n"] == 20
    assert set(report) == {"model", "track", "unit", "around", "background", "seed", "pattern"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--with ACG --spacing 3", "not a range of distances"),
        ("--with ACG --spacing 0:1", "without an overlap"),
        ("--occlude", "expected --bed or --region"),
        ("-o out.json", "the output is a folder"),
        ("--motifs no.pfm", "no.pfm"),
    ],
)
@pytest.mark.usefixtures("here")
def test_refused(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*TOY.split(), *arguments.split()]) == 2
    assert message in capsys.readouterr().err
