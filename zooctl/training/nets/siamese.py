"""A siamese network over the reference and the alternative allele of a variant."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from zooctl.schema.recipe.networks.network import SiameseSizes
from zooctl.training.nets.parts.layers import conv, start_weight
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.trunks import build_trunk


class Siamese(Network):
    """Effect of a variant in each bin, from the hidden channels of one trunk on each allele.

    The hidden channels are the tracks of the trunk through ReLU. The effect is linear, without a
    constant, in those of the alternative minus those of the reference: exchanging the alleles
    changes its sign, and equal alleles have effect 0.

    Raises:
        InputError: The lengths do not fit the trunk.
    """

    def __init__(self, sizes: SiameseSizes, window: NetWindow) -> None:
        super().__init__(sizes, window, control_length=window.input_length)
        self.n_controls = 4  # the alternative allele is one-hot
        self.trunk = build_trunk(sizes.trunk, sizes.hidden, window)
        self.effect = conv(sizes.hidden, window.n_tracks, 1, bias=False)
        start_weight(self.effect.weight)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Return effects ``(n, n_tracks, n_bins)``.

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
        """Do nothing: equal alleles have effect 0 by construction."""
