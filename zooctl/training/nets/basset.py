"""Basset, in the form that GOPHER trains on windows of 2,048 bases.

Sources: Kelley, Snoek and Rinn 2016, doi:10.1101/gr.200535.115; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9. GOPHER's first kernel is 10 wide, the original's 19.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.training.nets.parts.blocks import Scalar, Stage, flat_features, trunk
from zooctl.training.nets.parts.layers import Activation, check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network

STAGES = (
    Stage(300, 10, 0, pool=3, dropout=0.0),
    Stage(200, 11, 0, pool=4, dropout=0.0),
    Stage(200, 7, 0, pool=4, dropout=0.0),
)


class Basset(Network):
    """Logit of each track from the whole window.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        activation: Of the first convolution.
        stages: Sizes of the stages.
        hidden: Units of both hidden layers.
        dropout: After each of them.

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
        hidden: int = 1000,
        dropout: float = 0.3,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="logit")
        self.trunk = trunk(stages, activation)
        self.hidden = nn.Sequential(
            nn.Linear(flat_features(input_length, stages), hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.last = Scalar(hidden, n_tracks)
        start_like_keras(self, "glorot_normal")

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))

    def output_bias(self) -> Tensor:
        return self.last.linear.bias
