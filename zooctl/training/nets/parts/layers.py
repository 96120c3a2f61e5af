"""Small parts that several networks share: convolution, start values, activations, checks.

Arrays are channels first, ``(n, channels, length)``. The source papers are written in Keras, so
start values, padding and batch normalisation follow Keras where it differs from PyTorch.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError

Activation = Literal["relu", "exp"]


class Exp(nn.Module):
    """Exponential activation; filters after it are easier to read as motifs.

    Nothing is clamped: float32 holds exp(88), and an input that large means that training has
    diverged, which a clamp would hide.

    Source: Koo and Ploenzke 2021, doi:10.1038/s42256-020-00291-x.
    """

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


class Gelu(nn.Module):
    """Gaussian error linear unit in the approximation of Basenji, x·sigmoid(1.702·x).

    Of a one-hot it makes 0.84580 of 1 and keeps 0; of an unknown base at 0.25 it makes 0.15120.
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


def activation_of(name: Activation) -> nn.Module:
    """The activation of that name, as a module."""
    return Exp() if name == "exp" else nn.ReLU()


class EvenConv1d(nn.Conv1d):
    """Convolution of even reach that keeps the length: one zero more on the right, as Keras.

    PyTorch does the same under padding='same', but warns that it copies.
    """

    def forward(self, x: Tensor) -> Tensor:
        zeros = self.dilation[0] * (self.kernel_size[0] - 1)
        return super().forward(functional.pad(x, (zeros // 2, zeros - zeros // 2)))


def conv(
    in_channels: int, out_channels: int, kernel: int, *, dilation: int = 1, bias: bool = True
) -> nn.Conv1d:
    """Convolution that keeps the length, with zeros beyond the ends (padding 'same')."""
    zeros = dilation * (kernel - 1)
    if zeros % 2:
        return EvenConv1d(in_channels, out_channels, kernel, dilation=dilation, bias=bias)
    return nn.Conv1d(
        in_channels, out_channels, kernel, dilation=dilation, padding=zeros // 2, bias=bias
    )


Scheme = Literal["glorot_uniform", "glorot_normal", "he_normal"]


def start_weight(weight: Tensor, scheme: Scheme = "glorot_uniform") -> None:
    """Draw the start values of a convolution's or linear layer's weight as Keras does.

    Keras cuts its normal distributions off at two standard deviations and widens them to make up
    for it.
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
    """Draw the start values of heads that are computed as one layer, each for itself."""
    for part in layer.weight.detach().chunk(n_heads):
        start_weight(part)


def square_root(x: Tensor) -> Tensor:
    """Square root to the nearest float, the same on every processor.

    torch's own goes through MKL's vector library, which is off by a last digit here and there,
    elsewhere on each kind of processor. In double precision that digit is lost in rounding.

    >>> square_root(torch.tensor([4.0, 2.0])).tolist() == [2.0, 1.41421353816986083984375]
    True
    """
    return torch.sqrt(x.double()).to(x.dtype)


def inverse_softplus(y: Tensor) -> Tensor:
    """The x with softplus(x) = y, for y of at least 1e-4 (smaller ones are raised to it).

    >>> round(float(inverse_softplus(torch.tensor(0.6931472))), 6)
    0.0
    """
    y = y.clamp(min=1e-4)
    return y + torch.log(-torch.expm1(-y))


def per_track(values: float | Tensor, n_tracks: int) -> Tensor:
    """One float32 value a track, from a number for all or from ``(n_tracks,)`` values."""
    tensor = torch.as_tensor(values, dtype=torch.float32)
    return tensor.expand(n_tracks).clone()


def crop(x: Tensor, length: int) -> Tensor:
    """The centred part of the last axis that has this length."""
    start = (x.shape[-1] - length) // 2
    return x[..., start : start + length]


def check_lengths(*, input_length: int, output_length: int, bin_size: int, pool: int = 1) -> None:
    """Refuse window lengths that a network with this much pooling cannot serve.

    Args:
        input_length: Bases read.
        output_length: Bases predicted, centred in the input.
        bin_size: Bases a predicted value covers.
        pool: Bases a position of the last layer before the bins covers.

    Raises:
        InputError: Naming the field at fault.
    """
    if not 0 < output_length <= input_length:
        raise InputError(
            "output is longer than the input or empty",
            field="output_length",
            got=output_length,
            expected=f"1 to {input_length}",
        )
    if bin_size < 1 or output_length % bin_size:
        raise InputError(
            "output is not a whole number of bins",
            field="bin_size",
            got=bin_size,
            expected=f"a divisor of {output_length}",
        )
    if input_length % pool or bin_size % pool or ((input_length - output_length) // 2) % pool:
        raise InputError(
            "pooling does not divide the input, the bin and the flank",
            field="pool",
            got=pool,
            expected=f"a divisor of {math.gcd(input_length, bin_size)}",
        )
    if (input_length - output_length) % 2:
        raise InputError(
            "flanks are of different lengths",
            field="output_length",
            got=output_length,
            expected=f"{input_length} less an even number",
        )


def check_scalar(*, input_length: int, output_length: int, bin_size: int) -> None:
    """Refuse lengths of a network that gives one value a window to other than one bin.

    Raises:
        InputError: Naming the field at fault.
    """
    check_lengths(input_length=input_length, output_length=output_length, bin_size=bin_size)
    if output_length != bin_size:
        raise InputError(
            "this network predicts one value a window",
            field="bin_size",
            got=bin_size,
            expected=output_length,
        )
