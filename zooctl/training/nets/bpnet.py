"""BPNet: one wide convolution, then dilated convolutions with skips, then a profile.

Sources: Avsec et al. 2021, doi:10.1038/s41588-021-00782-6; the quantitative form is that of
GOPHER (Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.layers import (
    Activation,
    activation_of,
    check_lengths,
    conv,
    crop,
    per_track,
    start_heads,
    start_like_keras,
)
from zooctl.training.nets.parts.network import Network, Profile


class DilatedStack(nn.Module):
    """``layers`` convolutions of width 3, dilation 2, 4, 8, …, each added to what it reads."""

    def __init__(self, filters: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            conv(filters, filters, 3, dilation=2**i) for i in range(1, layers + 1)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, filters, length)`` to the same shape."""
        for layer in self.convs:
            x = x + self.dropout(functional.relu(layer(x)))
        return x


class BPNet(Profile):
    """Rate of each bin, in GOPHER's form: profile convolution, average over bins, softplus.

    With ``pool`` above 1 the dilated layers work on positions of ``pool`` bases, which costs
    ``pool`` times less and reads ``pool`` times further; GOPHER's form is ``pool=1``.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers.
        output_length: Bases predicted, centred; all that are read if not given.
        filters: Channels of every hidden layer.
        first_kernel: Width of the first convolution, in bases.
        pool: Bases that the max-pooling after the first activation joins.
        dilated_layers: Number of dilated layers; layer i has dilation 2^i, i = 1, 2, ….
        profile_kernel: Width of the profile convolution, in positions of ``pool`` bases.
        dropout: Probability of dropping a hidden value after each activation.
        activation: Of the first layer.
        output: What a track is, see ``Network``.
        n_controls: Control tracks, added to the rate by learned factors (see
            ``ControlBackground``).

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
        first_kernel: int = 25,
        pool: int = 1,
        dilated_layers: int = 9,
        profile_kernel: int = 7,
        dropout: float = 0.0,
        activation: Activation = "relu",
        output: Output = "rate",
        n_controls: int = 0,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_lengths(
            input_length=input_length, output_length=output_length, bin_size=bin_size, pool=pool
        )
        super().__init__(
            n_tracks=n_tracks,
            n_bins=output_length // bin_size,
            output=output,
            n_controls=n_controls,
        )
        self.output_positions = output_length // pool
        self.first = nn.Sequential(conv(4, filters, first_kernel), activation_of(activation))
        self.pool = nn.MaxPool1d(pool) if pool > 1 else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.dilated = DilatedStack(filters, dilated_layers, dropout)
        self.profile = conv(filters, n_tracks, profile_kernel)
        self.bins = nn.AvgPool1d(bin_size // pool)
        start_like_keras(self)
        start_heads(self.profile, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.dilated(self.dropout(self.pool(self.first(x))))
        return cast(Tensor, self.bins(crop(self.profile(hidden), self.output_positions)))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.profile.bias)


class OriginalBPNet(Network):
    """The original BPNet: the shape of a profile and, from a head of its own, its total count.

    A track is the logarithm of rates: the profile's log-softmax over the window's bins plus the
    count head's log(1 + total). The likelihood of the shape ignores what is added to all bins,
    and the logarithm of the sum of the rates is the count head again, so that one array carries
    both heads exactly (``multinomial_nll`` reads both). ``finish`` gives expected counts.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers.
        output_length: Bases predicted, centred; all that are read if not given.
        filters: Channels of every hidden layer.
        first_kernel: Width of the first convolution, in bases.
        dilated_layers: Number of dilated layers; layer i has dilation 2^i, i = 1, 2, ….
        profile_kernel: Width of the profile convolution.

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
        filters: int = 64,
        first_kernel: int = 25,
        dilated_layers: int = 9,
        profile_kernel: int = 25,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_lengths(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=output_length // bin_size, output="log")
        self.output_length = output_length
        self.first = nn.Sequential(conv(4, filters, first_kernel), nn.ReLU())
        self.dilated = DilatedStack(filters, dilated_layers)
        self.profile = conv(filters, n_tracks, profile_kernel)
        self.bins = nn.AvgPool1d(bin_size)
        self.count = nn.Linear(filters, n_tracks)
        start_like_keras(self)
        start_heads(self.profile, n_tracks)
        start_heads(self.count, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.dilated(self.first(x))
        profile = self.bins(crop(self.profile(hidden), self.output_length))
        log_total = self.count(hidden.mean(dim=-1))
        return torch.log_softmax(profile, dim=-1) + cast(Tensor, log_total)[:, :, None]

    def output_bias(self) -> Tensor:
        return self.count.bias

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        total = per_track(mean, self.n_tracks) * self.n_bins
        with torch.no_grad():
            self.output_bias().copy_(torch.log1p(total))
