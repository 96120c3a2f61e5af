"""Networks of ten Dijke's thesis on the ENCODE-DREAM challenge of transcription factor binding.

Source: the released code (github.com/orchardpark/Encode-Transcription-Factor-Challenge). Windows
of 1,000 bases around bins of 200; accessibility is a fold change per base, and gene expression is
that of the 32 factors. All predict logits or class logits of the window; the code's sigmoid and
softmax are ``finish`` here.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.classes import ThesisClassesSizes
from zooctl.schema.recipe.networks.window import (
    ThesisDeepSizes,
    ThesisMultiTaskSizes,
    ThesisShallowSizes,
)
from zooctl.training.nets.parts.blocks import dense_norm, norm
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Network
from zooctl.training.nets.parts.window import NetWindow

ThesisSizes = ThesisShallowSizes | ThesisDeepSizes | ThesisMultiTaskSizes | ThesisClassesSizes


class Thesis(Network):
    """Sequence, signals per base and expression, merged into logits of the window.

    Signals go through log(1 + x) and max-pooling; a subclass gives ``sequence``, ``expression``,
    ``merged`` and ``last``.
    """

    takes_controls = True

    sequence: nn.Module
    expression: nn.Module
    merged: nn.Module
    last: nn.Sequential

    def __init__(self, sizes: ThesisSizes, window: NetWindow) -> None:
        window.check_one_bin()
        super().__init__(sizes, window, control_length=window.input_length)
        self.signal_pool = nn.MaxPool1d(sizes.signal_pool)
        self.signal_values = self.n_controls * (window.input_length // sizes.signal_pool)

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Return logits ``(n, n_tracks, 1)``.

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


class ThesisShallow(Thesis):
    """The submitted network: sequence; with accessibility; with gene expression.

    Its inputs decide which of the three it is; sequence alone has no merging layer.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: ThesisShallowSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        hidden, n_features = sizes.hidden, sizes.n_features
        positions = window.positions_after((sizes.kernel, sizes.pool))
        self.n_features = n_features
        self.sequence = nn.Sequential(
            nn.Conv1d(4, sizes.filters, sizes.kernel),
            nn.MaxPool1d(sizes.pool),
            norm(sizes.filters),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(sizes.dropout),
            dense_norm(sizes.filters * positions, hidden, sizes.dropout),
        )
        self.expression = (
            nn.Sequential(nn.Linear(n_features, hidden), nn.ReLU(), nn.Dropout(sizes.dropout))
            if n_features
            else nn.Identity()
        )
        if self.n_controls or n_features:
            values, merged = hidden + self.signal_values + bool(n_features) * hidden, sizes.merged
            self.merged = dense_norm(values, merged, sizes.dropout)
        else:
            self.merged, merged = nn.Identity(), hidden
        self.last = nn.Sequential(nn.Linear(merged, window.n_tracks), norm(window.n_tracks))
        start_like_keras(self)

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.last[1].bias)


class ThesisDeep(Thesis):
    """Three narrow pooled convolutions instead of one wide one, then accessibility.

    Raises:
        InputError: The output is not one bin, or the window is too short.
    """

    def __init__(self, sizes: ThesisDeepSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        positions = window.positions_after(*[(sizes.kernel, sizes.pool)] * len(sizes.filters))
        parts: list[nn.Module] = []
        channels = 4
        for filters in sizes.filters:
            parts += [nn.Conv1d(channels, filters, sizes.kernel), norm(filters), nn.ReLU()]
            parts.append(nn.MaxPool1d(sizes.pool))
            channels = filters
        self.sequence = nn.Sequential(
            *parts, nn.Flatten(), dense_norm(channels * positions, sizes.hidden)
        )
        self.expression = nn.Identity()
        self.merged = dense_norm(sizes.hidden + self.signal_values, sizes.merged, sizes.dropout)
        self.last = nn.Sequential(nn.Linear(sizes.merged, window.n_tracks), norm(window.n_tracks))
        start_like_keras(self)

    def output_bias(self) -> Tensor:
        return cast(Tensor, self.last[1].bias)
