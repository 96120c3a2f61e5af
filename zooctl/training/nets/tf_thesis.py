"""Networks of ten Dijke's thesis on the ENCODE-DREAM challenge of transcription factor binding.

Source: the released code (github.com/orchardpark/Encode-Transcription-Factor-Challenge). Windows
of 1,000 bases around bins of 200; accessibility is a fold change per base, and gene expression is
that of the 32 factors. All are logits or class logits of the window; the code's sigmoid and
softmax are ``finish`` here.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import dense_norm, norm
from zooctl.training.nets.parts.layers import check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network


class Thesis(Network):
    """What the thesis's networks share: signals per base and expression beside the sequence.

    Signals go through log(1 + x) and max-pooling; a subclass gives ``sequence``, ``expression``,
    ``merged`` and ``last``.
    """

    sequence: nn.Module
    expression: nn.Module
    merged: nn.Module
    last: nn.Sequential

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None,
        n_controls: int,
        n_features: int,
        signal_pool: int,
        output: Output = "logit",
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(
            n_tracks=n_tracks,
            n_bins=1,
            output=output,
            n_controls=n_controls,
            control_length=input_length,
        )
        self.n_features = n_features
        self.signal_pool = nn.MaxPool1d(signal_pool)
        self.signal_values = n_controls * (input_length // signal_pool)

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Logits ``(n, n_tracks, 1)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            control: Signals ``(n, n_controls, input_length)``, at least 0, if there are any.
            features: Expression ``(n, n_features)``, if there is any.
        """
        parts = [self.sequence(x)]
        if self.n_controls:
            signals = torch.log1p(self.needed(control).clamp(min=0))
            parts.append(torch.flatten(self.signal_pool(signals), 1))
        if self.n_features:
            if features is None:
                raise InputError("network needs the expression of genes", field="features")
            parts.append(self.expression(features))
        merged = self.merged(torch.cat(parts, dim=1))
        return cast(Tensor, self.last(merged))[:, :, None]


def positions_left(length: int, kernel: int, pool: int) -> int:
    """Positions after a valid convolution and a pooling.

    Raises:
        InputError: None is left.
    """
    positions = (length - kernel + 1) // pool
    if positions < 1:
        raise InputError("window is too short for the network", field="input_length", got=length)
    return positions


class ThesisShallow(Thesis):
    """The submitted network: sequence; with accessibility; with gene expression.

    Which of the three it is follows from its inputs.

    Args:
        input_length: Bases read; 1,000 in the thesis.
        n_tracks: Tracks predicted; one factor in the thesis.
        bin_size: Bases the value is of: the output; 200 in the thesis.
        output_length: Bases that are labelled, centred; all that are read if not given.
        n_controls: Signals per base; 1, DNase, in the thesis.
        n_features: Genes whose expression is read; 32 in the thesis.
        filters: Channels of the convolution.
        kernel: Its width.
        pool: Positions joined after it.
        hidden: Units that summarise the sequence, and units that summarise expression.
        signal_pool: Bases of a signal joined.
        merged: Units of the layer over all inputs; there is none for sequence alone.
        dropout: Throughout.

    Raises:
        InputError: The output is not one bin, or the window too short.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        n_controls: int = 0,
        n_features: int = 0,
        filters: int = 32,
        kernel: int = 20,
        pool: int = 35,
        hidden: int = 100,
        signal_pool: int = 20,
        merged: int = 1000,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(
            input_length=input_length,
            n_tracks=n_tracks,
            bin_size=bin_size,
            output_length=output_length,
            n_controls=n_controls,
            n_features=n_features,
            signal_pool=signal_pool,
        )
        self.sequence = nn.Sequential(
            nn.Conv1d(4, filters, kernel),
            nn.MaxPool1d(pool),
            norm(filters),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(dropout),
            dense_norm(filters * positions_left(input_length, kernel, pool), hidden, dropout),
        )
        self.expression = (
            nn.Sequential(nn.Linear(n_features, hidden), nn.ReLU(), nn.Dropout(dropout))
            if n_features
            else nn.Identity()
        )
        if n_controls or n_features:
            values = hidden + self.signal_values + (hidden if n_features else 0)
            self.merged = dense_norm(values, merged, dropout)
        else:
            self.merged, merged = nn.Identity(), hidden
        self.last = nn.Sequential(nn.Linear(merged, n_tracks), norm(n_tracks))
        start_like_keras(self)

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.last[1].bias)


class ThesisDeep(Thesis):
    """Three narrow pooled convolutions instead of one wide one, then accessibility.

    Args:
        input_length: Bases read; 1,000 in the thesis.
        n_tracks: Tracks predicted.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        n_controls: Signals per base; 1 in the thesis.
        filters: Channels of the convolutions.
        kernel: Their width.
        pool: Positions joined after each.
        hidden: Units that summarise the sequence.
        signal_pool: Bases of a signal joined.
        merged: Units of the layer over all inputs.
        dropout: After that layer.

    Raises:
        InputError: The output is not one bin, or the window too short.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        n_controls: int = 0,
        filters: tuple[int, ...] = (16, 32, 64),
        kernel: int = 4,
        pool: int = 4,
        hidden: int = 1000,
        signal_pool: int = 20,
        merged: int = 1000,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(
            input_length=input_length,
            n_tracks=n_tracks,
            bin_size=bin_size,
            output_length=output_length,
            n_controls=n_controls,
            n_features=0,
            signal_pool=signal_pool,
        )
        parts: list[nn.Module] = []
        channels, positions = 4, input_length
        for width in filters:
            parts += [nn.Conv1d(channels, width, kernel), norm(width), nn.ReLU()]
            parts.append(nn.MaxPool1d(pool))
            channels, positions = width, positions_left(positions, kernel, pool)
        self.sequence = nn.Sequential(
            *parts, nn.Flatten(), dense_norm(channels * positions, hidden)
        )
        self.expression = nn.Identity()
        self.merged = dense_norm(hidden + self.signal_values, merged, dropout)
        self.last = nn.Sequential(nn.Linear(merged, n_tracks), norm(n_tracks))
        start_like_keras(self)

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.last[1].bias)
