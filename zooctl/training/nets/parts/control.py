"""A measured background as a second input, and its removal for export."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.training.nets.parts.layers import inverse_softplus


class ControlBackground(nn.Module):
    """Background that control tracks explain: one non-negative factor per track and control.

    A control experiment measures what the assay's bias and open chromatin alone give; added to
    the rate, it leaves the sequence to explain what is above it.
    """

    def __init__(self, n_tracks: int, n_controls: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(n_tracks, n_controls))

    def forward(self, control: Tensor) -> Tensor:
        """Rates ``(n, n_tracks, n_bins)`` from ``control`` of ``(n, n_controls, n_bins)``."""
        return torch.matmul(functional.softplus(self.scale), control)

    def set_rate(self, mean: Tensor, control_mean: Tensor) -> None:
        """Let the controls together explain ``mean`` (n_tracks,), in equal parts.

        Args:
            mean: Mean rate of each track to explain.
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
        """Predictions ``(n, n_tracks, n_bins)`` from ``x`` of ``(n, 4, input_length)``."""
        control = self.value.expand(x.shape[0], -1, -1)
        return cast(Tensor, self.net(x, control))


def with_constant_control(net: nn.Module, value: float | Tensor) -> ConstantControl:
    """Fix the control of a network to a value, usually the mean of the training regions.

    The genome-wide mean answers the question that prediction asks: what the sequence does where
    nothing is known about the background.

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
