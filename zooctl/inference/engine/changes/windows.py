"""Windows as they stand, with what their changes read of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.engine.cone import Cone, Patch
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.rows import Layout, ways
from zooctl.inference.engine.segments import Segment
from zooctl.inference.engine.shared import Context, SharedWindows
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.onehot import BASES, Codes

BLOCK = 16
"""Neighbouring bases whose changes are computed together; blocks begin at the window's first."""

CHANGED = (len(BASES) - 1) * BLOCK
"""Changed windows in a batch: all of a block."""


class Way(NamedTuple):
    """A chain of segments, and a window's rows in it."""

    segments: tuple[Segment, ...]
    layout: Layout


class Changes(Protocol):
    """A network on windows and on their changes."""

    @property
    def at_once(self) -> int:
        """Blocks to run side by side, each on threads of its own."""
        ...

    @property
    def windows(self) -> Windows:
        """The network on windows as they stand."""
        ...

    def predict(
        self,
        window: Codes,
        replaced: NDArray[np.int64],
        bases: NDArray[np.uint8],
        context: Context,
    ) -> NDArray[np.float32]:
        """Return the predictions of a window with one base replaced in each.

        Args:
            window: ``(input_length,)``.
            replaced: Positions, all of one block, ``(n,)``.
            bases: Codes that stand there instead, ``(n,)``.
            context: Of the window.

        Returns:
            float32 ``(n, n_tracks, n_bins)``.
        """
        ...


class Windows:
    """A network on windows, which keeps what changes read.

    Args:
        network: The network.
        way: A chain and its rows (``way_of``).
        options: Device and threads; batches have a size of their own.
        channels_last: Keep ``(1, positions, channels)`` in place of ``(1, channels, positions)``.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        way: Way,
        options: SessionOptions,
        *,
        channels_last: bool = False,
    ) -> None:
        self._channels_last = channels_last
        whole = tuple(
            {
                kind: Patch((0,), (0,), group.length, (0,), group.made, ((0, group.made),))
                for kind, group in stage.groups.items()
            }
            for stage in way.layout.stages
        )
        self._shared = SharedWindows(
            network,
            way.layout,
            cone=Cone(way.layout, (0, network.geometry.input_length), whole),
            device=options.hardware(),
            threads=options.threads,
            batch_size=1,
        )

    def predict(self, codes: Codes) -> tuple[NDArray[np.float32], list[Context]]:
        """Return the predictions of windows, and of each what its changes read.

        Args:
            codes: ``(n, input_length)``.

        Returns:
            float32 ``(n, n_tracks, n_bins)``, and n contexts.
        """
        predictions, contexts = self._shared.references(codes, None)
        if self._channels_last:
            contexts = [_with_channels_last(one) for one in contexts]
        return predictions[:, 0], contexts


def _with_channels_last(context: Context) -> Context:
    rows = (np.ascontiguousarray(one.swapaxes(1, 2)) for one in context.rows)
    return Context(context.predictions, tuple(rows))


def way_of(network: FollowedNetwork, segments: Sequence[Segment]) -> Way:
    """Return a chain with rows of the window's own, from the first segment on."""
    n_bins = network.positions.shapes[network.positions.graph.output[0].name][-1]
    return Way(tuple(segments), ways([segments], [0], [(0, n_bins)])[0])
