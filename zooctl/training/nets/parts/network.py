"""The interface of all networks: inputs, outputs, and start values of the output bias."""

from __future__ import annotations

import math
from typing import ClassVar, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import Scalar
from zooctl.training.nets.parts.control import ControlBackground
from zooctl.training.nets.parts.layers import inverse_softplus, per_track
from zooctl.training.nets.parts.window import NetWindow


def activate(tracks: Tensor, output: Output) -> Tensor:
    """Return a network's output from its last linear layer: rates go through softplus."""
    return functional.softplus(tracks) if output == "rate" else tracks


def finish(tracks: Tensor, output: Output) -> Tensor:
    """Return the signal or probability that a card states, from a network's output.

    Args:
        tracks: ``(n, n_tracks, n_bins)``.
        output: Their meaning, see ``Network``.
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
    """Return the bias with which a network begins at this mean of its targets, ``(n_tracks,)``."""
    if output == "rate":
        return inverse_softplus(mean)
    if output == "logit":
        return torch.logit(mean, eps=1e-4)
    if output == "log":
        return torch.log1p(mean * n_bins) - math.log(n_bins)
    return torch.log(mean.clamp(min=1e-4)) if output == "class" else mean


class Sizes(Protocol):
    """The part of a recipe's network that all networks read."""

    @property
    def key(self) -> str:
        """Name of the network in recipes."""

    @property
    def output(self) -> Output:
        """Meaning of its tracks."""


class Network(nn.Module):
    """A network that reads one-hot windows, and perhaps further inputs, and predicts tracks.

    ``forward(x, control)`` gives ``(n, n_tracks, n_bins)``; ``output`` is the meaning of the
    numbers:

    - ``rate``: at least 0, through softplus; with controls, their background is added.
    - ``value``: any number.
    - ``logit``: a sigmoid turns them into probabilities.
    - ``class``: a softmax over tracks turns them into probabilities.
    - ``log``: logarithms of rates that sum to one plus the total count of the window.
    - ``mixed``: each head has its own (``MultiHead``).

    ``finish`` takes the last step, ``Finished`` takes it always. A subclass gives ``raw`` and
    ``output_bias``.

    Args:
        sizes: The recipe's network.
        window: Lengths and numbers of tracks.
        control_length: Values a track of the second input, such as bases; bins if not given.

    Attributes:
        n_tracks: Tracks predicted.
        n_bins: Values a track.
        n_controls: Tracks of the second input; 0 for none.
        control_length: Values a track of the second input: bins, or bases of the window.
        n_features: Values a sample of the third input; 0 for none.
        output: See above.

    Raises:
        InputError: There are controls, and the network takes none.
    """

    takes_controls: ClassVar[bool] = False
    n_features: int = 0

    def __init__(
        self, sizes: Sizes, window: NetWindow, *, control_length: int | None = None
    ) -> None:
        super().__init__()
        if window.n_controls and not self.takes_controls:
            raise InputError(
                f"network {sizes.key} takes no control",
                field="controls",
                got=window.n_controls,
                expected=0,
            )
        self.output: Output = sizes.output
        self.n_tracks, self.n_bins = window.n_tracks, window.n_bins
        self.n_controls = window.n_controls
        self.control_length = window.n_bins if control_length is None else control_length

    def raw(self, x: Tensor) -> Tensor:
        """Return the tracks before the last activation, ``(n, n_tracks, n_bins)``."""
        raise NotImplementedError

    def output_bias(self) -> Tensor:
        """Return the parameter that is added to each track last, ``(n_tracks,)``."""
        raise NotImplementedError

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Return tracks ``(n, n_tracks, n_bins)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            control: ``(n, n_controls, control_length)``; required if the network has controls.
        """
        return activate(self.raw(x), self.output)

    def finish(self, tracks: Tensor) -> Tensor:
        """Return the signal or probability of an output of ``forward``, of the same shape."""
        return finish(tracks, self.output)

    def needed(self, control: Tensor | None) -> Tensor:
        """Return the control, or refuse if there is none.

        Raises:
            InputError: It is None.
        """
        if control is None:
            raise InputError("network needs its control track", field="control")
        return control

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        """Let training begin at the mean of the targets, not at softplus(0) = 0.69.

        Args:
            mean: Mean target a bin, for all tracks or ``(n_tracks,)``.
            control_mean: Mean of the control a bin, for all controls or ``(n_controls,)``; an
                added background begins with half of the mean rate.
        """
        bias = linked(per_track(mean, self.n_tracks), self.output, self.n_bins)
        with torch.no_grad():
            self.output_bias().copy_(bias)


class Profile(Network):
    """A network of one value a bin, to which measured backgrounds may be added."""

    takes_controls = True

    def __init__(self, sizes: Sizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        if self.n_controls and self.output != "rate":
            raise InputError("only rates add up with a control", field="output", got=self.output)
        self.background = (
            ControlBackground(self.n_tracks, self.n_controls) if self.n_controls else None
        )

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Return tracks ``(n, n_tracks, n_bins)``; the control has the network's own bins."""
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


class Classifier(Network):
    """A network of one logit a track for the whole window; its controls are signals per base."""

    last: Scalar

    def __init__(self, sizes: Sizes, window: NetWindow) -> None:
        window.check_one_bin()
        super().__init__(sizes, window, control_length=window.input_length)

    def output_bias(self) -> Tensor:
        return self.last.linear.bias


class Finished(nn.Module):
    """A network whose output is the signal or probability that its card states.

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
        """Return signal or probability ``(n, n_tracks, n_bins)``."""
        extra = () if features is None else (features,)
        return self.net.finish(self.net(x, control, *extra))
