"""`zooctl evaluate` as typed: the toy on real data, of which it knows nothing but base content."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from zooctl.catalog.card import load_card
from zooctl.cli.main import run
from zooctl.files.motifs import read_motifs

DATA = "recipes/data/ctcf_gm12878_hg19/GM12878_{}_5M.hg19.chr20_21.bw"
SPLIT = """split:
  train: [{chrom: chr20, start: 30000000, end: 31000000}]
  validation: []
  test: [{chrom: chr21, start: 33000000, end: 33500000}]
"""
PICTURES = ("scatter", "curves", "resolutions", "tracks")
QUICK = ["--bootstrap", "50", "--motif-windows", "4", "--device", "cpu"]


@pytest.fixture
def zoo(toy_zoo: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy zoo with a small split, its data in a mirror, and hg19 where genomes are."""
    mirror, genomes = tmp_path / "mirror", tmp_path / "genomes/hg19"
    mirror.mkdir()
    genomes.mkdir(parents=True)
    for name, place in (("CTCF", "plus.bw"), ("Input", "minus.bw")):
        (mirror / place).symlink_to(repo / DATA.format(name))
    for chrom in ("chr20", "chr21"):
        file = f"hg19.{chrom}.fa.gz"
        (genomes / file).symlink_to(repo / "recipes/data/hg19_chr20_chr21" / file)
    card, recipe = toy_zoo / "model_cards/toy.yaml", toy_zoo / "recipes/toy.yaml"
    for document in (card, recipe):
        document.write_text(re.sub(r"split:\n(  .*\n)+", SPLIT, document.read_text()))
    text = card.read_text()
    card.write_text(
        text.replace("name: plus, assay: RNA-seq", "name: plus, target: CTCF, assay: x")
    )
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("ZOOCTL_GENOMES", str(tmp_path / "genomes"))
    return toy_zoo


def test_report(
    zoo: Path, mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "HOCOMOCOv11_HUMAN.pfm"
    (tmp_path / "mirror" / name).symlink_to(mirror / "motifs" / name)
    folder = tmp_path / "report"
    command = ["evaluate", "toy", "-o", str(folder), *QUICK]
    assert run([*command, "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report == json.loads((folder / "evaluation.json").read_text())
    assert "genome: hg19" in captured.err
    plus, minus = report["tracks"]
    names = [row["name"] for row in plus["rows"]]
    own = ["toy", "toy, ranked by mean", "mean signal", "GC content"]
    assert names == [
        *own,
        "GC + dinucleotide ridge",
        "5-mer ridge",
        "best hit of CTCF_HUMAN.H11MO.0.A",
    ]
    assert (plus["track"], minus["track"]) == ("plus", "minus")
    assert [row["name"] for row in minus["rows"]][:4] == own
    assert [row["name"] for row in report["mean_over_tracks"]] == names[:-1]
    # The toy's plus track is a rising function of base content, not of what CTCF binds.
    auroc = {row["name"]: row["metrics"]["auroc"]["value"] for row in plus["rows"]}
    assert auroc["toy"] < auroc["best hit of CTCF_HUMAN.H11MO.0.A"]
    assert report["motif"]["known"]["name"] == "CTCF_HUMAN.H11MO.0.A"
    assert read_motifs(folder / "motif.meme")[0].consensus == report["motif"]["consensus"]
    # The Input has no strong bin there, and so no calls and no peaks.
    assert minus["n_strong"] == 0
    pictures = ["motif", *(f"plus.{name}" for name in PICTURES)]
    pictures += ["minus.scatter", "minus.resolutions"]
    for name in pictures:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    text = (folder / "report.md").read_text()
    assert "## minus" in text
    assert all(f"({name}.png)" in text for name in pictures)
    assert len(list(folder.glob("*.png"))) == len(pictures)
    assert run(command) == 2
    assert "--force" in capsys.readouterr().err


def test_table_without_the_motif_collection(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "toy", "--track", "plus", "--shifts", "0", "--bootstrap", "0"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert out.startswith("toy on chr21:33,000,001-33,500,000, held out\n")
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "0.500" in lines["mean signal"]
    assert lines["best motif hit"] == (
        "best motif hit  not measured: needs motifs/HOCOMOCOv11_HUMAN.pfm in ZOOCTL_DATA_MIRROR"
    )
    assert "975 of 512 bp" in lines["bins"]
    assert "motif" not in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no such model"),
        (["toy", "--track", "both"], "plus, minus"),
        (["toy", "--motif-windows", "101"], "motif-windows"),
        (["toy", "--resolution", "8,x"], "--resolution"),
        (["toy", "--threshold", "high"], "--threshold"),
        (["toy", "--data", "nothing"], "no such model"),
    ],
)
def test_refused(
    zoo: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_without_scikit_learn_it_says_what_to_install(
    zoo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "sklearn" else real(name, *rest),
    )
    assert run(["evaluate", "toy"]) == 2
    assert "pip install scikit-learn" in capsys.readouterr().err


def test_against_files_where_the_model_was_not_trained(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = tmp_path / "peaks.bed"
    peaks.write_text(
        "".join(f"chr21\t{i}\t{i + 5_000}\n" for i in range(34_000_000, 34_500_000, 50_000))
    )
    command = ["evaluate", "toy", "--track", "plus", "--shifts", "0", "--bootstrap", "0", "--json"]
    here = ["--region", "chr21:34,000,001-34,300,000", "--against", str(peaks)]
    assert run([*command, *here]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["data"], report["regions"]) == ("peaks.bed", ["chr21:34,000,001-34,300,000"])
    (track,) = report["tracks"]
    assert track["is_label"]
    # Six peaks of 5,000 bp hold 9 or 10 bins of 512 bp each by half or more.
    assert 54 <= track["n_strong"] <= 60
    assert report["robustness"] is None
    assert run([*command, "--region", "chr20:30,500,001-30,600,000"]) == 2
    assert "trained or chosen on" in capsys.readouterr().err


def test_all_is_a_leaderboard_with_reasons(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (zoo / "model_cards/toy.yaml").read_text()
    (zoo / "model_cards/other.yaml").write_text(text.replace("name: toy\n", "name: other\n", 1))
    assert run(["evaluate", "--all", "--shifts", "0", "--bootstrap", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "data"
    assert lines[1].split()[:2] == ["toy", "toy"]
    assert lines[2].startswith("other  not judged: model has no weights")


def test_update_card(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = zoo / "model_cards/toy.yaml"
    assert run(["evaluate", "toy", "--bootstrap", "0", "--update-card", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    pearson, auroc = load_card(card).metrics
    mean, plus = report["mean_over_tracks"][0], report["tracks"][0]["rows"][0]
    assert pearson.value == round(mean["metrics"]["pearson"]["value"], 3)
    assert auroc.value == round(plus["metrics"]["auroc"]["value"], 3)
    assert auroc.baseline == "5-mer ridge"
    assert load_card(card).robustness == round(report["robustness"]["value"], 3)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["toy", "--all"],
        ["--all", "-o", "report"],
        ["toy", "--update-card", "--track", "plus"],
    ],
)
def test_options_that_exclude_each_other(
    zoo: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *arguments]) == 2
    assert capsys.readouterr().out == ""
