"""Composition in short words, bin by bin, and dilated convolutions over the bins about each.

Made for broad marks, which follow genes: where a ridge regression adds up the k-mers of a bin and
of its neighbourhood, this network weighs them by each other and by their places, over tens of
kilobases. It holds no value per base, so that 131,072 bases cost what 256 bins do.

Own form; its parts are those of Basenji (Kelley et al. 2018, doi:10.1101/gr.227819.117). The two
strands are read by turns in training and averaged in prediction, after Zhou, Shrikumar and Kundaje
2022 (PMLR 165:1-33).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import (
    check_lengths,
    conv,
    crop,
    square_root,
    start_like_keras,
)
from zooctl.training.nets.parts.network import Profile

# Of running means: few windows are long ones, and few steps an epoch.
MOMENTUM = 0.9


def known(x: Tensor) -> Tensor:
    """One-hot with unknown bases, whatever their value, as 0 in all channels."""
    return x * (x.amax(dim=1, keepdim=True) == 1)


def word_counts(x: Tensor, k: int, bin_size: int) -> Tensor:
    """Count the words whose middle base lies in each bin; with an unknown base they are none.

    Args:
        x: One-hot ``(n, 4, length)``.
        k: Length of the words.
        bin_size: Bases to a bin; divides the length.

    Returns:
        ``(n, 4**k, length / bin_size)``; the first base of a word is the most significant.

    >>> ag = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    >>> word_counts(ag, 2, 2)[0, :, 0].nonzero().tolist()
    [[2]]
    """
    n, _, length = x.shape
    n_bins = length // bin_size
    base = known(x)
    values = torch.arange(4, dtype=x.dtype, device=x.device)[:, None]
    digit, weight = padded((base * values).sum(dim=1), k), padded(base.sum(dim=1), k)
    word, counted = digit[:, :length], weight[:, :length]
    for offset in range(1, k):
        word = 4 * word + digit[:, offset : offset + length]
        counted = counted * weight[:, offset : offset + length]
    word = word.reshape(n * n_bins, bin_size)
    # One axis, on which adding is deterministic on every device; counts are exact besides.
    first = torch.arange(n * n_bins, device=x.device)[:, None] * 4**k
    place = (word.to(torch.int64) + first).flatten()
    counts = x.new_zeros(n * n_bins * 4**k).scatter_add(0, place, counted.flatten())
    return counts.reshape(n, n_bins, 4**k).transpose(1, 2)


def smooth_word_counts(x: Tensor, k: int, bin_size: int) -> Tensor:
    """Count the same words so that gradients reach the bases; ten times slower.

    A word is the product of its bases. Its two parts are multiplied and added up over a bin in one
    product of matrices.
    """
    n, _, length = x.shape
    shape = (n, -1, length // bin_size, bin_size)
    base, half = padded(known(x), k), (k + 1) // 2
    front = products(base[..., : length + half - 1], half).reshape(shape)
    back = products(base[..., half:], k - half).reshape(shape)
    counts = torch.matmul(front.transpose(1, 2), back.permute(0, 2, 3, 1))
    return counts.flatten(2).transpose(1, 2)


def padded(x: Tensor, k: int) -> Tensor:
    """Unknown bases beyond the ends, so that each base is the middle of a word of ``k``."""
    return functional.pad(x, (k // 2, k - 1 - k // 2))


def products(x: Tensor, k: int) -> Tensor:
    """Words that begin at each position, ``(n, 4**k, length - k + 1)``, from one-hot bases."""
    length = x.shape[-1] - k + 1
    found = x[..., :length]
    for offset in range(1, k):
        found = (found[:, :, None] * x[:, None, :, offset : offset + length]).flatten(1, 2)
    return found


def other_strand(k: int) -> list[int]:
    """The word that each word is on the other strand.

    >>> other_strand(1)
    [3, 2, 1, 0]
    >>> other_strand(2)[1], "AC is GT"
    (11, 'AC is GT')
    """
    found = []
    for word in range(4**k):
        digits = [word // 4**place % 4 for place in range(k)]
        found.append(sum((3 - digit) * 4 ** (k - 1 - place) for place, digit in enumerate(digits)))
    return found


class ChannelNorm(nn.LayerNorm):
    """Normalises the channels of each bin by themselves, whatever else a batch holds.

    Statistics of a batch would be those of few places, and genes are as rich in G and C as deserts
    are poor: what was learned with one batch failed on the next.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, n_bins)`` to the same shape."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class DilatedResidual(nn.Module):
    """A dilated convolution and one of width 1, added to what they read."""

    def __init__(self, channels: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ChannelNorm(channels),
            conv(channels, channels, kernel, dilation=dilation),
            nn.ReLU(),
            nn.Dropout(dropout),
            conv(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, n_bins)`` to the same shape."""
        return x + cast(Tensor, self.layers(x))


class KmerContext(Profile):
    """Tracks from the k-mers of a bin and of the bins about it.

    Counts are made of even spread by a square root (Anscombe 1948), brought down to a few
    channels, and passed through dilated residual layers. Prediction averages the two strands, so
    that it is the same, turned round, for the reverse complement.

    Args:
        input_length: Bases read.
        n_tracks: Tracks predicted.
        bin_size: Bases a value covers, and that k-mers are counted over.
        output_length: Bases predicted, centred; all that are read if not given.
        k: Length of the words.
        embedding: Channels that the counts are brought down to.
        filters: Channels of the dilated layers.
        kernel: Width of a dilated convolution, in bins.
        dilated_layers: Number of these; layer i has dilation 2^i, i = 0, 1, ….
        dropout: In the dilated layers.
        channel_dropout: Of whole channels of the embedding.
        output: What a track is, see ``Network``.

    Raises:
        InputError: The lengths do not fit each other.
    """

    turned: Tensor

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        k: int = 5,
        embedding: int = 32,
        filters: int = 64,
        kernel: int = 5,
        dilated_layers: int = 7,
        dropout: float = 0.3,
        channel_dropout: float = 0.1,
        output: Output = "rate",
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_lengths(
            input_length=input_length,
            output_length=output_length,
            bin_size=bin_size,
            pool=bin_size,
        )
        super().__init__(n_tracks=n_tracks, n_bins=output_length // bin_size, output=output)
        self.k, self.bin_size = k, bin_size
        self.register_buffer("turned", torch.tensor(other_strand(k)), persistent=False)
        self.embed = nn.Sequential(
            conv(4**k, embedding, 1, bias=False), norm(embedding, MOMENTUM), nn.ReLU()
        )
        self.context = nn.Sequential(
            nn.Dropout1d(channel_dropout),
            conv(embedding, filters, 1),
            *(DilatedResidual(filters, kernel, 2**i, dropout) for i in range(dilated_layers)),
            ChannelNorm(filters),
            nn.ReLU(),
        )
        self.dense = conv(filters, n_tracks, 1)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        count = smooth_word_counts if x.requires_grad else word_counts
        counts = count(x, self.k, self.bin_size)
        # What is unknown is shared out: gaps of the assembly look like no bin in particular.
        unknown = self.bin_size - counts.sum(dim=1, keepdim=True)
        counts = square_root(counts + unknown / 4**self.k + 0.375)
        tracks = self.from_counts(counts)
        if not self.training:
            turned = self.from_counts(counts[:, self.turned].flip(2)).flip(2)
            tracks = (tracks + turned) / 2
        return crop(tracks, self.n_bins)

    def from_counts(self, counts: Tensor) -> Tensor:
        """Tracks of all bins ``(n, n_tracks, input bins)`` from roots of counts, one strand."""
        return cast(Tensor, self.dense(self.context(self.embed(counts))))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.dense.bias)
