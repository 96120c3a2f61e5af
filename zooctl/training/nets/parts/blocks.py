"""Larger parts that several networks share: convolution stages, residual blocks, recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.networks.sizes import Activation, StageSizes
from zooctl.training.nets.parts.layers import activation_of, conv, filters_of

# Keras' default; PyTorch counts the other way round.
NORM_MOMENTUM = 0.99


def norm(channels: int, momentum: float = NORM_MOMENTUM) -> nn.BatchNorm1d:
    """Return batch normalisation with Keras' epsilon and Keras' meaning of momentum.

    >>> norm(4, momentum=0.9).momentum
    0.1
    """
    return nn.BatchNorm1d(channels, eps=1e-3, momentum=round(1 - momentum, 12))


def conv_norm(
    in_channels: int,
    out_channels: int,
    kernel: int,
    *,
    activation: Activation = "relu",
    dropout: float = 0.0,
) -> nn.Sequential:
    """Return a convolution, normalisation, activation and dropout."""
    return nn.Sequential(
        conv(in_channels, filters_of(activation, out_channels), kernel),
        norm(filters_of(activation, out_channels)),
        activation_of(activation, out_channels),
        nn.Dropout(dropout),
    )


def dense_norm(in_features: int, out_features: int, dropout: float = 0.0) -> nn.Sequential:
    """Return a fully connected layer, normalisation, ReLU and dropout."""
    return nn.Sequential(
        nn.Linear(in_features, out_features), norm(out_features), nn.ReLU(), nn.Dropout(dropout)
    )


class ResidualBlock(nn.Module):
    """Convolutions of width 3 and dilation 1, 2, 4, …, added to their input, then ReLU."""

    def __init__(self, channels: int, n_layers: int, dropout: float = 0.1) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for i in range(n_layers):
            parts += [nn.ReLU(), nn.Dropout(dropout)] if i else []
            parts += [conv(channels, channels, 3, dilation=2**i), norm(channels)]
        self.layers = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, length)`` to the same shape."""
        return functional.relu(x + self.layers(x))


def trunk(stages: Sequence[StageSizes], activation: Activation) -> nn.Sequential:
    """Return the stages in a row, from ``(n, 4, length)``; the activation is the first stage's."""
    channels, built = 4, []
    for number, stage in enumerate(stages):
        parts = [
            conv_norm(
                channels, stage.filters, stage.kernel, activation="relu" if number else activation
            )
        ]
        if stage.residual_layers:
            parts.append(nn.Sequential(ResidualBlock(stage.filters, stage.residual_layers)))
        built.append(nn.Sequential(*parts, nn.MaxPool1d(stage.pool), nn.Dropout(stage.dropout)))
        channels = stage.filters
    return nn.Sequential(*built)


def flat_features(input_length: int, stages: Sequence[StageSizes]) -> int:
    """Return the number of a trunk's values for a window; positions that fill no pool are lost.

    >>> flat_features(2048, [StageSizes(filters=512, kernel=19, pool=128)])
    8192
    """
    positions = input_length
    for stage in stages:
        positions //= stage.pool
    return positions * stages[-1].filters


class BiLstm(nn.Module):
    """LSTM along the sequence in both directions, with one bias a gate as in Keras.

    PyTorch adds two biases; the second is fixed at zero here. The forget gate's bias begins at 1.
    Keras 1 approximated the sigmoid of the gates piecewise, which is not imitated.
    """

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, units, batch_first=True, bidirectional=True)
        for name, value in self.lstm.named_parameters():
            if name.startswith("weight_ih"):
                for gate in value.detach().chunk(4):
                    nn.init.xavier_uniform_(gate)
            elif name.startswith("weight_hh"):
                for gate in value.detach().chunk(4):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.zeros_(value)
            if name.startswith("bias_ih"):
                nn.init.ones_(value.detach()[units : 2 * units])
            if name.startswith("bias_hh"):
                value.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, length)`` to ``(n, 2·units, length)``."""
        return cast(Tensor, self.lstm(x.transpose(1, 2))[0].transpose(1, 2))


class Scalar(nn.Module):
    """One value a track for the window, as a track of one bin: a linear layer."""

    def __init__(self, features: int, n_tracks: int) -> None:
        super().__init__()
        self.linear = nn.Linear(features, n_tracks)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, features)`` to ``(n, n_tracks, 1)``."""
        return torch.unsqueeze(self.linear(x), -1)
