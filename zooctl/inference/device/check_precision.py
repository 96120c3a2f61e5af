"""Less precision than a network was verified in: what it may change, and what has none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.inference.options.hardware import Device, Hardware, On


def check_difference(lower: NDArray[Any], full: NDArray[Any], hardware: Hardware) -> float:
    """Return the largest difference of predictions, as a share of the largest in full precision.

    Args:
        lower: Predictions in less precision.
        full: Those of the same windows in ``fp32``.
        hardware: The precision, and the difference that is allowed.

    Raises:
        VerificationError: It is larger, or a prediction is no finite number in one of them alone.
    """
    known = np.isfinite(full)
    most = float(np.abs(full[known]).max(initial=0.0)) or 1.0
    difference = float(np.abs(lower[known] - full[known]).max(initial=0.0)) / most
    if (np.isfinite(lower) != known).any():
        difference = float("inf")
    if not difference <= hardware.allowed:
        raise VerificationError(
            f"{hardware.precision} changes predictions too much",
            got=f"{difference:.2g} of the largest",
            expected=f"at most {hardware.allowed:g}, as the card allows",
            hint="--precision fp32, the default, is what the weights were verified in",
        )
    return difference


def in_full(device: On) -> Device:
    """Return a device for networks whose precision is not compared: full precision alone.

    Raises:
        InputError: Another is asked for.
    """
    hardware = Hardware.of(device)
    if hardware.options:
        raise InputError(
            "the model is computed in full precision, batch by batch",
            got=hardware.options,
            hint="leave it out",
        )
    return hardware.device
