"""`zooctl evaluate` as typed: the toy on real data, of which it knows nothing but base content."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zooctl.cli.main import run
from zooctl.files.bigwig.reader import BigWig
from zooctl.files.bigwig.writer import BigWigWriter
from zooctl.files.motifs import read_motifs
from zooctl.schema.card import load_card

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
    assert "973 of 512 bp" in lines["bins"]
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


FAST = ["--track", "plus", "--shifts", "0", "--bootstrap", "0", "--json"]
ELSEWHERE = ["--region", "chr21:34,000,001-34,200,000"]


def test_a_ridge_on_the_activations_of_a_trunk(
    zoo: Path, repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trunk knows open chromatin, where CTCF binds, so that its ridge beats the mean."""
    trunk = "brain_cell_types"
    for part in (f"model_cards/{trunk}.yaml", f"recipes/{trunk}.yaml"):
        (zoo / part).symlink_to(repo / part)
    shutil.copytree(repo / "zoo" / trunk, zoo / "zoo" / trunk)
    assert run(["evaluate", "toy", *FAST, "--trunk", trunk]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["tracks"][0]["rows"]}
    row = rows[f"ridge on {trunk}"]
    assert row["fit"]["validation_pearson"] is None
    assert rows["mean signal"]["metrics"]["auroc"]["value"] == 0.5
    assert 0.5 < row["metrics"]["auroc"]["value"] < 1


def hint_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The hint that a command ends with."""
    assert run(arguments) == 2
    return capsys.readouterr().err.rpartition("Hint: ")[2].strip()


def test_a_finer_resolution_than_the_models(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "toy", *FAST, *ELSEWHERE]
    assert hint_of([*command, "--resolution", "4"], capsys) == "targets are never binned up"
    assert run([*command, "--resolution", "16"]) == 0


def test_a_model_without_a_recipe(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both hints are followed: regions, and data of files or of another entry."""
    card, recipe = zoo / "model_cards/toy.yaml", zoo / "recipes/toy.yaml"
    other = card.read_text().replace("name: toy\n", "name: other\n", 1)
    (zoo / "model_cards/other.yaml").write_text(other)
    (zoo / "recipes/other.yaml").write_text(recipe.read_text().replace("toy\n", "other\n", 1))
    recipe.unlink()
    text = card.read_text().replace(SPLIT, "split: null\n")
    card.write_text(text.replace("unknown:\n", "unknown:\n  split: nobody says it\n"))
    against = ["--against", str(tmp_path / "mirror/plus.bw")]
    wanted = "--region chr21, or --data of an entry with a recipe"
    assert hint_of(["evaluate", "toy", *FAST, *against], capsys) == wanted
    wanted = "--data ENTRY, or --against TRACK.bw or PEAKS.bed"
    assert hint_of(["evaluate", "toy", *FAST, *ELSEWHERE], capsys) == wanted
    for more in ([*against, *ELSEWHERE], ["--data", "other"]):
        assert run(["evaluate", "toy", *FAST, *more]) == 0


def test_bins_that_are_no_whole_bins_of_the_model(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card, recipe = zoo / "model_cards/toy.yaml", zoo / "recipes/toy.yaml"
    text = recipe.read_text()
    recipe.write_text(text + "evaluation: {bin_size: 12}\n")
    wanted = "--data of an entry with such bins, or --against without a recipe"
    assert hint_of(["evaluate", "toy", *FAST], capsys) == wanted
    other = card.read_text().replace("name: toy\n", "name: other\n", 1)
    (zoo / "model_cards/other.yaml").write_text(other)
    (zoo / "recipes/other.yaml").write_text(text.replace("toy\n", "other\n", 1))
    assert run(["evaluate", "toy", *FAST, "--data", "other"]) == 0
    recipe.unlink()
    against = ["--against", str(tmp_path / "mirror/plus.bw"), *ELSEWHERE]
    assert run(["evaluate", "toy", *FAST, *against]) == 0


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
    assert "pip install 'scikit-learn" in capsys.readouterr().err


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


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `zooctl evaluate toy` finds, without intervals."""
    capsys.readouterr()
    quick = ["--shifts", "0", "--bootstrap", "0", "--json"]
    assert run(["evaluate", "toy", *quick, *arguments]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_the_files_of_a_recipe_give_its_figures(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = zoo / "recipes/toy.yaml"
    text = recipe.read_text().replace("source: plus}}", "source: plus, statistic: sum}}")
    assert "statistic: sum" in text
    recipe.write_text(text + "evaluation: {positive_min_signal: 3, positive_control_ratio: 2}\n")
    free = judged(capsys, "--track", "plus")
    control = "controls:\n  - {name: input, signal: {key: bigwig, source: minus}}\n"
    recipe.write_text(recipe.read_text() + control)
    own = judged(capsys, "--track", "plus")
    assert 0 < own["tracks"][0]["n_strong"] < free["tracks"][0]["n_strong"]
    found = judged(capsys, "--track", "plus", "--against", str(tmp_path / "mirror/plus.bw"))
    assert (own.pop("data"), found.pop("data")) == ("toy", "plus.bw")
    assert found == own
    assert (free["n_controls"], own["n_controls"]) == (0, 1)


def test_what_other_tracks_say_does_not_depend_on_the_choice(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = zoo / "model_cards/toy.yaml"
    text = card.read_text()
    card.write_text(
        text.replace("name: minus, assay: RNA-seq", "name: minus, target: CTCF, assay: x")
    )
    both = judged(capsys)
    for track in both["tracks"]:
        (alone,) = judged(capsys, "--track", track["track"])["tracks"]
        found, expected = ({row["name"]: row for row in one["rows"]} for one in (alone, track))
        assert list(found) == list(expected)
        assert found["the other track"] == expected["the other track"]
    # One file for both is no other track.
    same = judged(capsys, "--against", str(tmp_path / "mirror/plus.bw"))
    names = [row["name"] for track in same["tracks"] for row in track["rows"]]
    assert "GC content" in names
    assert "the other track" not in names


def test_a_track_of_the_test_chromosome_alone(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chr21.bw"
    with BigWig(tmp_path / "mirror/plus.bw") as whole:
        length = whole.contigs["chr21"]
        values = np.nan_to_num(whole.values("chr21", 33_000_000, 33_500_000))
    with BigWigWriter(path, {"chr21": length}) as writer:
        writer.add_bins("chr21", 33_000_000, values.astype(np.float32), 1)
    (track,) = judged(capsys, "--track", "plus", "--against", str(path))["tracks"]
    (own,) = judged(capsys, "--track", "plus")["tracks"]
    rows, of_own = ({row["name"]: row for row in one["rows"]} for one in (track, own))
    assert "5-mer ridge" not in rows
    assert rows["mean signal, 5-mer ridge"]["note"] == (
        "not fitted: nothing of chr21.bw in the training regions"
    )
    for name in ("toy", "GC content"):
        assert rows[name]["metrics"] == of_own[name]["metrics"]


def test_all_leaves_with_what_is_wrong(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = zoo / "zoo/toy/model.onnx"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    for arguments in ([], ["--json"]):
        assert run(["evaluate", "--all", "--bootstrap", "0", *arguments]) == 5
        captured = capsys.readouterr()
        assert "model.onnx" in captured.err
        assert "not_judged" in captured.out if arguments else "toy  not judged" in captured.out


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
        ["--all", "--trunk", "toy"],
        ["toy", "--update-card", "--track", "plus"],
    ],
)
def test_options_that_exclude_each_other(
    zoo: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *arguments]) == 2
    assert capsys.readouterr().out == ""
