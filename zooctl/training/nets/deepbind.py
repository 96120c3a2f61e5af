"""DeepBind: motif detectors, pooled over the sequence, on both strands.

Source: Alipanahi et al. 2015, doi:10.1038/nbt.3300. The paper calibrates sizes for each data set;
the defaults are its 16 detectors of 24 bases and its 32 hidden units.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.training.nets.parts.blocks import Scalar
from zooctl.training.nets.parts.layers import check_scalar, start_like_keras
from zooctl.training.nets.parts.network import Network

Pool = Literal["max", "max_mean"]


class DeepBind(Network):
    """Logit of binding of each track: the better of the two strands.

    The ends are padded with bases of 0.25, so that a motif may overhang by all but one base.

    Args:
        input_length: Bases read; 101 in the paper.
        n_tracks: Tracks predicted.
        bin_size: Bases the value is of: the output.
        output_length: Bases that are labelled, centred; all that are read if not given.
        detectors: Motif detectors.
        kernel: Their width.
        pool: The largest response, or that and the mean.
        hidden: Units of the hidden layer; 0 for none.
        dropout: On what is pooled, and on the hidden layer.
        both_strands: Whether the reverse complement is read too (not for RNA).

    Raises:
        InputError: The output is not one bin.
    """

    def __init__(
        self,
        *,
        input_length: int,
        n_tracks: int,
        bin_size: int,
        output_length: int | None = None,
        detectors: int = 16,
        kernel: int = 24,
        pool: Pool = "max",
        hidden: int = 32,
        dropout: float = 0.5,
        both_strands: bool = True,
    ) -> None:
        output_length = input_length if output_length is None else output_length
        check_scalar(input_length=input_length, output_length=output_length, bin_size=bin_size)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="logit")
        self.overhang, self.both_strands = kernel - 1, both_strands
        self.with_mean = pool == "max_mean"
        self.detectors = nn.Conv1d(4, detectors, kernel)
        features = detectors * (2 if self.with_mean else 1)
        self.dropout = nn.Dropout(dropout)
        self.hidden = (
            nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(dropout))
            if hidden
            else nn.Identity()
        )
        self.last = Scalar(hidden or features, n_tracks)
        start_like_keras(self)

    def one_strand(self, x: Tensor) -> Tensor:
        """Logits ``(n, n_tracks, 1)`` of the strand as it is given."""
        padded = functional.pad(x, (self.overhang, self.overhang), value=0.25)
        response = functional.relu(self.detectors(padded))
        pooled = response.amax(dim=-1)
        if self.with_mean:
            pooled = torch.cat([pooled, response.mean(dim=-1)], dim=1)
        return cast(Tensor, self.last(self.hidden(self.dropout(pooled))))

    def raw(self, x: Tensor) -> Tensor:
        forward = self.one_strand(x)
        if not self.both_strands:
            return forward
        return torch.maximum(forward, self.one_strand(torch.flip(x, (1, 2))))

    def output_bias(self) -> Tensor:
        return self.last.linear.bias
