"""GOPHER's convolutional baseline: three pooled stages, a bottleneck, a profile at any bin size.

Source: Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9 (conv_profile_all_base and
conv_profile_task_base of the released code).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import (
    ResidualBlock,
    Stage,
    conv_norm,
    dense_norm,
    flat_features,
    trunk,
)
from zooctl.training.nets.parts.heads import HeadKind, head
from zooctl.training.nets.parts.layers import Activation, check_lengths, start_like_keras
from zooctl.training.nets.parts.network import Profile

STAGES = (
    Stage(192, 19, 0, pool=8, dropout=0.1),
    Stage(256, 7, 0, pool=4, dropout=0.1),
    Stage(512, 7, 0, pool=4, dropout=0.2),
)


class Bottleneck(nn.Module):
    """From a summary of the whole window to channels at each bin.

    Args:
        features: Values of the flattened trunk.
        hidden: Values of the summary.
        n_bins: Bins made of it.
        width: Channels each bin gets from the summary.
        filters: Channels after the convolution over bins.
        dropout: After that convolution.
        residual_layers: Of a residual block at the end; 0 for none.
    """

    def __init__(
        self,
        features: int,
        *,
        hidden: int,
        n_bins: int,
        width: int,
        filters: int,
        dropout: float,
        residual_layers: int = 0,
    ) -> None:
        super().__init__()
        self.width = width
        self.summary = nn.Sequential(
            dense_norm(features, hidden, 0.3), dense_norm(hidden, n_bins * width)
        )
        self.dropout = nn.Dropout(0.1)
        self.profile = conv_norm(width, filters, 7, dropout=dropout)
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

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers; any.
        output_length: Bases predicted, centred; all that are read if not given.
        heads: One layer for all tracks (``joint``) or a small network each (``task``).
        activation: Of the first convolution.
        stages: Sizes of the three stages.
        hidden: Values that summarise the window.
        bottleneck: Values that each bin gets of it.
        profile_filters: Channels of the convolution over bins.
        output: What a track is, see ``Network``.
        n_controls: Control tracks that are added to the rate.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        heads: HeadKind = "joint",
        activation: Activation = "relu",
        stages: tuple[Stage, ...] = STAGES,
        hidden: int = 256,
        bottleneck: int = 8,
        profile_filters: int = 256,
        output: Output = "rate",
        n_controls: int = 0,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_lengths(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(
            n_tracks=n_tracks,
            n_bins=output_length // bin_size,
            output=output,
            n_controls=n_controls,
        )
        self.trunk = trunk(stages, activation)
        self.bottleneck = Bottleneck(
            flat_features(input_length, stages),
            hidden=hidden,
            n_bins=self.n_bins,
            width=bottleneck,
            filters=profile_filters,
            dropout=0.2,
        )
        start_like_keras(self)
        self.head = head(heads, profile_filters, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.bottleneck(self.trunk(x))))

    def output_bias(self) -> Tensor:
        return self.head.bias()
