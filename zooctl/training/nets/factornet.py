"""FactorNet: a siamese network of both strands, with tracks beside the bases and metadata.

Source: Quang and Xie 2019, doi:10.1016/j.ymeth.2019.03.020, and the released code.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.schema.recipe.networks.window import FactorNetSizes
from zooctl.training.nets.parts.blocks import BiLstm, Scalar
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


def mean_probability(first: Tensor, second: Tensor) -> Tensor:
    """Return the logit of the mean of two probabilities given as logits, computed in logarithms.

    >>> mean = mean_probability(torch.logit(torch.tensor(0.2)), torch.logit(torch.tensor(0.6)))
    >>> round(float(torch.sigmoid(mean)), 6)
    0.4
    """
    bound = torch.logaddexp(functional.logsigmoid(first), functional.logsigmoid(second))
    unbound = torch.logaddexp(functional.logsigmoid(-first), functional.logsigmoid(-second))
    return bound - unbound


class FactorNet(Classifier):
    """Logit of the mean probability of both strands, read by one network.

    The second input are signals per base (accessibility, mappability); the third is metadata of
    the cell type or the region, such as gene expression. The released code also drops recurrent
    connections (0.1), which torch does not offer; its dropout on the LSTM's input is kept.

    Raises:
        InputError: The output is not one bin, the window is too short, or ``reverse_order`` names
            no order of the signals.
    """

    takes_controls = True

    def __init__(self, sizes: FactorNetSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        filters, kernel, hidden = sizes.filters, sizes.kernel, sizes.hidden
        signals = list(range(self.n_controls))
        self.n_features = sizes.n_features
        self.reverse_order = signals if sizes.reverse_order is None else list(sizes.reverse_order)
        if sorted(self.reverse_order) != signals:
            raise InputError(
                "each signal has one place on the reverse strand",
                field="reverse_order",
                got=self.reverse_order,
            )
        positions = window.positions_after((kernel, kernel // 2))
        self.motifs = nn.Sequential(
            nn.Conv1d(4 + self.n_controls, filters, kernel),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv1d(filters, filters, 1),
            nn.ReLU(),
            nn.MaxPool1d(kernel // 2),
            # One mask for all positions, as Keras drops the inputs of a recurrence.
            nn.Dropout1d(0.1),
        )
        self.recurrent = BiLstm(filters, sizes.units)
        self.hidden = nn.Sequential(
            nn.Dropout(sizes.dropout),
            nn.Flatten(),
            nn.Linear(positions * 2 * sizes.units, hidden),
            nn.ReLU(),
        )
        self.merge = nn.Sequential(
            *(
                [nn.Dropout(0.1), nn.Linear(hidden + self.n_features, hidden), nn.ReLU()]
                * bool(self.n_features)
            ),
            nn.Dropout(sizes.dropout),
        )
        self.last = Scalar(hidden, window.n_tracks)
        start_like_keras(self)

    def one_strand(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Return logits of bases and signals, ``(n, 4 + n_controls, length)``."""
        hidden = self.hidden(self.recurrent(self.motifs(x)))
        if features is not None:
            hidden = torch.cat([hidden, features], dim=1)
        return cast(Tensor, self.last(self.merge(hidden)))

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Return logits ``(n, n_tracks, 1)``.

        Args:
            x: One-hot ``(n, 4, input_length)``.
            control: Signals ``(n, n_controls, input_length)``, if there are any.
            features: Metadata ``(n, n_features)``, if there is any.
        """
        if self.n_features and features is None:
            raise InputError("network needs its metadata", field="features")
        reverse = torch.flip(x, (1, 2))
        if self.n_controls:
            signals = self.needed(control)
            x = torch.cat([x, signals], dim=1)
            flipped = torch.flip(signals[:, self.reverse_order], (2,))
            reverse = torch.cat([reverse, flipped], dim=1)
        return mean_probability(self.one_strand(x, features), self.one_strand(reverse, features))
