"""Training: it learns, twice to the same bits, and resumed to the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_training as toy
from safetensors.numpy import load_file

from zooctl.errors import InputError, VerificationError
from zooctl.training import fit as fit_module
from zooctl.training.checkpoint import Progress
from zooctl.training.fit import choose_windows, fit

DATA = toy.dataset()


def silent(_: Any) -> None:
    pass


def train(run: Path, advance: Any = silent, **changes: Any) -> Progress:
    recipe = toy.recipe(**changes)
    windows = choose_windows(recipe, DATA)
    return fit(recipe, DATA, windows, run, device="cpu", report=silent, advance=advance)


def weights(run: Path) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in load_file(run / "best.safetensors").items()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    train(run)
    return run


def history(run: Path) -> list[dict[str, float]]:
    newest = sorted((run / "checkpoints").iterdir())[-1]
    return list(json.loads((newest / "state.json").read_text())["progress"]["history"])


def test_the_loss_falls_and_the_best_epoch_is_kept(uninterrupted: Path) -> None:
    losses = [epoch["validation_loss"] for epoch in history(uninterrupted)]
    assert len(losses) == 3
    assert min(losses[1:]) < losses[0]
    lines = (uninterrupted / "metrics.csv").read_text().splitlines()
    assert lines[0] == "epoch,lr,train_loss,validation_loss"
    assert len(lines) == 4


def test_it_learns_what_there_is_to_learn(tmp_path: Path) -> None:
    done = train(tmp_path, schedule={"max_epochs": 12})
    # The validation loss of a rate that is the mean everywhere, by hand.
    target = DATA.target["chr1"][0, 25_000:30_000]
    flat = target.mean() - target.mean() * np.log(target.mean())
    assert done.best_loss is not None
    assert done.best_loss < flat - 1.0


def test_twice_is_the_same_bits(uninterrupted: Path, tmp_path: Path) -> None:
    train(tmp_path)
    assert weights(tmp_path) == weights(uninterrupted)
    assert history(tmp_path) == history(uninterrupted)


def test_another_seed_is_another_model(uninterrupted: Path, tmp_path: Path) -> None:
    train(tmp_path, seed=12)
    assert weights(tmp_path) != weights(uninterrupted)


def test_interrupted_and_resumed_is_the_same_bits(
    uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 3)
    rng = np.random.default_rng(1)

    class Killed(Exception):
        pass

    for _ in range(4):
        left = int(rng.integers(5, 12))

        def count(done: float) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        with pytest.raises(Killed):
            train(tmp_path, advance=count)
    train(tmp_path)
    assert weights(tmp_path) == weights(uninterrupted)
    assert history(tmp_path) == history(uninterrupted)


def test_a_finished_run_is_left_alone(uninterrupted: Path) -> None:
    before = (uninterrupted / "best.safetensors").stat().st_mtime_ns
    assert train(uninterrupted).finished
    assert (uninterrupted / "best.safetensors").stat().st_mtime_ns == before


def test_plateau_decays_and_stops(tmp_path: Path) -> None:
    schedule = {
        "max_epochs": 50,
        "plateau_decay": {"factor": 0.1, "patience": 0},
        "early_stopping": {"patience": 2},
    }
    # A step this small changes no float32 weight, so no epoch is better than the first.
    done = train(tmp_path, schedule=schedule, optimiser={"key": "adam", "lr": 1e-30})
    assert done.best_epoch == 0
    assert [epoch["lr"] for epoch in done.history] == pytest.approx([1e-30, 1e-30, 1e-31])


def test_an_unreachable_threshold_is_said() -> None:
    windows = {"key": "coverage_threshold", "threshold": 99, "stride": 32, "negatives": 1.0}
    with pytest.raises(InputError, match="no training window reaches the threshold"):
        choose_windows(toy.recipe(windows=windows), DATA)


def test_a_diverged_run_stops(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="not a number"):
        train(tmp_path, optimiser={"key": "adam", "lr": 1e30})
