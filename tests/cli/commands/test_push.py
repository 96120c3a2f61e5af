"""A model is published, pulled from there, and predicts the same bits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hub_server import TOKEN, Hub, Repo
from huggingface_hub import ModelCard

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.schema.card import load_card

# The hub's client uploads in a way that the library below it is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

NAME = "org/toy"
SOURCE = f"https://huggingface.co/{NAME}/blob/main/model_card.yaml"
PUSH = ["push", "toy", "--repo", NAME]


@pytest.fixture
def login(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def push(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Push the toy; return the commit that was printed."""
    capsys.readouterr()
    assert run([*PUSH, "--no-dry-run", *options]) == 0
    return capsys.readouterr().out.strip()


def test_dry_run_is_the_default(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(PUSH) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == [
        "CITATION.cff",
        "LICENSE",
        "README.md",
        "config.json",
        "manifest.json",
        "model.onnx",
        "model.safetensors",
        "model_card.yaml",
        "probe.safetensors",
        "recipe.yaml",
    ]
    assert "nothing was pushed" in said.err
    assert hub.asked == []


@pytest.mark.usefixtures("login")
def test_publish_pull_predict(
    toy_zoo: Path, hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fasta = tmp_path / "toy.fa"
    fasta.write_text(">chr1\n" + "ACGTTGCA" * 32 + "\n")
    predict = ["predict", "--region", "chr1:1-256", "--fasta", str(fasta), "--track", "plus"]
    assert run([*predict, "--model", "toy", "-o", str(tmp_path / "before.bw")]) == 0
    revision = push(capsys)
    assert hub.repos[NAME].refs == {"main": revision}
    assert [one for one in hub.asked if "/commit/" in one] == [
        f"POST /api/models/{NAME}/commit/main"
    ]
    card = load_card(toy_zoo / "model_cards/toy.yaml")
    assert card.weights is not None
    assert card.weights.hub is not None
    assert (card.weights.hub.repo, card.weights.hub.revision) == (NAME, revision)
    assert run(["check", "toy"]) == 0
    for file in ("model.onnx", "model.safetensors", "probe.safetensors"):
        (toy_zoo / "zoo/toy" / file).unlink()
    assert run(["pull", "toy"]) == 0
    assert run([*predict, "--model", "toy", "-o", str(tmp_path / "pulled.bw")]) == 0
    address = f"hf://{NAME}@{revision}"
    assert run(["check", address, "--allow-untrusted"]) == 0
    by_address = [*predict, "--model", address, "--allow-untrusted"]
    assert run([*by_address, "-o", str(tmp_path / "address.bw")]) == 0
    before = (tmp_path / "before.bw").read_bytes()
    assert (tmp_path / "pulled.bw").read_bytes() == before
    assert (tmp_path / "address.bw").read_bytes() == before


@pytest.mark.usefixtures("login")
def test_the_hub_reads_what_the_card_says(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    files = hub.repos.setdefault(NAME, Repo()).commits
    tree = files[push(capsys)]
    page = ModelCard(tree["README.md"].decode())
    card = registry.entry("toy").card()
    assert (page.data.library_name, page.data.license) == ("zooctl", "mit")
    assert {"genomics", "onnx", "hg19", "rna-seq"} <= set(page.data.tags or ())
    assert page.data.model_name == "toy"
    results = page.data.eval_results or []
    known = [metric for metric in card.metrics if metric.value is not None]
    assert [(one.metric_type, one.metric_value, one.dataset_split) for one in results] == [
        (metric.name, metric.value, metric.split) for metric in known
    ]
    assert {one.source_url for one in results} == {SOURCE}
    # What the hub's own classes write of what they read is what we wrote.
    ours = yaml.safe_load(tree["README.md"].decode().split("---\n")[1])
    assert yaml.safe_load(page.data.to_yaml())["model-index"] == ours["model-index"]
    settings = json.loads(tree["config.json"])
    assert (settings["name"], settings["input_length"]) == ("toy", 64)
    assert yaml.safe_load(tree["CITATION.cff"])["license"] == "MIT"


@pytest.mark.usefixtures("login")
def test_pushing_again_goes_on_top(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = push(capsys)
    report = tmp_path / "report.json"
    report.write_text('{"level": "bronze"}')
    second = push(capsys, "--report", str(report))
    assert first != second
    assert "reproduce_report.json" in hub.repos[NAME].commits[second]
    card = (toy_zoo / "model_cards/toy.yaml").read_text()
    assert card.count("hub:") == 1
    assert second in card


@pytest.mark.usefixtures("login")
def test_somebody_else_pushes_meanwhile(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    push(capsys)
    before = (toy_zoo / "model_cards/toy.yaml").read_bytes()
    hub.mode = "race"
    assert run([*PUSH, "--no-dry-run"]) == 4
    err = capsys.readouterr().err
    assert "another commit meanwhile; nothing was pushed" in err
    assert "Hint: look at it, then run the command again" in err
    assert (toy_zoo / "model_cards/toy.yaml").read_bytes() == before
    assert "theirs" in hub.repos[NAME].commits[hub.repos[NAME].refs["main"]]
    hub.mode = "sound"
    assert run([*PUSH, "--no-dry-run"]) == 0


@pytest.mark.usefixtures("login")
def test_a_proposal_leaves_branch_and_card(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    first = push(capsys)
    second = push(capsys, "--create-pr")
    assert hub.repos[NAME].refs == {"main": first, "refs/pr/1": second}
    assert second not in (toy_zoo / "model_cards/toy.yaml").read_text()


def test_who_may_not_push(
    toy_zoo: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run([*PUSH, "--no-dry-run"]) == 2
    assert "needs a login" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert run([*PUSH, "--no-dry-run"]) == 4
    said = capsys.readouterr().err
    assert "does not take this login" in said
    assert "hf_wrong" not in said


def test_a_model_that_does_not_check_is_not_pushed(toy_zoo: Path, hub: Hub) -> None:
    (toy_zoo / "zoo/toy/model.onnx").write_bytes(b"x")
    assert run(PUSH) == 3
    assert run(["push", "toy", "--repo", "../toy"]) == 2
    assert run(["push", str(toy_zoo / "zoo/toy"), "--repo", NAME]) == 2
    assert hub.asked == []


@pytest.mark.usefixtures("login")
def test_a_report_is_json(toy_zoo: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("[]")
    assert run([*PUSH, "--report", str(tmp_path / "report.json")]) == 2


@pytest.mark.parametrize("name", ["h3k36me3_brain", "pwm_ctcf", "mpra_dragonn"])
def test_pages_of_the_zoo_are_read_by_the_hub(name: str) -> None:
    from zooctl.catalog.publish import readme

    card = registry.entry(name).card()
    page = ModelCard(readme(card, SOURCE))
    known = [metric.value for metric in card.metrics if metric.value is not None]
    assert [one.metric_value for one in page.data.eval_results or ()] == known
