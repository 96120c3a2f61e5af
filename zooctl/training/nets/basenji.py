"""Basenji, in the form that GOPHER fits to windows of 2,048 bases.

Sources: Kelley et al. 2018, doi:10.1101/gr.227819.117; Toneyan, Tang and Koo 2022,
doi:10.1038/s42256-022-00570-9.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import Gelu, check_lengths, conv, crop, start_like_keras
from zooctl.training.nets.parts.network import Profile

# Basenji's own, not Keras' default.
MOMENTUM = 0.9


def block(
    in_channels: int, out_channels: int, kernel: int, *, dilation: int = 1, dropout: float = 0.0
) -> nn.Sequential:
    """GELU, convolution without bias, normalisation, dropout: the activation comes first."""
    return nn.Sequential(
        Gelu(),
        conv(in_channels, out_channels, kernel, dilation=dilation, bias=False),
        norm(out_channels, MOMENTUM),
        nn.Dropout(dropout),
    )


class Residual(nn.Module):
    """A dilated block of half the channels and one of width 1, added to what they read.

    The scale of the last normalisation begins at zero, so that the block begins as identity.
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
    """Dilation of each layer: powers of the rate, rounded half to even as numpy does.

    >>> dilations(11)
    [1, 2, 2, 3, 5, 8, 11, 17, 26, 38, 58]
    """
    return [round(rate**i) for i in range(n_layers)]


class Basenji(Profile):
    """Rate of each bin; the first GELU is applied to the one-hot, as in the released code.

    Positions are pairs of bases, single bases at ``bin_size=1``.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers: 1 or an even number.
        output_length: Bases predicted, centred; all that are read if not given.
        filters: Channels of the trunk.
        last_filters: Channels of the last hidden layer.
        dilated_layers: Residual blocks.
        dropout: In the residual blocks.
        last_dropout: After the last hidden layer.
        output: What a track is, see ``Network``.
        n_controls: Control tracks that are added to the rate.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        filters: int = 256,
        last_filters: int = 2048,
        dilated_layers: int = 11,
        dropout: float = 0.3,
        last_dropout: float = 0.05,
        output: Output = "rate",
        n_controls: int = 0,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        pool = 1 if bin_size == 1 else 2
        check_lengths(
            input_length=input_length, output_length=output_length, bin_size=bin_size, pool=pool
        )
        if filters % 2:
            raise InputError("channels cannot be halved", field="filters", got=filters)
        super().__init__(
            n_tracks=n_tracks,
            n_bins=output_length // bin_size,
            output=output,
            n_controls=n_controls,
        )
        self.output_positions = output_length // pool
        self.first = nn.Sequential(block(4, filters, 15), nn.MaxPool1d(pool))
        self.dilated = nn.Sequential(
            *(Residual(filters, dilation, dropout) for dilation in dilations(dilated_layers))
        )
        self.last = block(filters, last_filters, 1, dropout=last_dropout)
        self.bins = nn.AvgPool1d(bin_size // pool)
        self.dense = conv(last_filters, n_tracks, 1)
        start_like_keras(self, "he_normal")

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.last(self.dilated(self.first(x)))
        return cast(Tensor, self.dense(self.bins(crop(hidden, self.output_positions))))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.dense.bias)
