"""A measured background as a second input, and its removal for export."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.training.nets.parts.layers import inverse_softplus


class ControlBackground(nn.Module):
    """Background from control tracks: one non-negative factor per track and control.

    A control experiment measures the signal of the assay's bias and of open chromatin alone; added
    to the rate, it leaves the signal above it to the sequence.
    """

    def __init__(self, n_tracks: int, n_controls: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(n_tracks, n_controls))

    def forward(self, control: Tensor) -> Tensor:
        """Return rates ``(n, n_tracks, n_bins)`` from controls ``(n, n_controls, n_bins)``."""
        return torch.matmul(functional.softplus(self.scale), control)

    def set_rate(self, mean: Tensor, control_mean: Tensor) -> None:
        """Set the factors so that the controls add up to ``mean``, in equal parts.

        Args:
            mean: Mean background rate of each track, ``(n_tracks,)``.
            control_mean: Mean of each control, ``(n_controls,)``.
        """
        parts = mean[:, None] / control_mean.clamp(min=1e-4) / self.scale.shape[1]
        with torch.no_grad():
            self.scale.copy_(inverse_softplus(parts))


@runtime_checkable
class TakesControl(Protocol):
    """A network that takes control tracks beside the sequence."""

    n_controls: int
    control_length: int


class ConstantControl(nn.Module):
    """A network whose control is the same everywhere, so that it takes the sequence alone."""

    value: Tensor

    def __init__(self, net: nn.Module, value: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("value", value)

    def forward(self, x: Tensor) -> Tensor:
        """Return predictions ``(n, n_tracks, n_bins)`` from ``x`` of ``(n, 4, input_length)``."""
        control = self.value.expand(x.shape[0], -1, -1)
        return cast(Tensor, self.net(x, control))


def with_constant_control(net: nn.Module, value: float | Tensor) -> ConstantControl:
    """Fix the control of a network to a value, usually the mean of the training regions.

    Prediction is about the effect of the sequence at an unknown background, and the mean stands for
    that.

    Args:
        net: A network built with at least one control.
        value: One value for all controls, or ``(n_controls,)``.

    Raises:
        InputError: The network takes no control.
    """
    if not isinstance(net, TakesControl) or net.n_controls < 1:
        raise InputError("network takes no control track", field="n_controls", got=0)
    row = torch.as_tensor(value, dtype=torch.float32).expand(net.n_controls)
    return ConstantControl(net, row[None, :, None].repeat(1, 1, net.control_length))
