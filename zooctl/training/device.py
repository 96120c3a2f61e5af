"""Where a run computes, and in which precision."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from zooctl.catalog.explain import nearest
from zooctl.catalog.training_values import Precision
from zooctl.errors import InputError

DEVICES = ("cpu", "cuda")


def new_fabric(device: str, precision: Precision) -> Fabric:
    """What places tensors on the device and computes in the precision of a recipe.

    Raises:
        InputError: There is no such device here, or it cannot compute in this precision.
    """
    check_device(device, precision)
    return Fabric(accelerator=device, devices=1, precision=precision)


def check_device(device: str, precision: Precision) -> None:
    """Refuse a device that is not here, or a precision that it lacks.

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
    if device == "cpu" and precision == "16-mixed":
        raise InputError(
            "16-mixed needs a CUDA device",
            field="precision",
            got=f"{precision} on cpu",
            expected="32-true or bf16-mixed",
            hint="--device cuda",
        )
