"""A twin network that reads both alleles of a variant together."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from zooctl.training.nets.parts.layers import conv, start_weight
from zooctl.training.nets.parts.network import Network


class Siamese(Network):
    """Effect of a variant in each bin, from what one trunk sees in each allele.

    The hidden channels of the reference are taken from those of the alternative, and the effect
    is linear in the difference without a constant: exchanging the alleles turns the sign, equal
    alleles have effect 0.

    Args:
        trunk: A network whose tracks, through ReLU, are the hidden channels.
        n_tracks: Tracks whose effects are predicted.
        input_length: Bases read of each allele.
    """

    def __init__(self, trunk: Network, *, n_tracks: int, input_length: int) -> None:
        super().__init__(
            n_tracks=n_tracks,
            n_bins=trunk.n_bins,
            output="value",
            n_controls=4,
            control_length=input_length,
        )
        self.trunk = trunk
        self.effect = conv(trunk.n_tracks, n_tracks, 1, bias=False)
        start_weight(self.effect.weight)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Effects ``(n, n_tracks, n_bins)``.

        Args:
            x: Reference allele, one-hot ``(n, 4, input_length)``.
            control: Alternative allele, of the same shape; required.
        """
        n = x.shape[0]
        # One pass for both, so that normalisation in training sees them as one batch.
        hidden = functional.relu(self.trunk.raw(torch.cat([x, self.needed(control)])))
        return cast(Tensor, self.effect(hidden[n:] - hidden[:n]))

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        """Do nothing: the mean effect of equal alleles is 0."""
