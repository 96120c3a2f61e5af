"""K-mer counts of each bin, and dilated convolutions over the bins around it.

Made for broad marks, which follow genes: a ridge regression adds up the k-mers of a bin and of its
neighbourhood, this network weighs them by each other and by their places, over tens of kilobases.
It holds no value per base, so that 131,072 bases cost as much as 256 bins.

The form is this program's; its parts are those of Basenji (Kelley et al. 2018,
doi:10.1101/gr.227819.117). Training reads either strand, prediction averages both, after Zhou,
Shrikumar and Kundaje 2022 (PMLR 165:1-33).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.networks.profile import KmerContextSizes
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import (
    conv,
    crop,
    square_root,
    start_like_keras,
)
from zooctl.training.nets.parts.network import Profile
from zooctl.training.nets.parts.window import NetWindow

# Of running means: long windows are few, and so are the steps of an epoch.
MOMENTUM = 0.9


def known(x: Tensor) -> Tensor:
    """Return a one-hot with 0 in all channels of unknown bases, whatever their value."""
    return x * (x.amax(dim=1, keepdim=True) == 1)


def kmer_counts(x: Tensor, k: int, bin_size: int) -> Tensor:
    """Count the k-mers whose middle base lies in each bin; those with an unknown base don't count.

    Args:
        x: One-hot ``(n, 4, length)``.
        k: Length of the k-mers.
        bin_size: Bases to a bin; divides the length.

    Returns:
        ``(n, 4**k, length / bin_size)``; the first base of a k-mer is the most significant.

    >>> ag = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    >>> kmer_counts(ag, 2, 2)[0, :, 0].nonzero().tolist()
    [[2]]
    """
    n, _, length = x.shape
    n_bins = length // bin_size
    base = known(x)
    values = torch.arange(4, dtype=x.dtype, device=x.device)[:, None]
    digit, weight = padded((base * values).sum(dim=1), k), padded(base.sum(dim=1), k)
    kmer, counted = digit[:, :length], weight[:, :length]
    for offset in range(1, k):
        kmer = 4 * kmer + digit[:, offset : offset + length]
        counted = counted * weight[:, offset : offset + length]
    kmer = kmer.reshape(n * n_bins, bin_size)
    # Adding along one axis is deterministic on every device, and counts are exact.
    first = torch.arange(n * n_bins, device=x.device)[:, None] * 4**k
    place = (kmer.to(torch.int64) + first).flatten()
    counts = x.new_zeros(n * n_bins * 4**k).scatter_add(0, place, counted.flatten())
    return counts.reshape(n, n_bins, 4**k).transpose(1, 2)


def smooth_kmer_counts(x: Tensor, k: int, bin_size: int) -> Tensor:
    """Count the same k-mers so that gradients reach the bases; ten times slower.

    A k-mer is the product of its bases. Its two halves are multiplied and summed over a bin in one
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
    """Pad with unknown bases, so that each base is the middle of a k-mer."""
    return functional.pad(x, (k // 2, k - 1 - k // 2))


def products(x: Tensor, k: int) -> Tensor:
    """Return the k-mers at each position, ``(n, 4**k, length - k + 1)``, from one-hot bases."""
    length = x.shape[-1] - k + 1
    kmers = x[..., :length]
    for offset in range(1, k):
        kmers = (kmers[:, :, None] * x[:, None, :, offset : offset + length]).flatten(1, 2)
    return kmers


def reverse_complements(k: int) -> list[int]:
    """Return the number of each k-mer's reverse complement.

    >>> reverse_complements(1)
    [3, 2, 1, 0]
    >>> reverse_complements(2)[1], "AC is GT"
    (11, 'AC is GT')
    """
    numbers = []
    for kmer in range(4**k):
        digits = [kmer // 4**place % 4 for place in range(k)]
        numbers.append(
            sum((3 - digit) * 4 ** (k - 1 - place) for place, digit in enumerate(digits))
        )
    return numbers


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of the channels of each bin, independent of the rest of a batch.

    A batch holds few places, and genes are as rich in G and C as deserts are poor: with statistics
    of a batch, training on one failed on the next.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, n_bins)`` to the same shape."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class DilatedResidual(nn.Module):
    """A dilated convolution and one of width 1, added to their input."""

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
    """Tracks from the k-mers of a bin and of the bins around it.

    Square roots stabilise the variance of the counts (Anscombe 1948); they are projected to a few
    channels and passed through dilated residual layers. Prediction averages the two strands, so
    that it is the same, in reverse order, for the reverse complement.

    Raises:
        InputError: The lengths do not fit each other.
    """

    takes_controls = False

    reverse_order: Tensor

    def __init__(self, sizes: KmerContextSizes, window: NetWindow) -> None:
        window.check(pool=window.bin_size)
        super().__init__(sizes, window)
        k, embedding, filters = sizes.k, sizes.embedding, sizes.filters
        self.k, self.bin_size = k, window.bin_size
        order = torch.tensor(reverse_complements(k))
        self.register_buffer("reverse_order", order, persistent=False)
        self.embed = nn.Sequential(
            conv(4**k, embedding, 1, bias=False), norm(embedding, MOMENTUM), nn.ReLU()
        )
        self.context = nn.Sequential(
            nn.Dropout1d(sizes.channel_dropout),
            conv(embedding, filters, 1),
            *(
                DilatedResidual(filters, sizes.kernel, 2**i, sizes.dropout)
                for i in range(sizes.dilated_layers)
            ),
            ChannelNorm(filters),
            nn.ReLU(),
        )
        self.dense = conv(filters, window.n_tracks, 1)
        start_like_keras(self)

    def raw(self, x: Tensor) -> Tensor:
        count = smooth_kmer_counts if x.requires_grad else kmer_counts
        counts = count(x, self.k, self.bin_size)
        # Unknown k-mers count as all in equal parts, so a gap looks like no bin in particular.
        unknown = self.bin_size - counts.sum(dim=1, keepdim=True)
        counts = square_root(counts + unknown / 4**self.k + 0.375)
        tracks = self.from_counts(counts)
        if not self.training:
            reverse = self.from_counts(counts[:, self.reverse_order].flip(2)).flip(2)
            tracks = (tracks + reverse) / 2
        return crop(tracks, self.n_bins)

    def from_counts(self, counts: Tensor) -> Tensor:
        """Return tracks ``(n, n_tracks, input bins)`` from square roots of one strand's counts."""
        return cast(Tensor, self.dense(self.context(self.embed(counts))))

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.dense.bias)
