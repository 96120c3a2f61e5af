"""ResidualBind: pooled stages with dilated residual blocks.

Sources: Koo et al. 2021, doi:10.1371/journal.pcbi.1008925; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9 (residual_profile_all_dense_32, residual_profile_task_conv_32,
residual_profile_all_base and residual_profile_task_base of the released code).
"""

from __future__ import annotations

import math
from typing import cast

from torch import Tensor, nn

from zooctl.schema.recipe.networks.profile import ResidualBind32Sizes, ResidualBindBaseSizes
from zooctl.training.nets.cnn_baseline import Bottleneck
from zooctl.training.nets.parts.blocks import conv_norm, trunk
from zooctl.training.nets.parts.heads import head
from zooctl.training.nets.parts.layers import crop, start_like_keras
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow


class ResidualBind32(Profile):
    """Rate of each bin of 32 bases, the product of the pools of the three stages.

    Positions are averaged over bins of a multiple of that before the softplus. Joint heads follow a
    hidden layer of width 1, task heads one of width 7.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: ResidualBind32Sizes, window: NetWindow) -> None:
        stages = sizes.trunk_stages
        pool = math.prod(stage.pool for stage in stages)
        window.check(pool)
        super().__init__(sizes, window)
        self.output_positions = window.output_length // pool
        self.trunk = trunk(stages, sizes.activation)
        kernel, dropout = (1, 0.3) if sizes.heads == "joint" else (7, 0.2)
        self.hidden = conv_norm(stages[-1].filters, sizes.hidden, kernel, dropout=dropout)
        start_like_keras(self)
        self.head = head(sizes.heads, sizes.hidden, window.n_tracks)
        self.bins = nn.AvgPool1d(window.bin_size // pool)

    def raw(self, x: Tensor) -> Tensor:
        tracks = self.head(self.hidden(self.trunk(x)))
        return cast(Tensor, self.bins(crop(tracks, self.output_positions)))

    def output_bias(self) -> Tensor:
        return self.head.bias()


class ResidualBindBase(Profile):
    """Rate of each bin, at any bin size, every one from the whole window.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: ResidualBindBaseSizes, window: NetWindow) -> None:
        window.check()
        super().__init__(sizes, window)
        self.trunk = trunk(sizes.trunk_stages, sizes.activation)
        dropout, residual_layers = (0.1, 5) if sizes.heads == "joint" else (0.2, 6)
        self.bottleneck = Bottleneck(
            sizes, window, dropout=dropout, residual_layers=residual_layers
        )
        start_like_keras(self)
        self.head = head(sizes.heads, sizes.profile_filters, window.n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.bottleneck(self.trunk(x))))

    def output_bias(self) -> Tensor:
        return self.head.bias()
