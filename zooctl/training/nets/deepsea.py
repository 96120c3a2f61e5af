"""DeepSEA: three valid convolutions and a hidden layer.

Source: Zhou and Troyanskaya 2015, doi:10.1038/nmeth.3547. The released weights read bases in the
order A, G, C, T; to use them here, swap the second and third input channels of the first
convolution.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.networks.window import DeepSeaSizes
from zooctl.training.nets.parts.blocks import Scalar
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


def rectify() -> nn.Threshold:
    """Return the original's rectifier, which gives 1e-6 instead of 0."""
    return nn.Threshold(0, 1e-6)


class DeepSea(Classifier):
    """Logit of each of many chromatin features for the centre of the window.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: DeepSeaSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        last = len(sizes.filters) - 1
        positions = window.positions_after(*[(sizes.kernel, sizes.pool)] * last, (sizes.kernel, 1))
        parts: list[nn.Module] = []
        channels = 4
        for number, (filters, dropout) in enumerate(
            zip(sizes.filters, sizes.dropouts, strict=True)
        ):
            parts += [nn.Conv1d(channels, filters, sizes.kernel), rectify()]
            parts += [nn.MaxPool1d(sizes.pool)] if number < last else []
            parts.append(nn.Dropout(dropout))
            channels = filters
        self.trunk = nn.Sequential(*parts)
        self.hidden = nn.Sequential(nn.Linear(positions * channels, sizes.hidden), rectify())
        self.last = Scalar(sizes.hidden, window.n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.hidden(torch.flatten(self.trunk(x), 1))))
