"""Agreement of seeds, on the toy's own runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import toy_files
from safetensors.numpy import load_file

from zooctl.catalog import registry
from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.progress import silent
from zooctl.reproduction.run.seeds import seed_agreement
from zooctl.schema.card import load_card
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.training.data.prepare import open_dataset
from zooctl.training.export.run_graph import graph_of_run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with the toy, trained with its own seed, and runs of two more."""
    for folder in ("zoo/model_cards", "zoo/recipes", "zoo/zoo"):
        (tmp_path / folder).mkdir(parents=True)
    recipe, _ = toy_files.write(tmp_path, schedule={"max_epochs": 1})
    shutil.copy(recipe, tmp_path / "zoo/recipes/toy.yaml")
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name, seed in (("own", 11), ("one", 12), ("two", 13)):
        assert (
            run(["train", str(recipe), "--seed", str(seed), "-o", name, "--fasta", "toy.fa"]) == 0
        )
    assert run(["export", "own", "--fasta", "toy.fa"]) == 0
    card = tmp_path / "zoo/model_cards/toy.yaml"
    card.write_text(card.read_text().replace("TO BE WRITTEN", "A toy, for tests."))
    assert run(["check", "toy", "--stamp"]) == 0
    return tmp_path


def test_the_lowest_correlation_of_any_two(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["report", "seeds", "toy", "one", "two", "--fasta", "toy.fa", "--update-card"]
    assert run(command) == 0
    said = capsys.readouterr().out
    found = load_card(place / "zoo/model_cards/toy.yaml").seed_agreement
    assert found is not None
    assert found.n_seeds == 3
    assert said.startswith(f"{found.pearson:g} is the lowest correlation between two of 3 seeds")
    probe = load_file(place / "zoo/zoo/toy/probe.safetensors")
    # Each run alone, by onnxruntime from one-hot of our own.
    recipe = load_recipe(place / "toy.yaml")
    dataset = open_dataset(recipe, place / "toy.fa")
    bases = np.arange(4, dtype=np.uint8)[:, None]
    onehot = (probe["inputs"][:, None] == bases).astype(np.float32)
    rows = [probe["expected"]]
    for name in ("one", "two"):
        graph = graph_of_run(place / name, recipe, dataset)
        rows.append(onnxruntime.InferenceSession(graph).run(None, {"sequence": onehot})[0])
    correlations = np.corrcoef([row.ravel() for row in rows])
    assert found.pearson == pytest.approx(correlations.min(), abs=1e-4)
    # What is no other seed of the model.
    entry = registry.entry("toy")
    for runs in ([], [place / "own"], [place / "one", place / "one"]):
        with pytest.raises(InputError, match="other seeds are needed"):
            seed_agreement(entry, runs, place / "toy.fa", silent)
    text = (place / "one/recipe.yaml").read_text()
    (place / "one/recipe.yaml").write_text(re.sub(r"lr: 0\.02", "lr: 0.01", text))
    with pytest.raises(InputError, match="in more than its seed"):
        seed_agreement(entry, [place / "one"], place / "toy.fa", silent)
