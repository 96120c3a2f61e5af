"""Learning curve of a training run, where matplotlib is installed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from zooctl.errors import install_hint, is_installed
from zooctl.progress import Say, silent

CURVE = "learning_curve.png"


def draw_curve(folder: Path, title: str, say: Say = silent) -> None:
    """Draw the learning curve of a run from its ``metrics.csv``."""
    if not is_installed("matplotlib"):
        say(f"no {CURVE}: it needs matplotlib ({install_hint('matplotlib')})")
        return
    from zooctl.interpret.pictures.plots import draw_learning_curve

    with (folder / "metrics.csv").open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    losses = {
        label: np.array([float(row[column]) for row in rows])
        for label, column in (("training", "train_loss"), ("validation", "validation_loss"))
    }
    draw_learning_curve(
        folder / CURVE,
        [int(row["epoch"]) for row in rows],
        losses,
        best=int(losses["validation"].argmin()),
        title=title,
        force=True,
    )
