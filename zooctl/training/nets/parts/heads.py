"""Heads that turn hidden channels into tracks: one layer for all, or a small network a track."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from zooctl.schema.recipe.networks.sizes import Heads
from zooctl.training.nets.parts.blocks import norm
from zooctl.training.nets.parts.layers import conv, start_heads, start_like_keras


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
        """Return the bias of each track, ``(n_tracks,)``."""
        return cast(Tensor, self.last.bias)


class TaskHeads(nn.Module):
    """A small convolutional network for each track, computed side by side as one.

    Source: the released code of Toneyan, Tang and Koo 2022 (64 filters of width 7, dropout 0.1).
    """

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
        """Return the bias of each track, ``(n_tracks,)``."""
        return cast(Tensor, self.last.bias)


def head(kind: Heads, channels: int, n_tracks: int) -> JointHead | TaskHeads:
    """Return the head of that kind."""
    return TaskHeads(channels, n_tracks) if kind == "task" else JointHead(channels, n_tracks)
