"""What all networks share: their inputs, what they give out, and where the output begins."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.control import ControlBackground
from zooctl.training.nets.parts.layers import inverse_softplus, per_track


def activate(tracks: Tensor, output: Output) -> Tensor:
    """What a network gives out, from its last linear layer: rates are made positive."""
    return functional.softplus(tracks) if output == "rate" else tracks


def finish(tracks: Tensor, output: Output) -> Tensor:
    """What a card states, from what a network gives out: a signal or a probability.

    Args:
        tracks: ``(n, n_tracks, n_bins)``.
        output: What they are, see ``Network``.
    """
    if output == "logit":
        return torch.sigmoid(tracks)
    if output == "class":
        return torch.softmax(tracks, dim=1)
    if output == "log":
        # The rates sum to one plus the count; the one is taken off and the shape kept.
        total = torch.logsumexp(tracks, dim=-1, keepdim=True)
        return functional.relu(torch.expm1(total)) * torch.softmax(tracks, dim=-1)
    return tracks


def linked(mean: Tensor, output: Output, n_bins: int) -> Tensor:
    """The bias that makes a network begin at this mean of its targets, ``(n_tracks,)``."""
    if output == "rate":
        return inverse_softplus(mean)
    if output == "logit":
        return torch.logit(mean, eps=1e-4)
    if output == "log":
        return torch.log1p(mean * n_bins) - math.log(n_bins)
    return torch.log(mean.clamp(min=1e-4)) if output == "class" else mean


class Network(nn.Module):
    """A network that reads one-hot windows, and perhaps a second input, and gives out tracks.

    ``forward(x, control)`` gives ``(n, n_tracks, n_bins)``; what the numbers are says ``output``:

    - ``rate``: at least 0, through softplus; with controls, their background is added.
    - ``value``: as they are.
    - ``logit``: a sigmoid makes them probabilities.
    - ``class``: a softmax over tracks makes them probabilities.
    - ``log``: of rates that sum to one plus the total count of the window.
    - ``mixed``: some tracks this, some that (``MultiHead``).

    ``finish`` takes the last step, ``Finished`` takes it always. A subclass gives ``raw`` and
    ``output_bias``.

    Attributes:
        n_tracks: Tracks predicted.
        n_bins: Values a track.
        n_controls: Tracks of the second input; 0 for none.
        control_length: Values a track of the second input: bins, or bases of the window.
        n_features: Values a sample of the third input; 0 for none.
        output: See above.
    """

    n_features: int = 0

    def __init__(
        self,
        *,
        n_tracks: int,
        n_bins: int,
        output: Output,
        n_controls: int = 0,
        control_length: int | None = None,
    ) -> None:
        super().__init__()
        self.n_tracks, self.n_bins, self.output = n_tracks, n_bins, output
        self.n_controls = n_controls
        self.control_length = n_bins if control_length is None else control_length

    def raw(self, x: Tensor) -> Tensor:
        """The tracks before the last activation, ``(n, n_tracks, n_bins)``."""
        raise NotImplementedError

    def output_bias(self) -> Tensor:
        """The parameter that is added to each track last, ``(n_tracks,)``."""
        raise NotImplementedError

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Tracks ``(n, n_tracks, n_bins)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            control: ``(n, n_controls, control_length)``; required if the network has controls.
        """
        return activate(self.raw(x), self.output)

    def finish(self, tracks: Tensor) -> Tensor:
        """Signal or probability from what ``forward`` gave, of the same shape."""
        return finish(tracks, self.output)

    def needed(self, control: Tensor | None) -> Tensor:
        """The control, which the network cannot do without."""
        if control is None:
            raise InputError("network needs its control track", field="control")
        return control

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        """Let training begin at the mean of the targets, not at softplus(0) = 0.69.

        Args:
            mean: Mean target a bin, for all tracks or ``(n_tracks,)``.
            control_mean: Mean of the control a bin, for all controls or ``(n_controls,)``; a
                background that is added begins with half of the mean rate.
        """
        bias = linked(per_track(mean, self.n_tracks), self.output, self.n_bins)
        with torch.no_grad():
            self.output_bias().copy_(bias)


class Profile(Network):
    """A network of one value a bin, to which measured backgrounds may be added."""

    def __init__(
        self, *, n_tracks: int, n_bins: int, output: Output = "rate", n_controls: int = 0
    ) -> None:
        super().__init__(n_tracks=n_tracks, n_bins=n_bins, output=output, n_controls=n_controls)
        if n_controls and output != "rate":
            raise InputError("only rates add up with a control", field="output", got=output)
        self.background = ControlBackground(n_tracks, n_controls) if n_controls else None

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Tracks ``(n, n_tracks, n_bins)``; the control has the network's own bins."""
        tracks = super().forward(x)
        if self.background is None:
            return tracks
        return tracks + cast(Tensor, self.background(self.needed(control)))

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        rate = per_track(mean, self.n_tracks)
        if self.background is not None and control_mean is not None:
            rate = rate / 2
            self.background.set_rate(rate, per_track(control_mean, self.n_controls))
        super().set_output_bias(rate)


class Finished(nn.Module):
    """A network whose output is what its card states: a signal or a probability.

    It takes the inputs of the network, so that a control can still be fixed
    (``with_constant_control(Finished(net), value)``).
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net = net
        self.n_controls, self.control_length = net.n_controls, net.control_length

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Signal or probability ``(n, n_tracks, n_bins)``."""
        extra = () if features is None else (features,)
        return self.net.finish(self.net(x, control, *extra))
