"""Trials of a search, read from its folder, and the tables of their values and losses.

Each trial has a run folder with the losses of training and, once it has ended, its outcome in
``outcome.json``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zooctl.training.loop.metrics_log import METRICS, write_bytes

OUTCOME = "outcome.json"
Status = Literal["finished", "stopped", "failed", "unfinished"]


@dataclass(frozen=True)
class Trial:
    """One recipe tried.

    Attributes:
        number: From 0; trial 0 is the recipe unchanged.
        status: ``stopped`` by the search because others were ahead; ``failed`` by an error.
        values: Searched field to its value.
        seed: Of the training.
        losses: Validation loss of each epoch.
        note: Reason of a failure.
    """

    number: int
    status: Status
    values: Mapping[str, object]
    seed: int
    losses: tuple[float, ...]
    note: str = ""

    @property
    def best(self) -> float | None:
        """Lowest validation loss; None before the first epoch has ended."""
        return min(self.losses, default=None)

    @property
    def can_win(self) -> bool:
        """Whether its recipe trains; a failed run would fail again."""
        return self.best is not None and self.status != "failed"


def folder_of(search: Path, number: int) -> Path:
    """Return the run folder of a trial.

    >>> folder_of(Path("runs/ctcf_tune"), 7).as_posix()
    'runs/ctcf_tune/trials/007'
    """
    return search / "trials" / f"{number:03d}"


def validation_losses(run: Path) -> tuple[float, ...]:
    """Read the validation losses of a run's completed epochs."""
    if not (run / METRICS).exists():
        return ()
    with (run / METRICS).open(encoding="ascii", newline="") as file:
        return tuple(float(row["validation_loss"]) for row in csv.DictReader(file))


def has_ended(run: Path) -> bool:
    """Return whether a trial has an outcome."""
    return (run / OUTCOME).exists()


def write_outcome(run: Path, status: Status, note: str = "") -> None:
    """Write the outcome of a trial, unless it has one."""
    if not has_ended(run):
        write_bytes(run / OUTCOME, json.dumps({"status": status, "note": note}).encode())


def read_trial(search: Path, number: int, values: Mapping[str, object], seed: int) -> Trial:
    """Read a trial from its folder."""
    run = folder_of(search, number)
    outcome = {"status": "unfinished", "note": ""}
    if has_ended(run):
        outcome = json.loads((run / OUTCOME).read_text(encoding="utf-8"))
    losses = validation_losses(run)
    return Trial(number, outcome["status"], values, seed, losses, outcome["note"])  # type: ignore[arg-type]


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Return trials by their lowest validation loss; failed ones come last."""
    return sorted(trials, key=lambda t: (not t.can_win, t.best is None, t.best or 0.0, t.number))


def as_csv(trials: Sequence[Trial]) -> bytes:
    """Return trials in the order of their numbers, one a line, numbers in full."""
    fields = list(trials[0].values)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ("trial", "status", "epochs", "best_epoch", "validation_loss", "seed", *fields, "note")
    )
    for trial in trials:
        best = trial.best
        row = (
            trial.number,
            trial.status,
            len(trial.losses),
            "" if best is None else trial.losses.index(best),
            "" if best is None else repr(best),
            trial.seed,
            *(_text(trial.values[field]) for field in fields),
            trial.note,
        )
        writer.writerow(row)
    return buffer.getvalue().encode()


def as_markdown(trials: Sequence[Trial]) -> bytes:
    """Return trials as a table for people, best first."""
    fields = list(trials[0].values)
    header = ("trial", "validation loss", "epochs", "status", *fields)
    rows = [
        (
            str(trial.number),
            "–" if trial.best is None else f"{trial.best:.5f}",
            str(len(trial.losses)),
            trial.status,
            *(_text(trial.values[field]) for field in fields),
        )
        for trial in ranked(trials)
    ]
    lines = [header, tuple("---" for _ in header), *rows]
    text = "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)
    return text.encode()


def _text(value: object) -> str:
    """Return a value as one line of YAML."""
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    """Return text escaped for a Markdown table."""
    return text.replace("|", "\\|")
