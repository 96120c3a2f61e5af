"""GOPHER's binary networks: whether each track has a peak in the window.

Source: Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9 (conv_binary and
residual_binary of the released code). They end in a sigmoid, which is ``finish`` here.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from zooctl.training.nets.cnn_baseline import STAGES
from zooctl.training.nets.parts.blocks import Scalar, Stage, dense_norm, flat_features, trunk
from zooctl.training.nets.parts.layers import Activation, check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.residualbind import STAGES_BASE


class ConvBinary(Network):
    """Logit of each track, from the stages of the convolutional baseline.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        activation: Of the first convolution.
        stages: Sizes of the stages.
        hidden: Values that summarise the window.

    Raises:
        InputError: The output is not one bin.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        activation: Activation = "relu",
        stages: tuple[Stage, ...] = STAGES,
        hidden: int = 256,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="logit")
        self.trunk = trunk(stages, activation)
        self.hidden = dense_norm(flat_features(input_length, stages), hidden, 0.3)
        self.last = Scalar(hidden, n_tracks)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))

    def output_bias(self) -> Tensor:
        return self.last.linear.bias


class ResidualBinary(ConvBinary):
    """Logit of each track, from the stages of ResidualBind at base resolution."""

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        activation: Activation = "relu",
        stages: tuple[Stage, ...] = STAGES_BASE["joint"],
        hidden: int = 512,
    ) -> None:
        super().__init__(
            input_length=input_length,
            n_tracks=n_tracks,
            bin_size=bin_size,
            output_length=output_length,
            activation=activation,
            stages=stages,
            hidden=hidden,
        )
