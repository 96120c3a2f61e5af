"""DeepBind: motif detectors, pooled over the sequence, on both strands.

Source: Alipanahi et al. 2015, doi:10.1038/nbt.3300. The paper calibrates sizes for each data set;
the defaults are its 16 detectors of 24 bases and its 32 hidden units.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.networks.window import DeepBindSizes
from zooctl.training.nets.parts.blocks import Scalar
from zooctl.training.nets.parts.layers import start_like_keras
from zooctl.training.nets.parts.network import Classifier
from zooctl.training.nets.parts.window import NetWindow


class DeepBind(Classifier):
    """Logit of binding of each track: the better of the two strands.

    The ends are padded with bases of 0.25, so that a motif may overhang by all but one base.

    Raises:
        InputError: The output is not one bin.
    """

    def __init__(self, sizes: DeepBindSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        self.overhang, self.both_strands = sizes.kernel - 1, sizes.both_strands
        self.with_mean = sizes.pool == "max_mean"
        self.detectors = nn.Conv1d(4, sizes.detectors, sizes.kernel)
        features = sizes.detectors * (2 if self.with_mean else 1)
        self.dropout = nn.Dropout(sizes.dropout)
        self.hidden = (
            nn.Sequential(nn.Linear(features, sizes.hidden), nn.ReLU(), nn.Dropout(sizes.dropout))
            if sizes.hidden
            else nn.Identity()
        )
        self.last = Scalar(sizes.hidden or features, window.n_tracks)
        start_like_keras(self)

    def one_strand(self, x: Tensor) -> Tensor:
        """Return logits ``(n, n_tracks, 1)`` of the strand given."""
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
