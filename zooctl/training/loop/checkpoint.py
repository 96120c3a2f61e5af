"""Checkpoints: safetensors for tensors, JSON for the rest, whole or absent, never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import nn

from zooctl.files.weights.safetensors import checked

KEPT = 2


@dataclass
class RunState:
    """Progress of a run, and the state of its schedule.

    Attributes:
        epoch: Current epoch, from 0.
        step: Next step of that epoch, from 0.
        loss_sum: Sum of the training losses of the steps done in this epoch.
        lr: Current learning rate.
        best_loss: Lowest validation loss so far; None before the first.
        best_epoch: Its epoch.
        since_best: Epochs since then.
        since_decay: Epochs without gain since the learning rate last fell.
        finished: True when the run has ended.
        history: One mapping an epoch, as in ``metrics.csv``.
        scaler: State of the scaling of gradients; empty if the precision has none.
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    lr: float = 0.0
    best_loss: float | None = None
    best_epoch: int = -1
    since_best: int = 0
    since_decay: int = 0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)
    scaler: dict[str, float] = field(default_factory=dict)


def save_checkpoint(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, progress: RunState
) -> None:
    """Write one checkpoint below ``folder`` and keep the last two.

    The name of a checkpoint appears only when its files are complete and on disk.
    """
    name = f"{progress.epoch:05d}-{progress.step:07d}"
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{key}": value for key, value in state.items()}
    data = save({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
    document = {"sha256": _digest(data, asdict(progress)), "progress": asdict(progress)}

    partial = folder / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _write(partial / "state.safetensors", data)
    _write(partial / "state.json", json.dumps(document, indent=1).encode())
    shutil.rmtree(folder / name, ignore_errors=True)
    partial.rename(folder / name)
    _sync(folder)
    for old in _names(folder)[:-KEPT]:
        shutil.rmtree(folder / old)


def load_checkpoint(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer
) -> RunState | None:
    """Restore the newest whole checkpoint below ``folder``; return None if there is none.

    A checkpoint whose bytes do not match their digest is removed, and the one before is restored.
    Partial files of a killed process are removed too.
    """
    for partial in folder.glob(".*.partial"):
        shutil.rmtree(partial)
    for name in reversed(_names(folder)):
        if (whole := _read(folder / name)) is not None:
            data, progress = whole
            _restore(load(checked(data, folder / name)), model, optimiser)
            return progress
        shutil.rmtree(folder / name)
    return None


def _read(folder: Path) -> tuple[bytes, RunState] | None:
    """Return the bytes of the tensors and the rest of one checkpoint; None if it is damaged."""
    try:
        document = json.loads((folder / "state.json").read_text())
        data = (folder / "state.safetensors").read_bytes()
        whole = document["sha256"] == _digest(data, document["progress"])
        return (data, RunState(**document["progress"])) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(data: bytes, progress: dict[str, Any]) -> str:
    """Return a digest of the tensors and of the rest."""
    rest = json.dumps(progress, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(data).digest() + rest).hexdigest()


def _restore(
    tensors: dict[str, torch.Tensor], model: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    prefix = "model."
    model.load_state_dict(
        {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
    )
    document: dict[str, Any] = optimiser.state_dict()
    document["state"] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimiser."):
            _, index, name = key.split(".", 2)
            document["state"].setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict(document)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
