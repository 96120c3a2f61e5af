"""The device that a network runs on, and its arithmetic there.

Only the standard library is imported here, as in ``predict_and_score``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Device = Literal["auto", "cpu", "cuda"]
"""``auto`` takes a CUDA device where onnxruntime can work with one, else the CPU."""

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
"""Arithmetic of convolutions and products; less than ``fp32`` on a CUDA device alone."""

LARGEST_DIFFERENCE = 0.02
"""Difference of predictions in less precision that is allowed, where a card states none."""


class Hardware(NamedTuple):
    """A device, and the arithmetic on it.

    Attributes:
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: Arithmetic of convolutions and products.
        cuda_graphs: Whether a batch is recorded once as a CUDA graph, and then replayed.
        allowed: Largest difference to predictions in ``fp32``, as a share of the largest of them.
    """

    device: Device
    precision: Precision = "fp32"
    cuda_graphs: bool = False
    allowed: float = LARGEST_DIFFERENCE

    @classmethod
    def of(cls, device: On) -> Hardware:
        """Return a device in full precision, or what is given.

        >>> Hardware.of("cpu").precision
        'fp32'
        """
        return device if isinstance(device, Hardware) else cls(device)

    @property
    def options(self) -> str:
        """Options that only a CUDA device has, as they are typed; empty for none.

        >>> Hardware("cpu", "fp16").options, Hardware("cpu").options
        ('--precision fp16', '')
        """
        precision = [] if self.precision == "fp32" else [f"--precision {self.precision}"]
        return " ".join(precision + ["--cuda-graphs"] * self.cuda_graphs)


def less_precision(precision: Precision) -> dict[str, str]:
    """Return what a record says of the precision; nothing of the usual one.

    >>> less_precision("bf16"), less_precision("fp32")
    ({'precision': 'bf16'}, {})
    """
    return {} if precision == "fp32" else {"precision": precision}


On = Device | Hardware
"""A device in full precision, or with all that is to be said of it."""
