"""GOPHER's convolutional baseline: three pooled stages, a bottleneck, a profile at any bin size.

Source: Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9 (conv_profile_all_base and
conv_profile_task_base of the released code).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.networks.profile import CnnBaselineSizes, ResidualBindBaseSizes
from zooctl.training.nets.parts.blocks import (
    ResidualBlock,
    conv_norm,
    dense_norm,
    flat_features,
    trunk,
)
from zooctl.training.nets.parts.heads import head
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow


class Bottleneck(nn.Module):
    """Summary of the whole window, turned into channels at each bin.

    Args:
        sizes: Of the network, its flattened trunk included.
        window: Lengths of the network.
        dropout: After the convolution over bins.
        residual_layers: Of a residual block at the end; 0 for none.
    """

    def __init__(
        self,
        sizes: CnnBaselineSizes | ResidualBindBaseSizes,
        window: NetWindow,
        *,
        dropout: float,
        residual_layers: int = 0,
    ) -> None:
        super().__init__()
        features = flat_features(window.input_length, sizes.trunk_stages)
        self.width = sizes.bottleneck
        self.summary = nn.Sequential(
            dense_norm(features, sizes.hidden, 0.3),
            dense_norm(sizes.hidden, window.n_bins * sizes.bottleneck),
        )
        self.dropout = nn.Dropout(0.1)
        filters = sizes.profile_filters
        self.profile = conv_norm(sizes.bottleneck, filters, 7, dropout=dropout)
        self.residual = (
            ResidualBlock(filters, residual_layers) if residual_layers else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, positions)`` to ``(n, filters, n_bins)``."""
        summary = self.summary(torch.flatten(x, 1))
        bins = self.dropout(summary.unflatten(1, (-1, self.width)).transpose(1, 2))
        return cast(Tensor, self.residual(self.profile(bins)))


class CnnBaseline(Profile):
    """Rate of each bin, every one from the whole window.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: CnnBaselineSizes, window: NetWindow) -> None:
        window.check()
        super().__init__(sizes, window)
        self.trunk = trunk(sizes.trunk_stages, sizes.activation)
        self.bottleneck = Bottleneck(sizes, window, dropout=0.2)
        start_like_keras(self)
        self.head = head(sizes.heads, sizes.profile_filters, window.n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.bottleneck(self.trunk(x))))

    def output_bias(self) -> Tensor:
        return self.head.bias()
