"""The files of a run hold every step once, and nothing that is not a number goes by."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from zooctl.errors import VerificationError
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.metrics_log import HEADER, LoggedStep, MetricsLog, cut_after, metrics_csv


def step(number: int, loss: float = 1.0, norm: float = 2.0, epoch: int = 0) -> LoggedStep:
    return LoggedStep(epoch, number, 0.01, torch.tensor(loss), torch.tensor(norm), 4)


def test_steps_are_read_together_and_written_once(tmp_path: Path) -> None:
    progress = RunState()
    log = MetricsLog(tmp_path, progress, n_steps=5)
    for number in range(3):
        log.add(step(number, loss=number / 2))
    assert progress.loss_sum == 0
    log.read(progress)
    log.read(progress)
    assert progress.loss_sum == 4 * (0 + 0.5 + 1)
    assert (tmp_path / "steps.csv").read_text() == HEADER
    log.flush()
    log.flush()
    assert (tmp_path / "steps.csv").read_text().splitlines() == [
        "epoch,step,lr,loss,grad_norm",
        "0,0,0.01,0.0,2.0",
        "0,1,0.01,0.5,2.0",
        "0,2,0.01,1.0,2.0",
    ]


def test_a_resumed_run_drops_the_lines_it_will_write_again(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    lines = ["0,0,0.1,1,1\n", "0,1,0.1,1,1\n", "1,0,0.1,1,1\n", "1,1,0.1,1,1\n"]
    path.write_text(HEADER + "".join(lines))
    cut_after(path, 1, 1)
    assert path.read_text() == HEADER + "".join(lines[:3])
    cut_after(path, 1, 0)
    assert path.read_text() == HEADER + "".join(lines[:2])


@pytest.mark.parametrize("tail", ["0,2,0.1", "0,2,0.1,0.5,1", "0,", "\0\0\0\0", "\x9c\n", "\n"])
def test_what_a_kill_left_of_a_line_goes(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "steps.csv"
    whole = HEADER + "0,0,0.1,1,1\n0,1,0.1,1,1\n"
    path.write_text(whole + tail, encoding="latin-1")
    cut_after(path, 9, 0)
    assert path.read_text() == whole


def test_an_untouched_file_stays_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    cut_after(path, 0, 0)
    before = path.stat()
    cut_after(path, 3, 0)
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    ("loss", "norm", "number"),
    [(math.nan, 1.0, "loss"), (math.inf, 1.0, "loss"), (1.0, math.nan, "gradient")],
)
def test_what_is_not_a_number_ends_the_run(
    tmp_path: Path, loss: float, norm: float, number: str
) -> None:
    log = MetricsLog(tmp_path, RunState(), n_steps=5)
    log.add(step(0))
    log.add(step(1, loss, norm))
    with pytest.raises(VerificationError, match=f"training {number} is not a number at epoch 0 st"):
        log.read(RunState())


def test_a_skipped_step_of_a_scaled_run_is_no_error(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, RunState(), n_steps=5, scaled=True)
    log.add(step(0, norm=math.inf))
    log.read(RunState())
    log.flush()
    assert (tmp_path / "steps.csv").read_text().endswith("0,0,0.01,1.0,inf\n")


def test_epochs_as_csv_keep_every_digit() -> None:
    progress = RunState(history=[{"epoch": 0, "train_loss": 1 / 3}])
    assert metrics_csv(progress) == b"epoch,train_loss\n0,0.3333333333333333\n"
