"""End of an epoch: best epoch so far, next learning rate, early stopping."""

from __future__ import annotations

import math

from zooctl.schema.recipe.training import Schedule
from zooctl.training.loop.checkpoint import RunState


def end_epoch(
    schedule: Schedule, progress: RunState, training_loss: float, validation_loss: float
) -> None:
    """Record the epoch; keep it, decay or stop by the schedule (plateau of the validation loss)."""
    progress.history.append(
        {
            "epoch": progress.epoch,
            "lr": progress.lr,
            "train_loss": training_loss,
            "validation_loss": validation_loss,
        }
    )
    gain = math.inf if progress.best_loss is None else progress.best_loss - validation_loss
    if gain > 0:
        progress.best_loss, progress.best_epoch = validation_loss, progress.epoch
    decay, stopping = schedule.plateau_decay, schedule.early_stopping
    progress.since_decay = 0 if gain > 0 else progress.since_decay + 1
    progress.since_best = 0 if gain > 0 else progress.since_best + 1
    if decay is not None and progress.since_decay >= max(1, decay.patience):
        progress.lr = max(progress.lr * decay.factor, decay.min_lr)
        progress.since_decay = 0
    progress.epoch += 1
    progress.step, progress.loss_sum = 0, 0.0
    progress.finished = progress.epoch >= schedule.max_epochs or (
        stopping is not None and progress.since_best >= stopping.patience
    )


def epoch_line(progress: RunState) -> str:
    """Return a line for the user about the last epoch."""
    last = progress.history[-1]
    mark = "best" if progress.since_best == 0 else f"best was {progress.best_epoch}"
    return (
        f"epoch {int(last['epoch'])}: train {last['train_loss']:.5f} "
        f"validation {last['validation_loss']:.5f} lr {last['lr']:.1e} ({mark})"
    )
