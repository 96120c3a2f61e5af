"""Basset, in the form that GOPHER trains on windows of 2,048 bases.

Sources: Kelley, Snoek and Rinn 2016, doi:10.1101/gr.200535.115; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9. GOPHER's first kernel is 10 wide, the original's 19.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.networks.window import BassetSizes
from zooctl.training.nets.parts.blocks import Scalar, flat_features, trunk
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


class Basset(Classifier):
    """Logit of each track from the whole window.

    Raises:
        InputError: The output is not one bin.
    """

    def __init__(self, sizes: BassetSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        self.trunk = trunk(sizes.trunk_stages, sizes.activation)
        self.hidden = nn.Sequential(
            nn.Linear(flat_features(window.input_length, sizes.trunk_stages), sizes.hidden),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
            nn.Linear(sizes.hidden, sizes.hidden),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
        )
        self.last = Scalar(sizes.hidden, window.n_tracks)
        start_like_keras(self, "glorot_normal")

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))
