"""What turns hidden channels into tracks: joint, one a track, or several of different kinds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from zooctl.schema.recipe.losses import Output
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import conv, per_track, start_heads, start_like_keras
from zooctl.training.nets.parts.network import Network, activate, finish, linked

HeadKind = Literal["joint", "task"]


class JointHead(nn.Module):
    """All tracks from the same hidden channels, position by position."""

    def __init__(self, channels: int, n_tracks: int) -> None:
        super().__init__()
        self.last = conv(channels, n_tracks, 1)
        start_like_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, n_bins)`` to ``(n, n_tracks, n_bins)``."""
        return cast(Tensor, self.last(x))

    def bias(self) -> Tensor:
        """What is added to each track, ``(n_tracks,)``."""
        return cast(Tensor, self.last.bias)


class TaskHeads(nn.Module):
    """A small convolutional network for each track; computed side by side as one."""

    def __init__(
        self, channels: int, n_tracks: int, filters: int = 64, kernel: int = 7, dropout: float = 0.1
    ) -> None:
        super().__init__()
        hidden = n_tracks * filters
        self.hidden = nn.Sequential(
            conv(channels, hidden, kernel), norm(hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.last = nn.Conv1d(hidden, n_tracks, 1, groups=n_tracks)
        start_like_keras(self)
        start_heads(cast(nn.Conv1d, self.hidden[0]), n_tracks)
        start_heads(self.last, n_tracks)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, n_bins)`` to ``(n, n_tracks, n_bins)``."""
        return cast(Tensor, self.last(self.hidden(x)))

    def bias(self) -> Tensor:
        """What is added to each track, ``(n_tracks,)``."""
        return cast(Tensor, self.last.bias)


def head(kind: HeadKind, channels: int, n_tracks: int) -> JointHead | TaskHeads:
    """The head of that kind, at the sizes of GOPHER."""
    return TaskHeads(channels, n_tracks) if kind == "task" else JointHead(channels, n_tracks)


class Head(NamedTuple):
    """One head of a network with several.

    Attributes:
        n_tracks: Tracks it predicts.
        output: What they are, see ``Network``.
        kind: Joint, or a small network a track.
    """

    n_tracks: int
    output: Output
    kind: HeadKind = "joint"


class MultiHead(Network):
    """Several heads of different kinds on one trunk, such as coverage and peaks.

    The tracks of all heads stand side by side in the order of the heads; a sum of losses gives
    each its own (``Term.tracks``).

    Args:
        trunk: A network whose tracks, through ReLU, are the hidden channels.
        heads: In the order of the tracks.
    """

    def __init__(self, trunk: Network, heads: Sequence[Head]) -> None:
        outputs = {h.output for h in heads}
        super().__init__(
            n_tracks=sum(h.n_tracks for h in heads),
            n_bins=trunk.n_bins,
            output=outputs.pop() if len(outputs) == 1 else "mixed",
        )
        self.trunk = trunk
        self.kinds = tuple(h.output for h in heads)
        self.sizes = [h.n_tracks for h in heads]
        self.heads = nn.ModuleList(head(h.kind, trunk.n_tracks, h.n_tracks) for h in heads)

    def raw(self, x: Tensor) -> Tensor:
        hidden = functional.relu(self.trunk.raw(x))
        return torch.cat([part(hidden) for part in self.heads], dim=1)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """Tracks ``(n, n_tracks, n_bins)``, each activated as its head says."""
        return torch.cat([activate(*pair) for pair in self.by_head(self.raw(x))], dim=1)

    def finish(self, tracks: Tensor) -> Tensor:
        return torch.cat([finish(*pair) for pair in self.by_head(tracks)], dim=1)

    def by_head(self, tracks: Tensor) -> Iterator[tuple[Tensor, Output]]:
        """The tracks of each head, ``(n, n_tracks of the head, n_bins)``, and what they are."""
        first = 0
        for size, kind in zip(self.sizes, self.kinds, strict=True):
            yield tracks[:, first : first + size], kind
            first += size

    def set_output_bias(
        self, mean: float | Tensor, control_mean: float | Tensor | None = None
    ) -> None:
        means = per_track(mean, self.n_tracks)[None]
        with torch.no_grad():
            for part, (some, kind) in zip(self.heads, self.by_head(means), strict=True):
                cast(JointHead | TaskHeads, part).bias().copy_(linked(some[0], kind, self.n_bins))
