"""K-mer counts of a bin through dense layers; without hidden ones, logistic regression."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.schema.recipe.networks.profile import KmerDenseSizes
from zooctl.training.nets.kmer_context import (
    MOMENTUM,
    kmer_counts,
    reverse_complements,
    smooth_kmer_counts,
)
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import (
    activation_of,
    conv,
    crop,
    filters_of,
    start_like_keras,
)
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow


class KmerDense(Profile):
    """Tracks of each bin from its k-mers alone, the same for both strands.

    A k-mer counts together with its reverse complement; counts are brought to zero mean and unit
    variance by normalisation.

    Raises:
        InputError: The lengths do not fit each other.
    """

    takes_controls = False

    first: Tensor
    second: Tensor
    other: Tensor

    def __init__(self, sizes: KmerDenseSizes, window: NetWindow) -> None:
        window.check(pool=window.bin_size)
        super().__init__(sizes, window)
        self.k, self.bin_size = sizes.k, window.bin_size
        reverse = reverse_complements(sizes.k)
        canonical = [kmer for kmer, turned in enumerate(reverse) if kmer <= turned]
        turned = [reverse[kmer] for kmer in canonical]
        self.register_buffer("first", torch.tensor(canonical), persistent=False)
        self.register_buffer("second", torch.tensor(turned), persistent=False)
        # A k-mer that is its own reverse complement counts once.
        other = (self.first != self.second).float()[None, :, None]
        self.register_buffer("other", other, persistent=False)
        channels = len(canonical)
        layers: list[nn.Module] = [norm(channels, MOMENTUM)]
        for units in sizes.hidden:
            layers += [
                conv(channels, filters_of(sizes.activation, units), 1),
                activation_of(sizes.activation, units),
                nn.Dropout(sizes.dropout),
            ]
            channels = units
        self.hidden = nn.Sequential(*layers)
        self.dense = conv(channels, window.n_tracks, 1)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        count = smooth_kmer_counts if x.requires_grad else kmer_counts
        counts = count(x, self.k, self.bin_size)
        both = counts[:, self.first] + counts[:, self.second] * self.other
        return crop(cast(Tensor, self.dense(self.hidden(both))), self.n_bins)

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.dense.bias)
