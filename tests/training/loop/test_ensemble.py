"""Networks of several seeds: trained alike, averaged in one graph, resumed to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import toy_training as toy
from safetensors.torch import load_file

from zooctl.inference.device.session import Session
from zooctl.interpret.pictures.run_curve import draw_curve
from zooctl.schema.card import load_card
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.data.windows import choose_windows
from zooctl.training.export.entry import write_entry
from zooctl.training.export.export import torch_predictions, trained_network
from zooctl.training.export.run_graph import graph_of_run
from zooctl.training.loop.ensemble import fit_recipe, member_recipes
from zooctl.training.loop.fit import fit

DATA = toy.dataset()


def train(recipe: Recipe, run: Path, **changes: Any) -> list[str]:
    said: list[str] = []
    windows = choose_windows(recipe, DATA)
    fit_recipe(recipe, DATA, windows, run, device="cpu", say=said.append, advance=abs, **changes)
    return said


def test_the_graph_is_the_mean_of_the_networks_of_its_seeds(tmp_path: Path) -> None:
    recipe = toy.recipe(ensemble=[5, 7], schedule={"max_epochs": 2})
    said = train(recipe, tmp_path / "run")
    assert [line for line in said if line.startswith("seed")] == [
        f"seed {seed}: network {number} of 3" for number, seed in enumerate((11, 5, 7), 1)
    ]
    codes = np.random.default_rng(0).integers(0, 5, (6, 64)).astype(np.uint8)
    alone = []
    for seed in (11, 5, 7):
        one = toy.recipe(seed=seed, schedule={"max_epochs": 2})
        run = tmp_path / str(seed)
        fit(one, DATA, choose_windows(one, DATA), run, device="cpu", say=len, advance=abs)
        weights = load_file(run / "best.safetensors")
        alone.append(torch_predictions(trained_network(one, DATA, weights), codes, 0.0))
    assert not np.allclose(alone[0], alone[1])
    session = Session(
        graph_of_run(tmp_path / "run", recipe, DATA),
        geometry=recipe.window.geometry,
        n_tracks=1,
        unknown_base=0.0,
        device="cpu",
    )
    np.testing.assert_allclose(session.predict(codes), np.mean(alone, axis=0), rtol=1e-5)
    header, *rows = (tmp_path / "run/metrics.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["0", "1"]
    draw_curve(tmp_path / "run", "toy")
    assert (tmp_path / "run/learning_curve.png").is_file()
    losses = [float(row.split(",")[header.split(",").index("train_loss")]) for row in rows]
    assert losses[1] < losses[0]


def test_an_entry_of_several_seeds_says_so(tmp_path: Path) -> None:
    recipe = toy.recipe(ensemble=[5], schedule={"max_epochs": 1})
    train(recipe, tmp_path / "run")
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    digest = "sha256:" + "0" * 64
    assert write_entry(tmp_path / "zoo", recipe, tmp_path / "run", DATA, environment=digest) < 1e-5
    card = load_card(tmp_path / "zoo/model_cards/toy.yaml")
    assert "The mean of 2 networks, of the seeds 11, 5." in card.limits


def test_a_stopped_ensemble_goes_on_where_it_was(tmp_path: Path) -> None:
    recipe = toy.recipe(ensemble=[5], schedule={"max_epochs": 1})
    train(recipe, tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop(done: float) -> None:
        if (tmp_path / "parts/seed_5").exists() and done:
            raise Stop

    windows = choose_windows(recipe, DATA)
    parts = tmp_path / "parts"
    with pytest.raises(Stop):
        fit_recipe(recipe, DATA, windows, parts, device="cpu", say=len, advance=stop)
    assert not (parts / "best.safetensors").exists()
    train(recipe, parts)
    one, other = (load_file(tmp_path / name / "best.safetensors") for name in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_members_have_the_recipe_s_values_and_their_own_seed() -> None:
    recipe = toy.recipe(ensemble=[5, 7])
    assert [one.seed for one in member_recipes(recipe)] == [11, 5, 7]
    assert member_recipes(recipe)[1] == toy.recipe(seed=5)
    with pytest.raises(ValueError, match="two networks have one seed"):
        toy.recipe(ensemble=[11])
