"""DanQ: one valid convolution, recurrence in both directions, a hidden layer.

Source: Quang and Xie 2016, doi:10.1093/nar/gkw226. The larger DanQ-JASPAR has 1,024 filters of
width 30, pools of 15 and 512 units.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.networks.window import DanQSizes
from zooctl.training.nets.parts.blocks import BiLstm, Scalar
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


class DanQ(Classifier):
    """Logit of each of many chromatin features for the centre of the window.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: DanQSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        positions = window.positions_after((sizes.kernel, sizes.pool))
        self.first = nn.Sequential(
            nn.Conv1d(4, sizes.filters, sizes.kernel),
            nn.ReLU(),
            nn.MaxPool1d(sizes.pool),
            nn.Dropout(sizes.dropout),
        )
        self.recurrent = BiLstm(sizes.filters, sizes.units)
        self.dropout = nn.Dropout(sizes.recurrent_dropout)
        self.hidden = nn.Sequential(nn.Linear(positions * 2 * sizes.units, sizes.hidden), nn.ReLU())
        self.last = Scalar(sizes.hidden, window.n_tracks)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.recurrent(self.first(x)))
        return cast(Tensor, self.last(self.hidden(torch.flatten(hidden, 1))))
