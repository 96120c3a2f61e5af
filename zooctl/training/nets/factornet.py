"""FactorNet: a siamese network of both strands, with tracks beside the bases and metadata.

Source: Quang and Xie 2019, doi:10.1016/j.ymeth.2019.03.020, and the released code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.errors import InputError
from zooctl.training.nets.parts.blocks import BiLstm, Scalar
from zooctl.training.nets.parts.layers import check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network


def mean_probability(first: Tensor, second: Tensor) -> Tensor:
    """Logit of the mean of two probabilities given as logits, without leaving logarithms.

    >>> found = mean_probability(torch.logit(torch.tensor(0.2)), torch.logit(torch.tensor(0.6)))
    >>> round(float(torch.sigmoid(found)), 6)
    0.4
    """
    bound = torch.logaddexp(functional.logsigmoid(first), functional.logsigmoid(second))
    unbound = torch.logaddexp(functional.logsigmoid(-first), functional.logsigmoid(-second))
    return bound - unbound


class FactorNet(Network):
    """Logit of the mean probability of both strands, read by one network.

    The second input are signals per base (accessibility, mappability); the third is metadata of
    the cell type or the region, such as gene expression. The released code also drops recurrent
    connections (0.1), which torch cannot; its dropout on the LSTM's input is kept.

    Args:
        input_length: Bases read; 1,002 in the paper.
        n_tracks: Tracks predicted.
        bin_size: Bases the value is of: the output; 200 in the paper.
        output_length: Bases that are labelled, centred; all that are read if not given.
        n_controls: Signals per base.
        n_features: Values of metadata; 0 for none.
        filters: Channels of the convolution.
        kernel: Its width; half of it is the width of the pooling.
        units: Of the LSTM, in each direction.
        hidden: Units of the hidden layers.
        dropout: After the LSTM and after hidden layers.
        reverse_order: Which signal takes the place of each on the reverse strand, where signals
            are of one strand; the same if not given.

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
        kernel: int = 26,
        units: int = 32,
        hidden: int = 128,
        dropout: float = 0.5,
        reverse_order: Sequence[int] | None = None,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(
            n_tracks=n_tracks,
            n_bins=1,
            output="logit",
            n_controls=n_controls,
            control_length=input_length,
        )
        self.n_features = n_features
        self.reverse_order = list(range(n_controls) if reverse_order is None else reverse_order)
        if sorted(self.reverse_order) != list(range(n_controls)):
            raise InputError(
                "each signal has one place on the reverse strand",
                field="reverse_order",
                got=self.reverse_order,
            )
        pool = kernel // 2
        positions = (input_length - kernel + 1) // max(pool, 1)
        if positions < 1 or pool < 1:
            raise InputError(
                "window is too short for the network", field="input_length", got=input_length
            )
        self.motifs = nn.Sequential(
            nn.Conv1d(4 + n_controls, filters, kernel),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv1d(filters, filters, 1),
            nn.ReLU(),
            nn.MaxPool1d(pool),
            # One mask for all positions, as Keras drops the inputs of a recurrence.
            nn.Dropout1d(0.1),
        )
        self.recurrent = BiLstm(filters, units)
        self.hidden = nn.Sequential(
            nn.Dropout(dropout),
            nn.Flatten(),
            nn.Linear(positions * 2 * units, hidden),
            nn.ReLU(),
        )
        self.merge = nn.Sequential(
            *(
                [nn.Dropout(0.1), nn.Linear(hidden + n_features, hidden), nn.ReLU()]
                * bool(n_features)
            ),
            nn.Dropout(dropout),
        )
        self.last = Scalar(hidden, n_tracks)
        start_like_keras(self)

    def one_strand(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Logits ``(n, n_tracks, 1)`` of bases and signals ``(n, 4 + n_controls, length)``."""
        hidden = self.hidden(self.recurrent(self.motifs(x)))
        if features is not None:
            hidden = torch.cat([hidden, features], dim=1)
        return cast(Tensor, self.last(self.merge(hidden)))

    def forward(
        self, x: Tensor, control: Tensor | None = None, features: Tensor | None = None
    ) -> Tensor:
        """Logits ``(n, n_tracks, 1)``.

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

    def output_bias(self) -> Tensor:
        return self.last.linear.bias
