"""A trial of a search without Ray: told again, stopped, gone on with, failed. With Ray: test_tune
of the command line.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import toy_training as toy

from zooctl.errors import InputError
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import dumps
from zooctl.training.data.dataset import Dataset
from zooctl.training.tune.trials import OUTCOME
from zooctl.training.tune.tune import _check_nodes, run_trial


class Told(list[tuple[int, float, bool]]):
    """Reports of a trial, which is stopped after so many epochs, as Ray does."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last

    def __call__(self, epoch: int, loss: float, known: bool) -> None:
        self.append((epoch, loss, known))
        if epoch == self.last:
            raise SystemExit

    @property
    def epochs(self) -> list[tuple[int, bool]]:
        return [(epoch, known) for epoch, _, known in self]


def toy_data(recipe: Recipe, run: Path) -> Dataset:
    return toy.dataset()


def no_data(recipe: Recipe, run: Path) -> Dataset:
    raise InputError("source is not here")


def trial(folder: Path, **changes: object) -> Path:
    document = toy.recipe(**changes).model_dump(mode="json", exclude_defaults=True)
    for source in document["sources"]:
        source["accession"] = source["url"] = None
    folder.mkdir()
    (folder / "recipe.yaml").write_text(dumps(document))
    return folder


def outcome(run: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((run / OUTCOME).read_text())
    return found


def test_a_trial_is_stopped_and_gone_on_with(tmp_path: Path) -> None:
    whole, run = trial(tmp_path / "whole"), trial(tmp_path / "run")
    straight = Told()
    run_trial(whole, toy_data, "cpu", straight)
    assert straight.epochs == [(1, False), (2, False), (3, False)]
    assert outcome(whole)["status"] == "finished"

    with pytest.raises(SystemExit):
        run_trial(run, toy_data, "cpu", Told(last=1))
    assert not (run / OUTCOME).exists()
    resumed = Told()
    run_trial(run, toy_data, "cpu", resumed)
    assert resumed.epochs == [(1, True), (2, False), (3, False)]
    assert [loss for _, loss, _ in resumed] == [loss for _, loss, _ in straight]
    weights = "best.safetensors"
    assert (run / weights).read_bytes() == (whole / weights).read_bytes()

    again = Told()
    run_trial(whole, no_data, "cpu", again)  # would fail if it were trained again
    assert again.epochs == [(1, True), (2, True), (3, True)]
    assert outcome(whole)["status"] == "finished"


def test_a_trial_without_data_fails(tmp_path: Path) -> None:
    run, told = trial(tmp_path / "run"), Told()
    run_trial(run, no_data, "cpu", told)
    assert told == []
    assert outcome(run) == {"status": "failed", "note": "source is not here"}


def test_a_trial_whose_loss_is_no_number_fails(tmp_path: Path) -> None:
    optimiser = {"key": "adam", "lr": 1e30}
    run, told = trial(tmp_path / "run", optimiser=optimiser), Told()
    run_trial(run, toy_data, "cpu", told)
    assert outcome(run)["status"] == "failed"
    assert "is not a number" in outcome(run)["note"]


def test_what_ray_would_wait_for_without_end() -> None:
    nodes = [
        {"Alive": True, "Resources": {"CPU": 2.0}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
    ]
    _check_nodes(nodes, {"cpu": 2, "gpu": 0})
    with pytest.raises(
        InputError, match=r"no machine has what a trial needs.* lower the recipe's thr"
    ):
        _check_nodes(nodes, {"cpu": 4, "gpu": 0})
    with pytest.raises(InputError, match=r"no machine has what a trial needs.* --device cpu"):
        _check_nodes(nodes, {"cpu": 1, "gpu": 1})
    _check_nodes(nodes, {"cpu": 1, "gpu": 0})
