"""`zooctl train` as typed."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from zooctl.cli.main import run
from zooctl.schema.recipe.recipe import load_recipe

Captured = pytest.CaptureFixture[str]
Train = Callable[..., int]


@pytest.fixture
def train(folder: Path) -> Train:
    """``zooctl train`` of the toy with these options, and the toy's genome."""

    def typed(*options: str) -> int:
        return run(["train", str(folder / "toy.yaml"), "--fasta", str(folder / "toy.fa"), *options])

    return typed


def test_a_run_folder_holds_all_there_is_to_know(
    train: Train, folder: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert train() == 0
    out, err = capsys.readouterr()
    assert out == f"{Path('runs/toy')}\n"
    assert "epoch 2: train" in err
    assert "kept epoch 2, validation loss" in err
    place = tmp_path / "runs/toy"
    assert (place / "recipe.yaml").read_text() == (folder / "toy.yaml").read_text()
    environment = json.loads((place / "environment.json").read_text())
    assert environment["software_digest"].startswith("sha256:")
    assert environment["hardware"]["machine"]
    assert environment["device"] == "cpu"
    assert len((place / "metrics.csv").read_text().splitlines()) == 4
    steps = (place / "steps.csv").read_text().splitlines()
    assert steps[0] == "epoch,step,lr,loss,grad_norm"
    assert len({tuple(line.split(",")[:2]) for line in steps[1:]}) == len(steps) - 1 > 3
    with Image.open(place / "learning_curve.png") as image:
        assert image.size == (900, 540)

    before = (place / "best.safetensors").stat().st_mtime_ns
    assert train() == 2
    assert "run exists. Hint: --resume goes on with it" in capsys.readouterr().err
    assert train("--resume", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["files"], told["networks"], told["best_epoch"]) == ([str(Path("runs/toy"))], 1, 2)
    assert (place / "best.safetensors").stat().st_mtime_ns == before
    assert sorted(place.glob("environment*")) == [place / "environment.json"]

    assert train("--resume", "--seed", "5") == 2
    assert "seed: run is of another recipe (got 5; expected 11)" in capsys.readouterr().err


def test_values_are_set_and_recorded(train: Train, tmp_path: Path, capsys: Captured) -> None:
    options = ("--set", "schedule.max_epochs=1", "--set", "optimiser.lr=1e-3", "--seed", "7")
    assert train("-o", "a", *options) == 0
    held = tmp_path / "a/recipe.yaml"
    recipe = load_recipe(held)
    assert (recipe.schedule.max_epochs, recipe.optimiser.lr, recipe.seed) == (1, 1e-3, 7)
    assert held.read_text().startswith(
        "# toy.yaml as run --set schedule.max_epochs=1 --set optimiser.lr=1e-3 --set seed=7\n"
    )
    assert (tmp_path / "a/steps.csv").read_text().splitlines()[1].startswith("0,0,0.001,")
    # The run's own recipe says it all.
    assert run(["train", str(held), "-o", "a", "--resume"]) == 2, "the genome is not said"
    fasta = ("--fasta", str(tmp_path / "data/toy.fa"))
    assert run(["train", str(held), "-o", "a", "--resume", *fasta]) == 0
    assert train("-o", "a", "--resume") == 2
    assert f"zooctl train {Path('a/recipe.yaml')} -o a --resume" in capsys.readouterr().err
    assert train("-o", "b", "--set", "schedule.max_epochs=1") == 0


def test_what_is_set_can_hold_anything(train: Train, tmp_path: Path) -> None:
    text = 'sources.0.citation="a # b\n: c\x85 {d} \\x07"'
    assert train("--set", text, "--set", "schedule.max_epochs=1") == 0
    assert train("--set", text, "--set", "schedule.max_epochs=1", "--resume") == 0
    recipe = load_recipe(tmp_path / "runs/toy/recipe.yaml")
    assert recipe.sources[0].citation.startswith("a # b")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("optimiser.clipnorm=1", "--set optimiser.clipnorm=1: optimiser.clipnorm: no such field"),
        ("optimiser.clipnorm=1", "did you mean 'clip_norm'?"),
        ("optimizer.lr=1", "did you mean 'optimiser'?"),
        ("optimiser.lr=fast", "--set optimiser.lr=fast: optimiser.lr: wrong value (got 'fast'"),
        ("loss.key=posson_nll", "did you mean 'poisson_nll'?"),
        ("precision=bf16-mixd", "did you mean 'bf16-mixed'?"),
        ("loggers=[tensorbord]", "did you mean 'tensorboard'?"),
        ("optimiser.lr", "--set: not a field and a value (got 'optimiser.lr'"),
        ("seed.x=1", "--set seed.x: seed has no fields"),
        ("targets.4.track=x", "no such item of the list (got 4; expected 0 to 0)"),
        ("seed=[1", "--set seed: not YAML"),
        ("seed=!!python/none", "tags are not accepted"),
        ("window.bin_size=7", "window lengths do not fit together"),
    ],
)
def test_wrong_settings(
    train: Train, tmp_path: Path, capsys: Captured, setting: str, message: str
) -> None:
    assert train("--set", setting) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_wrong_devices(train: Train, tmp_path: Path, capsys: Captured) -> None:
    assert train("--device", "cup") == 2
    assert "did you mean 'cpu'?" in capsys.readouterr().err
    assert train("--set", "precision=16-mixed") == 2
    assert "16-mixed needs a CUDA device" in capsys.readouterr().err
    assert train("--devices", "0") == 2
    if not torch.cuda.is_available():
        assert train("--device", "cuda") == 2
        assert "Hint: --device cpu, or " in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    assert train("--device", "cpu", "--set", "schedule.max_epochs=1") == 0


