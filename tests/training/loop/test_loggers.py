"""TensorBoard and Weights & Biases get every number once, also over a kill."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import toy_training as toy

from zooctl.errors import InputError, install_hint
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop import fit as fit_module
from zooctl.training.loop.fit import fit
from zooctl.training.loop.loggers import need_loggers

TESTS = Path(__file__).parent.parent


def installed(name: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(missing, reason=f"NOT INSTALLED: {name} (pip install {name})")


class Killed(Exception):
    pass


def train(run: Path, after: float = float("inf"), **changes: Any) -> None:
    recipe, data = toy.recipe(schedule={"max_epochs": 2}, **changes), toy.dataset()
    left = after

    def advance(_: float) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    windows = choose_windows(recipe, data)
    fit(recipe, data, windows, run, device="cpu", say=str, advance=advance)


@installed("tensorboard")
def test_tensorboard_has_every_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setattr(fit_module, "CHECKPOINT_STEPS", 3)
    with pytest.raises(Killed):
        train(tmp_path, after=9, loggers=["tensorboard"])
    train(tmp_path, loggers=["tensorboard"])
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    lines = [line.split(",") for line in (tmp_path / "steps.csv").read_text().splitlines()[1:]]
    for column, tag in ((2, "step/lr"), (3, "step/loss"), (4, "step/grad_norm")):
        logged = events.Scalars(tag)
        assert [event.step for event in logged] == list(range(len(lines)))
        values = [float(line[column]) for line in lines]
        assert [event.value for event in logged] == pytest.approx(values, rel=1e-6)
    epochs = events.Scalars("epoch/validation_loss")
    assert [event.step for event in epochs] == [len(lines) // 2 - 1, len(lines) - 1]


@installed("tensorboard")
def test_loggers_change_no_bit(tmp_path: Path) -> None:
    train(tmp_path / "with", loggers=["tensorboard"])
    train(tmp_path / "without")
    for name in ("best.safetensors", "metrics.csv", "steps.csv"):
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()


OFFLINE = """
import sys
from pathlib import Path
import toy_training as toy
from zooctl.training.loop.fit import fit
from zooctl.training.data.windows import choose_windows
recipe = toy.recipe(schedule={"max_epochs": 1}, loggers=["wandb"])
data = toy.dataset()
run = Path(sys.argv[1])
fit(recipe, data, choose_windows(recipe, data), run, device="cpu", say=str, advance=str)
"""


@installed("wandb")
def test_weights_and_biases_offline(tmp_path: Path) -> None:
    """In a process of its own, since wandb starts another and asks the home folder."""
    run, home = tmp_path / "run", tmp_path / "home"
    home.mkdir()
    own = {"WANDB_MODE": "offline", "HOME": str(home)}
    own["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(run)],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    logs = list(run.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(logs) == 1
    name = (run / "wandb/id").read_text()
    assert logs[0].name == f"run-{name}.wandb"
    content = logs[0].read_bytes()
    assert b"step/grad_norm" in content
    assert b"epoch/validation_loss" in content


@pytest.mark.parametrize(
    ("name", "title"), [("tensorboard", "TensorBoard"), ("wandb", "Weights & Biases")]
)
def test_missing_library_is_named_with_the_command(
    name: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda x: None if x == name else find(x))
    with pytest.raises(InputError, match=f"{title}, which is not installed") as caught:
        need_loggers(toy.recipe(loggers=[name]))
    assert caught.value.hint == install_hint(name)


def test_neither_is_imported_unless_asked_for(tmp_path: Path) -> None:
    code = (
        "import sys, zooctl.training.loop.fit; print({'tensorboard', 'wandb'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TESTS.parent
    )
    assert done.stdout == "set()\n"
