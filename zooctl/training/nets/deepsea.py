"""DeepSEA: three valid convolutions and a hidden layer.

Source: Zhou and Troyanskaya 2015, doi:10.1038/nmeth.3547. The released weights read bases in the
order A, G, C, T; to use them here, exchange the second and third input channel of the first
convolution.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.training.nets.parts.blocks import Scalar
from zooctl.training.nets.parts.layers import check_scalar
from zooctl.training.nets.parts.network import Network


def rectify() -> nn.Threshold:
    """The original's rectifier, which gives 1e-6 instead of 0."""
    return nn.Threshold(0, 1e-6)


class DeepSea(Network):
    """Logit of each of many chromatin features for the centre of the window.

    Args:
        input_length: Bases read.
        n_tracks: Features predicted; 919 in the paper.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        filters: Channels of the three convolutions.
        kernel: Their width.
        pool: Positions joined after the first and second.
        hidden: Units of the hidden layer.
        dropouts: After the two poolings, and after the third convolution.

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
        filters: tuple[int, ...] = (320, 480, 960),
        kernel: int = 8,
        pool: int = 4,
        hidden: int = 925,
        dropouts: tuple[float, ...] = (0.2, 0.2, 0.5),
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="logit")
        parts: list[nn.Module] = []
        channels, positions = 4, input_length
        for number, (width, dropout) in enumerate(zip(filters, dropouts, strict=True)):
            parts += [nn.Conv1d(channels, width, kernel), rectify()]
            channels, positions = width, positions - kernel + 1
            if number < len(filters) - 1:
                parts.append(nn.MaxPool1d(pool))
                positions //= pool
            parts.append(nn.Dropout(dropout))
        if positions < 1:
            raise InputError(
                "window is too short for the network", field="input_length", got=input_length
            )
        self.trunk = nn.Sequential(*parts)
        self.hidden = nn.Sequential(nn.Linear(positions * channels, hidden), rectify())
        self.last = Scalar(hidden, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))

    def output_bias(self) -> Tensor:
        return self.last.linear.bias
