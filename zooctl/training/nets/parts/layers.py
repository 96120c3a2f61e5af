"""Small parts that several networks share: convolution, start values, activations.

Arrays are channels first, ``(n, channels, length)``. The source papers are written in Keras, so
start values, padding and batch normalisation follow Keras where it differs from PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.networks.sizes import Activation


class Exp(nn.Module):
    """Exponential activation; filters after it are easier to read as motifs.

    There is no clamp: float32 holds exp(88), and a larger input means that training has diverged,
    which a clamp would hide.

    Source: Koo and Ploenzke 2021, doi:10.1038/s42256-020-00291-x.
    """

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


class Gelu(nn.Module):
    """Gaussian error linear unit in the approximation of Basenji, x·sigmoid(1.702·x).

    On a one-hot, 1 becomes 0.84580 and 0 stays; an unknown base at 0.25 becomes 0.15120.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Maxout(nn.Module):
    """The larger of two filters: the first half of the channels against the second.

    Source: Goodfellow et al. 2013 (PMLR 28:1319-1327).
    """

    def forward(self, x: Tensor) -> Tensor:
        """``(n, 2·channels, length)`` to ``(n, channels, length)``."""
        first, second = x.chunk(2, dim=1)
        return torch.maximum(first, second)


def activation_of(name: Activation, channels: int) -> nn.Module:
    """Return the activation of that name, as a module.

    Args:
        name: As in a recipe.
        channels: That it gives; a slope is trained for each by ``prelu``.
    """
    made: dict[str, Callable[[], nn.Module]] = {
        "relu": nn.ReLU,
        "exp": Exp,
        "elu": nn.ELU,
        "tanh": nn.Tanh,
        "prelu": lambda: nn.PReLU(channels),
        "maxout": Maxout,
    }
    return made[name]()


def filters_of(name: Activation, channels: int) -> int:
    """Return the filters that a layer needs, for its activation to give these channels."""
    return 2 * channels if name == "maxout" else channels


class EvenConv1d(nn.Conv1d):
    """Convolution of even width that keeps the length: one zero more on the right, as in Keras.

    PyTorch does the same under padding='same', but warns that it copies.
    """

    def forward(self, x: Tensor) -> Tensor:
        zeros = self.dilation[0] * (self.kernel_size[0] - 1)
        return super().forward(functional.pad(x, (zeros // 2, zeros - zeros // 2)))


def conv(
    in_channels: int, out_channels: int, kernel: int, *, dilation: int = 1, bias: bool = True
) -> nn.Conv1d:
    """Return a convolution that keeps the length, with zeros beyond the ends (padding 'same')."""
    zeros = dilation * (kernel - 1)
    if zeros % 2:
        return EvenConv1d(in_channels, out_channels, kernel, dilation=dilation, bias=bias)
    return nn.Conv1d(
        in_channels, out_channels, kernel, dilation=dilation, padding=zeros // 2, bias=bias
    )


Scheme = Literal["glorot_uniform", "glorot_normal", "he_normal"]


def start_weight(weight: Tensor, scheme: Scheme = "glorot_uniform") -> None:
    """Draw the start values of a convolution's or linear layer's weight as Keras does.

    Keras truncates its normal distributions at two standard deviations and widens them to
    compensate.
    """
    if scheme == "glorot_uniform":
        nn.init.xavier_uniform_(weight)
        return
    field = math.prod(weight.shape[2:])
    fan_in, fan_out = weight.shape[1] * field, weight.shape[0] * field
    fan = fan_in if scheme == "he_normal" else (fan_in + fan_out) / 2
    deviation = math.sqrt((2 if scheme == "he_normal" else 1) / fan) / 0.87962566103423978
    nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)


def start_like_keras(net: nn.Module, scheme: Scheme = "glorot_uniform") -> None:
    """Draw the start values of all convolutions and linear layers; biases begin at zero."""
    for module in net.modules():
        if isinstance(module, nn.Conv1d | nn.Linear):
            start_weight(module.weight, scheme)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def start_heads(layer: nn.Conv1d | nn.Linear, n_heads: int) -> None:
    """Draw the start values of heads that are computed as one layer, each head separately."""
    for part in layer.weight.detach().chunk(n_heads):
        start_weight(part)


def square_root(x: Tensor) -> Tensor:
    """Square root to the nearest float, the same on every processor.

    torch's own goes through MKL's vector library, whose last digit differs between processors. In
    double precision that digit is lost in rounding.

    >>> square_root(torch.tensor([4.0, 2.0])).tolist() == [2.0, 1.41421353816986083984375]
    True
    """
    return torch.sqrt(x.double()).to(x.dtype)


def inverse_softplus(y: Tensor) -> Tensor:
    """Return the x with softplus(x) = y; a y below 1e-4 counts as 1e-4.

    >>> round(float(inverse_softplus(torch.tensor(0.6931472))), 6)
    0.0
    """
    y = y.clamp(min=1e-4)
    return y + torch.log(-torch.expm1(-y))


def per_track(values: float | Tensor, n_tracks: int) -> Tensor:
    """Return a float32 value a track, from a number for all or from ``(n_tracks,)`` values."""
    tensor = torch.as_tensor(values, dtype=torch.float32)
    return tensor.expand(n_tracks).clone()


def crop(x: Tensor, length: int) -> Tensor:
    """Return the centred part of this length of the last axis."""
    start = (x.shape[-1] - length) // 2
    return x[..., start : start + length]
