"""BPNet: one wide convolution, then dilated convolutions with skips, then a profile.

Sources: Avsec et al. 2021, doi:10.1038/s41588-021-00782-6; the quantitative form is that of
GOPHER (Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.networks.profile import BPNetSizes, OriginalBPNetSizes
from zooctl.training.nets.parts.layers import (
    activation_of,
    conv,
    crop,
    filters_of,
    per_track,
    start_heads,
    start_like_keras,
)
from zooctl.training.nets.parts.network import Network, Profile
from zooctl.training.nets.parts.window import NetWindow


class DilatedStack(nn.Module):
    """``layers`` convolutions of width 3, dilation 2, 4, 8, …, each added to its input."""

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

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: BPNetSizes, window: NetWindow) -> None:
        window.check(sizes.pool)
        super().__init__(sizes, window)
        filters, pool = sizes.filters, sizes.pool
        self.output_positions = window.output_length // pool
        self.first = nn.Sequential(
            conv(4, filters_of(sizes.activation, filters), sizes.first_kernel),
            activation_of(sizes.activation, filters),
        )
        self.pool = nn.MaxPool1d(pool) if pool > 1 else nn.Identity()
        self.dropout = nn.Dropout(sizes.dropout)
        self.dilated = DilatedStack(filters, sizes.dilated_layers, sizes.dropout)
        self.profile = conv(filters, window.n_tracks, sizes.profile_kernel)
        self.bins = nn.AvgPool1d(window.bin_size // pool)
        start_like_keras(self)
        start_heads(self.profile, window.n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        hidden = self.dilated(self.dropout(self.pool(self.first(x))))
        return cast(Tensor, self.bins(crop(self.profile(hidden), self.output_positions)))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.profile.bias)


class OriginalBPNet(Network):
    """The original BPNet: the shape of a profile and, from a separate head, its total count.

    A track is the logarithm of rates: the profile's log-softmax over the window's bins plus the
    count head's log(1 + total). The likelihood of the shape ignores a constant added to all bins,
    and the logarithm of the sum of the rates is the count head again, so that one array carries
    both heads exactly (``multinomial_nll`` reads both). ``finish`` gives expected counts.

    Raises:
        InputError: The lengths do not fit each other.
    """

    def __init__(self, sizes: OriginalBPNetSizes, window: NetWindow) -> None:
        window.check()
        super().__init__(sizes, window)
        filters, n_tracks = sizes.filters, window.n_tracks
        self.output_length = window.output_length
        self.first = nn.Sequential(conv(4, filters, sizes.first_kernel), nn.ReLU())
        self.dilated = DilatedStack(filters, sizes.dilated_layers)
        self.profile = conv(filters, n_tracks, sizes.profile_kernel)
        self.bins = nn.AvgPool1d(window.bin_size)
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
