"""`zooctl export` as typed: from a run to an entry that checks, or a reason why not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import toy_files
import toy_inputs
from safetensors.numpy import load_file
from toy_onehot import to_onehot

from zooctl.cli.main import run
from zooctl.schema.card import load_card

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty zoo, and a finished run of the toy in runs/toy."""
    data = tmp_path / "data"
    data.mkdir()
    toy_files.write(data)
    root = tmp_path / "zoo"
    for folder in ("model_cards", "recipes", "zoo"):
        (root / folder).mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(data))
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    monkeypatch.chdir(tmp_path)
    (root / "recipes/toy.yaml").write_text((data / "toy.yaml").read_text())
    assert run(["train", "data/toy.yaml", "--fasta", "data/toy.fa"]) == 0
    return root


def export(*options: str) -> int:
    return run(["export", "runs/toy", "--fasta", "data/toy.fa", *options])


def test_an_exported_run_checks_and_predicts(zoo: Path, capsys: Captured) -> None:
    assert export() == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == str(zoo / "zoo/toy")
    assert "torch and onnxruntime agree within" in err
    assert run(["check", "toy"]) == 3
    problems = capsys.readouterr().err.splitlines()
    assert all("still to be written" in line for line in problems if line.startswith("error"))
    card = zoo / "model_cards/toy.yaml"
    card.write_text(card.read_text().replace("TO BE WRITTEN", "A toy, for tests."))
    assert run(["check", "--stamp", "toy"]) == 0
    assert run(["check", "toy"]) == 0
    trained_with = json.loads(Path("runs/toy/environment.json").read_text())["software_digest"]
    assert load_card(zoo / "model_cards/toy.yaml").environment == trained_with
    region = ["--region", "chr1:1-1000", "--fasta", "data/toy.fa", "-o", "a.bw"]
    assert run(["predict", "--model", "toy", *region]) == 0
    assert Path("a.bw").stat().st_size
    capsys.readouterr()
    assert export("--force", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["files"]) == ("toy", [str(zoo / "zoo/toy")])
    assert told["largest_relative_difference"] < 1e-4


@pytest.mark.parametrize(
    ("write", "inputs"),
    [
        (toy_inputs.write_cells, {"sequence": (4, 64), "signals": (1, 64), "features": (2,)}),
        (toy_inputs.write_variants, {"sequence": (4, 64), "alternative": (4, 64)}),
    ],
)
def test_a_network_of_several_inputs(
    zoo: Path, capsys: Captured, write: Callable[[Path], Path], inputs: dict[str, tuple[int, ...]]
) -> None:
    """Trained twice to the same bits, resumed, exported; prediction says what it cannot give."""
    write(Path("data"))
    (zoo / "recipes/toy.yaml").write_text(Path("data/toy.yaml").read_text())
    for place in ("runs/toy", "again"):
        shutil.rmtree(place, ignore_errors=True)
        assert run(["train", "data/toy.yaml", "--fasta", "data/toy.fa", "-o", place]) == 0
    first, second = (load_file(f"{place}/best.safetensors") for place in ("runs/toy", "again"))
    assert {name: t.tobytes() for name, t in first.items()} == {
        name: t.tobytes() for name, t in second.items()
    }
    losses = [line.split(",")[3] for line in Path("again/metrics.csv").read_text().splitlines()[1:]]
    assert float(losses[-1]) < float(losses[0])

    assert export() == 0
    assert "torch and onnxruntime agree within" in capsys.readouterr().err
    graph = onnx.load(zoo / "zoo/toy/model.onnx").graph
    found = {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])
        for value in graph.input
    }
    assert found == inputs
    probe = load_file(zoo / "zoo/toy/probe.safetensors")
    pairs = probe.pop("pairs", None)
    assert set(probe) == set(inputs) - {"sequence"} | {"inputs", "expected"}
    # A window with both alleles is a pair of its own.
    assert (pairs is None) == ("alternative" in inputs)
    if pairs is not None:
        reference, alternative = pairs.T
        assert len(pairs) >= 8
        assert (probe["inputs"][reference] != probe["inputs"][alternative]).any(axis=1).all()
        for name in set(inputs) - {"sequence"}:
            assert np.array_equal(probe[name][reference], probe[name][alternative])
    region = ["--region", "chr1:1-1000", "--fasta", "data/toy.fa", "-o", "a.bw"]
    code, err = run(["predict", "--model", "toy", *region]), capsys.readouterr().err
    if "alternative" in inputs:
        assert code == 2
        assert err.endswith("expected zooctl score-variants)\n")
    else:
        assert (code, "which is not given" in err) == (2, True)
    given = {"sequence" if name == "inputs" else name: value for name, value in probe.items()}
    expected = given.pop("expected")
    given["sequence"] = to_onehot(given["sequence"], 0.0)
    session = onnxruntime.InferenceSession(zoo / "zoo/toy/model.onnx")
    np.testing.assert_allclose(session.run(None, given)[0], expected, rtol=1e-4, atol=1e-5)


