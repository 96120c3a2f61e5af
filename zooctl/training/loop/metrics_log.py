"""Metrics of a run: ``steps.csv``, ``metrics.csv`` and the recipe's loggers.

No file has a line twice: a resumed run cuts off the lines after its last checkpoint. They hold no
time of day and no speed, so that equal runs have equal files.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from zooctl.errors import VerificationError
from zooctl.files.disk.atomic import atomic_output
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.loggers import Logger

STEPS, METRICS = "steps.csv", "metrics.csv"
HEADER = "epoch,step,lr,loss,grad_norm\n"


class LoggedStep(NamedTuple):
    """A step whose numbers may still be on the device."""

    epoch: int
    step: int
    lr: float
    loss: Tensor
    grad_norm: Tensor
    n_windows: int


class MetricsLog:
    """Collects the numbers of steps and epochs for files and loggers.

    Reading a number off a GPU makes the program wait, so steps are collected and read together.

    Args:
        run: Folder of the run; None in a process that does not write.
        progress: Of the run; lines of later steps are removed.
        n_steps: Steps of an epoch.
        loggers: Besides the files.
        scaled: Gradients are scaled: a norm that is not finite then means a skipped step.
    """

    def __init__(
        self,
        run: Path | None,
        progress: RunState,
        *,
        n_steps: int,
        loggers: Sequence[Logger] = (),
        scaled: bool = False,
    ) -> None:
        self.run, self.n_steps, self.loggers, self.scaled = run, n_steps, loggers, scaled
        self.pending: list[LoggedStep] = []
        self.lines: list[str] = []
        if run is not None:
            cut_after(run / STEPS, progress.epoch, progress.step)

    def add(self, step: LoggedStep) -> None:
        """Note a step."""
        self.pending.append(step)

    def read(self, progress: RunState) -> None:
        """Read the numbers of the noted steps, and add up their losses.

        Raises:
            VerificationError: A loss or a gradient is not a number.
        """
        if not self.pending:
            return
        numbers = torch.stack([t.float() for s in self.pending for t in (s.loss, s.grad_norm)])
        values = numbers.tolist()
        for step, loss, norm in zip(self.pending, values[::2], values[1::2], strict=True):
            check_finite(step, loss, norm, self.scaled)
            progress.loss_sum += loss * step.n_windows
            self.lines.append(f"{step.epoch},{step.step},{step.lr!r},{loss!r},{norm!r}\n")
            for logger in self.loggers:
                place = step.epoch * self.n_steps + step.step
                logger.log({"step/lr": step.lr, "step/loss": loss, "step/grad_norm": norm}, place)
        self.pending = []

    def flush(self) -> None:
        """Write the lines of all steps read to disk; call it before the checkpoint."""
        lines, self.lines = self.lines, []
        if self.run is None:
            return
        with (self.run / STEPS).open("a", encoding="ascii", newline="") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
        for logger in self.loggers:
            logger.flush()

    def end_epoch(self, progress: RunState) -> None:
        """Write the last epoch."""
        if self.run is not None:
            write_bytes(self.run / METRICS, metrics_csv(progress))
        last = progress.history[-1]
        values = {f"epoch/{name}": last[name] for name in last if name != "epoch"}
        for logger in self.loggers:
            logger.log(values, progress.epoch * self.n_steps - 1)

    def close(self) -> None:
        """Let the loggers finish."""
        for logger in self.loggers:
            logger.close()


def check_finite(step: LoggedStep, loss: float, norm: float, scaled: bool) -> None:
    """Refuse numbers from which training cannot recover.

    Raises:
        VerificationError: The loss is not a number, or the gradient if it is not scaled.
    """
    loss_is_wrong = not math.isfinite(loss)
    if loss_is_wrong or not (scaled or math.isfinite(norm)):
        raise VerificationError(
            f"training {'loss' if loss_is_wrong else 'gradient'} is not a number "
            f"at epoch {step.epoch} step {step.step}",
            got=loss if loss_is_wrong else norm,
            hint="lower optimiser.lr or optimiser.clip_norm",
        )


def cut_after(path: Path, epoch: int, step: int) -> None:
    """Cut a step file before this step, or start the file if there is none.

    A last line without an end, left by a kill, is cut too.
    """
    text = path.read_text("ascii", errors="replace") if path.exists() else HEADER
    kept = [HEADER]
    for line in text.splitlines(keepends=True)[1:]:
        place = line.split(",")[:2]
        if not line.endswith("\n") or not all(part.isdigit() for part in place):
            break
        if tuple(map(int, place)) >= (epoch, step):
            break
        kept.append(line)
    whole = "".join(kept)
    if whole != text or not path.exists():
        write_bytes(path, whole.encode("ascii"))


def metrics_csv(progress: RunState) -> bytes:
    """Return the history as CSV, one line an epoch."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(progress.history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(progress.history)
    return buffer.getvalue().encode()


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file of the run, whole or not at all."""
    with atomic_output(path, force=True) as temporary:
        temporary.write_bytes(data)
