"""Devices of a run: their kind, their number, their precision."""

from __future__ import annotations

import logging

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from zooctl.errors import InputError
from zooctl.schema.explain import nearest
from zooctl.schema.recipe.training import Precision

DEVICES = ("cpu", "cuda")


def new_fabric(device: str, precision: Precision, devices: int = 1) -> Fabric:
    """Return a Fabric, which places tensors on the device and computes in a recipe's precision.

    Args:
        device: ``cpu`` or ``cuda``.
        precision: Of the recipe.
        devices: Number of devices (on the CPU, of processes) that compute together; ``launch``
            starts a process for each. They average gradients; ``fit`` broadcasts the buffers of
            the first.

    Raises:
        InputError: There is no such device here, or it cannot compute in this precision.
    """
    check_device(device, precision, devices)
    strategy = _Quiet(start_method="spawn", forward_sync_buffers=False) if devices > 1 else "auto"
    # A run starts its processes itself, also in a job of a scheduler, whose variables the library
    # would follow.
    return Fabric(
        accelerator=device,
        devices=devices,
        precision=precision,
        strategy=strategy,
        plugins=LightningEnvironment(),
    )


class _Quiet(DDPStrategy):
    """Data-parallel training without the library's message on every process."""

    def setup_environment(self) -> None:
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        super().setup_environment()


def check_device(device: str, precision: Precision, devices: int = 1) -> None:
    """Refuse a missing device, too few of them, or an unsupported precision.

    Raises:
        InputError: One of these.
    """
    if device not in DEVICES:
        raise InputError(
            "no such device",
            field="--device",
            got=device,
            expected=" or ".join(DEVICES),
            hint=nearest(device, DEVICES),
        )
    if device == "cuda" and not torch.cuda.is_available():
        built = torch.version.cuda
        raise InputError(
            "torch finds no CUDA device" if built else "this torch is built without CUDA",
            field="--device",
            got=f"torch {torch.__version__}",
            hint="--device cpu, or check nvidia-smi"
            if built
            else "--device cpu, or install a build of torch with CUDA",
        )
    if device == "cuda" and devices > torch.cuda.device_count():
        raise InputError(
            "there are fewer CUDA devices",
            field="--devices",
            got=devices,
            expected=f"at most {torch.cuda.device_count()}",
        )
    if device == "cpu" and precision == "16-mixed":
        raise InputError(
            "16-mixed needs a CUDA device",
            field="precision",
            got=f"{precision} on cpu",
            expected="32-true or bf16-mixed",
            hint="--device cuda",
        )