def test_existing_weights_stay_unless_forced(zoo: Path, capsys: Captured) -> None:
    assert export() == 0
    before = (zoo / "zoo/toy/manifest.json").read_bytes()
    assert export() == 2
    assert "entry has weights already" in capsys.readouterr().err
    assert (zoo / "zoo/toy/manifest.json").read_bytes() == before
    assert export("--force") == 0


def test_a_run_of_other_values_is_refused(zoo: Path, capsys: Captured) -> None:
    recipe = zoo / "recipes/toy.yaml"
    recipe.write_text(recipe.read_text().replace("max_epochs: 3", "max_epochs: 4"))
    assert export() == 2
    err = capsys.readouterr().err
    assert "other values than the recipe" in err
    assert "give the recipe the values of the run, or the run a name of its own" in err
    assert not any((zoo / "zoo").iterdir())
    assert not any((zoo / "model_cards").iterdir())
    recipe.write_text(Path("runs/toy/recipe.yaml").read_text())
    assert export() == 0


def test_a_run_of_other_values_gets_a_name_of_its_own(zoo: Path) -> None:
    recipe = zoo / "recipes/toy.yaml"
    recipe.write_text(recipe.read_text().replace("max_epochs: 3", "max_epochs: 4"))
    assert export() == 2
    mine = Path("mine.yaml")
    mine.write_text(Path("runs/toy/recipe.yaml").read_text().replace("name: toy", "name: mine"))
    assert run(["train", str(mine), "--fasta", "data/toy.fa"]) == 0
    assert run(["export", "runs/mine", "--fasta", "data/toy.fa"]) == 0
    assert (zoo / "zoo/mine/model.onnx").is_file()


def test_a_run_without_its_environment_is_refused(zoo: Path, capsys: Captured) -> None:
    Path("runs/toy/environment.json").unlink()
    assert export() == 2
    err = capsys.readouterr().err
    assert "did not record what it was trained with" in err
    assert "train the recipe with zooctl train" in err
    assert not any((zoo / "zoo").iterdir())
    again = ["train", "runs/toy/recipe.yaml", "--fasta", "data/toy.fa", "-o", "again"]
    assert run(again) == 0
    assert run(["export", "again", "--fasta", "data/toy.fa"]) == 0


def test_another_name_and_no_run_are_refused(zoo: Path, capsys: Captured) -> None:
    assert export("--name", "other") == 2
    err = capsys.readouterr().err
    assert "an entry has the name of its recipe" in err
    recipe = zoo / "recipes/other.yaml"
    assert f"copy the recipe to {recipe}, name it so inside, and train that file" in err
    assert run(["export", "data"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    recipe.write_text((zoo / "recipes/toy.yaml").read_text().replace("name: toy", "name: other"))
    assert run(["train", str(recipe), "--fasta", "data/toy.fa"]) == 0
    assert run(["export", "runs/other", "--fasta", "data/toy.fa"]) == 0


def test_a_run_has_no_card_until_it_is_exported(
    zoo: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("runs")
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(Path("../data").resolve()))
    judged = ["evaluate", "toy", "--update-card", "--fasta", "../data/toy.fa", "--bootstrap", "0"]
    assert run(judged) == 2
    hint = capsys.readouterr().err.rpartition("Hint: ")[2].split()
    assert hint == ["zooctl", "export", "toy"]
    assert run([*hint[1:], "--fasta", "../data/toy.fa"]) == 0
    assert run(judged) == 0
    assert load_card(zoo / "model_cards/toy.yaml").metrics


def test_a_run_without_a_finished_epoch_is_resumed(zoo: Path, capsys: Captured) -> None:
    Path("runs/toy/best.safetensors").unlink()
    shutil.rmtree("runs/toy/checkpoints")
    assert export() == 2
    hint = capsys.readouterr().err.rpartition("Hint: ")[2].split()
    assert hint == ["zooctl", "train", "runs/toy/recipe.yaml", "-o", "runs/toy", "--resume"]
    assert run([*hint[1:], "--fasta", "data/toy.fa"]) == 0
    assert export() == 0
