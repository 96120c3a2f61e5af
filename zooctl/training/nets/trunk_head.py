"""A head on the activations of another model's trunk, which is not trained."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from zooctl.schema.recipe.networks.network import TrunkHeadSizes
from zooctl.training.nets.parts.layers import conv, start_like_keras
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow


class TrunkHead(Network):
    """Tracks of each bin from the activations of that bin: linear, or with one layer between."""

    def __init__(self, sizes: TrunkHeadSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        channels = sizes.hidden or sizes.features
        self.hidden: nn.Module = nn.Identity()
        if sizes.hidden is not None:
            first = conv(sizes.features, sizes.hidden, 1)
            self.hidden = nn.Sequential(first, nn.ReLU(), nn.Dropout(sizes.dropout))
        self.last = conv(channels, window.n_tracks, 1)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        """Return the tracks before the last activation, from ``(n, features, n_bins)``."""
        return cast(Tensor, self.last(self.hidden(x)))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.last.bias)


class OnTrunk(nn.Module):
    """A trained head behind the step from a trunk's activations to those of its bins.

    Args:
        net: Called with ``(n, features, n_bins)``.
        bins: That step.
    """

    def __init__(self, net: nn.Module, bins: nn.Module) -> None:
        super().__init__()
        self.bins, self.net = bins, net

    def forward(self, x: Tensor) -> Tensor:
        """Return predictions ``(n, n_tracks, n_bins)`` from the tensor of the trunk's graph."""
        return cast(Tensor, self.net(self.bins(x)))