def test_a_batch_is_too_small_for_so_many_devices(train: Train, capsys: Captured) -> None:
    assert train("--devices", "20") == 2
    err = capsys.readouterr().err
    assert "--devices: a batch is too small to be shared (got 32 windows for 20 devices" in err


def test_two_processes_share_a_run(train: Train, tmp_path: Path, capsys: Captured) -> None:
    short = ("--set", "schedule.max_epochs=1")
    assert train("--devices", "2", *short) == 0
    place = tmp_path / "runs/toy"
    assert json.loads((place / "environment.json").read_text())["devices"] == 2
    assert len((place / "metrics.csv").read_text().splitlines()) == 2
    with Image.open(place / "learning_curve.png") as image:
        assert image.size == (900, 540)
    assert "kept epoch 0, validation loss" in capsys.readouterr().err
    assert train("--resume", *short) == 0
    assert "device changed since the run began" in capsys.readouterr().err


def test_two_do_not_train_one_run(train: Train, tmp_path: Path, capsys: Captured) -> None:
    place = tmp_path / "runs/toy"
    place.mkdir(parents=True)
    with (place / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert train() == 2
    assert "run is being trained by another process" in capsys.readouterr().err
    (place / "stranger.txt").touch()
    assert train() == 2
    assert "folder is not empty and no run" in capsys.readouterr().err


def test_weights_to_begin_with_are_pinned_in_the_run(
    train: Train, toy_zoo: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert train("--set", "init_from=toy") == 2
    # The zoo's toy is another network.
    assert "no weight has the name and shape" in capsys.readouterr().err
    manifest = json.loads((toy_zoo / "zoo/toy/manifest.json").read_text())
    held = load_recipe(tmp_path / "runs/toy/recipe.yaml")
    assert held.init_from is not None
    assert held.init_from.sha256 == manifest["files"]["zoo/toy/model.safetensors"]["sha256"]
    assert train("-o", "b", "--set", "init_from=tyo") == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_other_software_is_said_and_recorded(
    train: Train, tmp_path: Path, capsys: Captured
) -> None:
    short = ("--set", "schedule.max_epochs=1")
    assert train(*short) == 0
    place = tmp_path / "runs/toy"
    first = (place / "environment.json").read_text()
    (place / "environment.json").write_text(first.replace('"zooctl": ', '"zooctl_before": ', 1))
    assert train("--resume", *short) == 0
    assert "software, hardware or device changed since the run began" in capsys.readouterr().err
    assert (place / "environment.2.json").read_text() == first


def test_the_real_command_killed_and_resumed(train: Train, folder: Path, tmp_path: Path) -> None:
    assert train("-o", "whole") == 0
    command = [sys.executable, "-m", "zooctl.cli.main", "train", str(folder / "toy.yaml")]
    command += ["--fasta", str(folder / "toy.fa"), "-o", "killed"]
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL
    ) as process:
        for _ in range(3000):
            if (tmp_path / "killed/metrics.csv").exists():  # in the second epoch
                break
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert train("-o", "killed", "--resume") == 0
    for name in ("best.safetensors", "metrics.csv", "steps.csv", "learning_curve.png"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
