"""Basenji, in the form that GOPHER fits to windows of 2,048 bases.

Sources: Kelley et al. 2018, doi:10.1101/gr.227819.117; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from zooctl.schema.recipe.networks.profile import BasenjiSizes
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import Gelu, conv, crop, start_like_keras
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow

# Basenji's, not Keras' default.
MOMENTUM = 0.9


def block(
    in_channels: int, out_channels: int, kernel: int, *, dilation: int = 1, dropout: float = 0.0
) -> nn.Sequential:
    """Return GELU, convolution without bias, normalisation, dropout: the activation comes first."""
    return nn.Sequential(
        Gelu(),
        conv(in_channels, out_channels, kernel, dilation=dilation, bias=False),
        norm(out_channels, MOMENTUM),
        nn.Dropout(dropout),
    )


class Residual(nn.Module):
    """A dilated block of half the channels and one of width 1, added to their input.

    The scale of the last normalisation begins at zero, so the block begins as the identity.
    """

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        half = channels // 2
        self.dilated = block(channels, half, 3, dilation=dilation)
        self.back = block(half, channels, 1, dropout=dropout)
        nn.init.zeros_(cast(nn.BatchNorm1d, self.back[2]).weight)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, length)`` to the same shape."""
        return x + cast(Tensor, self.back(self.dilated(x)))


def dilations(n_layers: int, rate: float = 1.5) -> list[int]:
    """Return the dilation of each layer: powers of the rate, rounded half to even as in numpy.

    >>> dilations(11)
    [1, 2, 2, 3, 5, 8, 11, 17, 26, 38, 58]
    """
    return [round(rate**i) for i in range(n_layers)]


class Basenji(Profile):
    """Rate of each bin; the first GELU is applied to the one-hot, as in the released code.

    Positions are pairs of bases, single bases at ``bin_size=1``.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: BasenjiSizes, window: NetWindow) -> None:
        pool = 1 if window.bin_size == 1 else 2
        window.check(pool)
        super().__init__(sizes, window)
        self.output_positions = window.output_length // pool
        self.first = nn.Sequential(block(4, sizes.filters, 15), nn.MaxPool1d(pool))
        self.dilated = nn.Sequential(
            *(
                Residual(sizes.filters, dilation, sizes.dropout)
                for dilation in dilations(sizes.dilated_layers)
            )
        )
        self.last = block(sizes.filters, sizes.last_filters, 1, dropout=sizes.last_dropout)
        self.bins = nn.AvgPool1d(window.bin_size // pool)
        self.dense = conv(sizes.last_filters, window.n_tracks, 1)
        start_like_keras(self, "he_normal")

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.last(self.dilated(self.first(x)))
        return cast(Tensor, self.dense(self.bins(crop(hidden, self.output_positions))))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.dense.bias)
