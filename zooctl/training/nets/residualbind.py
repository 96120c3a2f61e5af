"""ResidualBind: pooled stages with dilated residual blocks.

Sources: Koo et al. 2021, doi:10.1371/journal.pcbi.1008925; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9 (residual_profile_all_dense_32, residual_profile_task_conv_32,
residual_profile_all_base and residual_profile_task_base of the released code).
"""

from __future__ import annotations

import math
from typing import cast

from torch import Tensor, nn

from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.cnn_baseline import Bottleneck
from zooctl.training.nets.parts.blocks import Stage, conv_norm, flat_features, trunk
from zooctl.training.nets.parts.heads import HeadKind, head
from zooctl.training.nets.parts.layers import Activation, check_lengths, crop, start_like_keras
from zooctl.training.nets.parts.network import Profile

STAGES_32 = (
    Stage(256, 19, 5, pool=4, dropout=0.2),
    Stage(512, 7, 5, pool=4, dropout=0.2),
    Stage(1024, 7, 3, pool=2, dropout=0.5),
)
# The two base-resolution forms differ in more than their heads.
STAGES_BASE: dict[HeadKind, tuple[Stage, ...]] = {
    "joint": (
        Stage(192, 19, 5, pool=4, dropout=0.1),
        Stage(256, 7, 5, pool=4, dropout=0.1),
        Stage(512, 7, 4, pool=4, dropout=0.2),
    ),
    "task": (
        Stage(192, 19, 5, pool=8, dropout=0.1),
        Stage(256, 7, 5, pool=4, dropout=0.1),
        Stage(512, 7, 3, pool=4, dropout=0.2),
    ),
}


class ResidualBind32(Profile):
    """Rate of each bin of 32 bases, which is what the pooling of the three stages makes.

    Bins of a multiple of that are averaged before the softplus.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers: a multiple of the pools' product.
        output_length: Bases predicted, centred; all that are read if not given.
        heads: One layer for all tracks, after a hidden layer of width 1 (``joint``), or a small
            network each, after a convolution of width 7 (``task``).
        activation: Of the first convolution.
        stages: Sizes of the three stages.
        hidden: Channels of the last shared layer.
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
        bin_size: int = 32,
        output_length: int | None = None,
        heads: HeadKind = "joint",
        activation: Activation = "relu",
        stages: tuple[Stage, ...] = STAGES_32,
        hidden: int = 256,
        output: Output = "rate",
        n_controls: int = 0,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        pool = math.prod(stage.pool for stage in stages)
        check_lengths(
            input_length=input_length, output_length=output_length, bin_size=bin_size, pool=pool
        )
        super().__init__(
            n_tracks=n_tracks,
            n_bins=output_length // bin_size,
            output=output,
            n_controls=n_controls,
        )
        self.output_positions = output_length // pool
        self.trunk = trunk(stages, activation)
        kernel, dropout = (1, 0.3) if heads == "joint" else (7, 0.2)
        self.hidden = conv_norm(stages[-1].filters, hidden, kernel, dropout=dropout)
        start_like_keras(self)
        self.head = head(heads, hidden, n_tracks)
        self.bins = nn.AvgPool1d(bin_size // pool)

    def raw(self, x: Tensor) -> Tensor:
        tracks = self.head(self.hidden(self.trunk(x)))
        return cast(Tensor, self.bins(crop(tracks, self.output_positions)))

    def output_bias(self) -> Tensor:
        return self.head.bias()


class ResidualBindBase(Profile):
    """Rate of each bin, at any bin size, every one from the whole window.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers; any.
        output_length: Bases predicted, centred; all that are read if not given.
        heads: One layer for all tracks (``joint``) or a small network each (``task``).
        activation: Of the first convolution.
        stages: Sizes of the three stages; those of the form with these heads if not given.
        hidden: Values that summarise the window.
        bottleneck: Values that each bin gets of it.
        profile_filters: Channels of the layers over bins.
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
        stages: tuple[Stage, ...] | None = None,
        hidden: int = 512,
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
        stages = STAGES_BASE[heads] if stages is None else stages
        self.trunk = trunk(stages, activation)
        dropout, residual_layers = (0.1, 5) if heads == "joint" else (0.2, 6)
        self.bottleneck = Bottleneck(
            flat_features(input_length, stages),
            hidden=hidden,
            n_bins=self.n_bins,
            width=bottleneck,
            filters=profile_filters,
            dropout=dropout,
            residual_layers=residual_layers,
        )
        start_like_keras(self)
        self.head = head(heads, profile_filters, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.bottleneck(self.trunk(x))))

    def output_bias(self) -> Tensor:
        return self.head.bias()
