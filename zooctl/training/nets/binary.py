"""GOPHER's binary networks: a logit a track of a peak in the window.

Source: Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9 (conv_binary and
residual_binary of the released code). They end in a sigmoid, which is ``finish`` here.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from zooctl.schema.recipe.networks.window import ConvBinarySizes, ResidualBinarySizes
from zooctl.training.nets.parts.blocks import Scalar, dense_norm, flat_features, trunk
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


class ConvBinary(Classifier):
    """Logit of each track, from the stages of the convolutional baseline.

    Raises:
        InputError: The output is not one bin.
    """

    def __init__(self, sizes: ConvBinarySizes | ResidualBinarySizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        features = flat_features(window.input_length, sizes.trunk_stages)
        self.trunk = trunk(sizes.trunk_stages, sizes.activation)
        self.hidden = dense_norm(features, sizes.hidden, 0.3)
        self.last = Scalar(sizes.hidden, window.n_tracks)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))


class ResidualBinary(ConvBinary):
    """Logit of each track, from the stages of ResidualBind at base resolution."""
