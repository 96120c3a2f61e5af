"""Several heads of different kinds on one trunk, such as coverage and peaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.losses import Output
from zooctl.schema.recipe.networks.network import MultiHeadSizes
from zooctl.training.nets.parts.heads import JointHead, TaskHeads, head
from zooctl.training.nets.parts.layers import per_track
from zooctl.training.nets.parts.network import Network, activate, finish, linked
from zooctl.training.nets.parts.window import NetWindow
from zooctl.training.nets.trunks import build_trunk, check_tracks


class MultiHead(Network):
    """Tracks of all heads side by side, in the order of the heads.

    The hidden channels are the tracks of the trunk through ReLU. A sum of losses gives each head
    its own (``Term.tracks``).

    Raises:
        InputError: The lengths do not fit, or the heads have other tracks than the recipe.
    """

    def __init__(self, sizes: MultiHeadSizes, window: NetWindow) -> None:
        super().__init__(sizes, window)
        check_tracks(sum(one.n_tracks for one in sizes.heads), window)
        self.trunk = build_trunk(sizes.trunk, sizes.hidden, window)
        self.outputs = [one.output for one in sizes.heads]
        self.n_of_head = [one.n_tracks for one in sizes.heads]
        self.heads = nn.ModuleList(
            head(one.kind, sizes.hidden, one.n_tracks) for one in sizes.heads
        )

    def raw(self, x: Tensor) -> Tensor:
        hidden = functional.relu(self.trunk.raw(x))
        return torch.cat([part(hidden) for part in self.heads], dim=1)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Return tracks ``(n, n_tracks, n_bins)``, each activated as its head's output asks."""
        return torch.cat([activate(*pair) for pair in self.by_head(self.raw(x))], dim=1)

    def finish(self, tracks: Tensor) -> Tensor:
        return torch.cat([finish(*pair) for pair in self.by_head(tracks)], dim=1)

    def by_head(self, tracks: Tensor) -> Iterator[tuple[Tensor, Output]]:
        """Yield the tracks of each head, ``(n, its n_tracks, n_bins)``, and their output."""
        first = 0
        for n, output in zip(self.n_of_head, self.outputs, strict=True):
            yield tracks[:, first : first + n], output
            first += n

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        means = per_track(mean, self.n_tracks)[None]
        with torch.no_grad():
            for part, (some, output) in zip(self.heads, self.by_head(means), strict=True):
                bias = linked(some[0], output, self.n_bins)
                cast(JointHead | TaskHeads, part).bias().copy_(bias)
