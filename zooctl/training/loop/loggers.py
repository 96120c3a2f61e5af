"""TensorBoard and Weights & Biases, imported only if a recipe asks for them.

Both run beside the files that are always written. Their logs hold times of day, so equal runs do
not have equal logs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from zooctl.errors import InputError, install_hint, is_installed
from zooctl.schema.recipe.recipe import Recipe


class Logger(Protocol):
    """A destination of metrics besides the files of the run."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log metrics of a step, counted over all epochs."""

    def flush(self) -> None:
        """Write all metrics to disk."""

    def close(self) -> None:
        """Finish the log."""


class TensorBoard:
    """Event files below ``run/tensorboard``.

    Args:
        run: Folder of the run.
        first_step: First step to come; a killed run's metrics from there on are dropped.
    """

    def __init__(self, run: Path, first_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        make: Any = SummaryWriter  # it comes without types
        self.writer = make(str(run / "tensorboard"), purge_step=first_step or None)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log metrics of a step, counted over all epochs."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def flush(self) -> None:
        """Write all metrics to disk."""
        self.writer.flush()

    def close(self) -> None:
        """Finish the log."""
        self.writer.close()


class WeightsAndBiases:
    """A run of Weights & Biases, kept below ``run/wandb``; ``WANDB_MODE=offline`` sends nothing.

    Args:
        run: Folder of the run; a resumed run is the same run there.
        recipe: Recorded as its configuration.

    Raises:
        InputError: It cannot start, as without an account.
    """

    def __init__(self, run: Path, recipe: Recipe) -> None:
        import wandb

        place = run / "wandb"
        place.mkdir(exist_ok=True)
        name = place / "id"
        if not name.exists():
            name.write_text(secrets.token_hex(8), encoding="ascii")
        try:
            self.run = wandb.init(
                project="zooctl",
                name=recipe.name,
                id=name.read_text("ascii"),
                dir=str(run),
                resume="allow",
                config=recipe.model_dump(mode="json"),
                settings=wandb.Settings(console="off", silent=True, save_code=False),
            )
        except wandb.Error as error:
            raise InputError(
                "Weights & Biases cannot start",
                field="loggers",
                got=str(error),
                hint="wandb login, or set WANDB_MODE=offline",
            ) from error

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log metrics of a step, counted over all epochs."""
        self.run.log(dict(values), step=step)

    def flush(self) -> None:
        """Do nothing: a separate process writes the log."""

    def close(self) -> None:
        """Finish the log."""
        self.run.finish()


PACKAGES = {"tensorboard": "TensorBoard", "wandb": "Weights & Biases"}


def need_loggers(recipe: Recipe) -> None:
    """Refuse a recipe whose loggers are not installed.

    Raises:
        InputError: With the command that installs them.
    """
    for index, name in enumerate(recipe.loggers):
        if not is_installed(name):
            raise InputError(
                f"recipe logs to {PACKAGES[name]}, which is not installed",
                field=f"loggers.{index}",
                got=name,
                hint=install_hint(name),
            )


def open_loggers(recipe: Recipe, run: Path, first_step: int) -> list[Logger]:
    """Open the recipe's loggers at a step, counted over all epochs."""
    need_loggers(recipe)
    loggers: list[Logger] = []
    if "tensorboard" in recipe.loggers:
        loggers.append(TensorBoard(run, first_step))
    if "wandb" in recipe.loggers:
        loggers.append(WeightsAndBiases(run, recipe))
    return loggers
