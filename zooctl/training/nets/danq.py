"""DanQ: one valid convolution, recurrence in both directions, a hidden layer.

Source: Quang and Xie 2016, doi:10.1093/nar/gkw226. The larger DanQ-JASPAR has 1,024 filters of
width 30, pools of 15 and 512 units.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.training.nets.parts.blocks import BiLstm, Scalar
from zooctl.training.nets.parts.layers import check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network


class DanQ(Network):
    """Logit of each of many chromatin features for the centre of the window.

    Args:
        input_length: Bases read.
        n_tracks: Features predicted; 919 in the paper.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions joined after it.
        units: Of the LSTM, in each direction.
        hidden: Units of the hidden layer.
        dropout: After the pooling.
        recurrent_dropout: After the LSTM.

    Raises:
        InputError: The output is not one bin, or the window too short.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        filters: int = 320,
        kernel: int = 26,
        pool: int = 13,
        units: int = 320,
        hidden: int = 925,
        dropout: float = 0.2,
        recurrent_dropout: float = 0.5,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="logit")
        positions = (input_length - kernel + 1) // pool
        if positions < 1:
            raise InputError(
                "window is too short for the network", field="input_length", got=input_length
            )
        self.first = nn.Sequential(
            nn.Conv1d(4, filters, kernel), nn.ReLU(), nn.MaxPool1d(pool), nn.Dropout(dropout)
        )
        self.recurrent = BiLstm(filters, units)
        self.dropout = nn.Dropout(recurrent_dropout)
        self.hidden = nn.Sequential(nn.Linear(positions * 2 * units, hidden), nn.ReLU())
        self.last = Scalar(hidden, n_tracks)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.recurrent(self.first(x)))
        return cast(Tensor, self.last(self.hidden(torch.flatten(hidden, 1))))

    def output_bias(self) -> Tensor:
        return self.last.linear.bias
