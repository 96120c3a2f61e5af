"""Changes of a window by the block: the cone of them all, layer by layer, at any padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import pad_rows
from zooctl.inference.engine.changes.compose_blocks import (
    PLACES,
    BlockComposer,
    place_name,
    source_name,
)
from zooctl.inference.engine.changes.windows import BLOCK, CHANGED, Way, Windows
from zooctl.inference.engine.cone import Cone, find_cone
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import Context, run_batch, runs_at_once
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.onehot import Codes, N


@dataclass(frozen=True)
class _Place:
    """All that depends on the place of a block.

    Attributes:
        read: First base that is read of an alternative, and the one after the last.
        sources: Of each segment but the first, what is read of the window's source.
        places: Of each segment but the first, its ``PLACES``.
        made: First and last value of the output that is new, and its first bin; None behind a
            frontier, where all are.
    """

    read: tuple[int, int]
    sources: tuple[slice, ...]
    places: tuple[tuple[int, ...], ...]
    made: tuple[int, int, int] | None


class BlockChanges:
    """A network on windows and on their changes, by the cone of all changes of a block.

    Args:
        network: The network.
        way: A chain and its rows.
        options: Device and threads; batches have a size of their own.

    Attributes:
        windows: As ``Changes``.
        at_once: As ``Changes``.
    """

    def __init__(self, network: FollowedNetwork, way: Way, options: SessionOptions) -> None:
        self._layout = way.layout
        self.windows = Windows(network, way, options)
        composer = BlockComposer(network.proto, network.positions, way.segments, CHANGED)
        threads = options.threads or default_threads()
        # A batch takes less than the values of as many windows at the widest source.
        widest = max(4 * one.values * one.given.size for one in way.segments)
        at_once = runs_at_once(threads, 4 * widest * CHANGED)
        composed = composer.compose(network.ends(None))
        self._graph = LoadedGraph(composed, options.hardware(), threads, at_once=at_once)
        self.at_once = self._graph.at_once

    def predict(
        self,
        window: Codes,
        replaced: NDArray[np.int64],
        bases: NDArray[np.uint8],
        context: Context,
    ) -> NDArray[np.float32]:
        """Return the predictions of changes, as ``Changes`` does."""
        found = np.repeat(context.predictions, len(replaced), axis=0)
        first_base = int(replaced[0]) // BLOCK * BLOCK
        cone = find_cone(self._layout, (first_base, first_base + BLOCK))
        place = None if cone is None else _locate(cone)
        if place is None:
            return found
        feed = self._feed(place, context)
        start, stop, first_bin = place.made or (0, found.shape[-1], 0)
        for first in range(0, len(replaced), CHANGED):
            some = slice(first, first + CHANGED)
            codes = np.tile(window, (len(replaced[some]), 1))
            codes[np.arange(len(codes)), replaced[some]] = bases[some]
            codes = codes[:, slice(*place.read)]
            feed[CODES] = np.ascontiguousarray(pad_rows(codes, CHANGED, N))
            (output,) = run_batch(self._graph, feed, CHANGED)
            made = output[0, : len(codes), :, start:stop]
            found[some, :, first_bin : first_bin + stop - start] = made
        return found

    def _feed(self, place: _Place, context: Context) -> dict[str, NDArray[Any]]:
        """Return what the graph reads of a window."""
        feed: dict[str, NDArray[Any]] = {}
        for number, (source, places) in enumerate(
            zip(place.sources, place.places, strict=True), start=1
        ):
            axis = self._layout.stages[number].segment.given.axis
            along = (*[slice(None)] * axis, source)
            feed[source_name(number)] = np.ascontiguousarray(context.rows[number - 1][along])
            for name, value in zip(PLACES, places, strict=True):
                feed[place_name(number, name)] = np.array([value], dtype=np.int64)
        return feed


def _locate(cone: Cone) -> _Place | None:
    """Return what depends on the place of a change; None where no prediction reads it."""
    layout = cone.layout
    patches = [patch.get("own") for patch in cone.patches]
    sources, places = [], []
    for number, patch in enumerate(patches):
        if patch is None:
            return None
        if number == 0:
            continue
        stage, before = layout.stages[number], patches[number - 1]
        assert before is not None
        group = stage.groups["own"]
        low = group.starts[0] + patch.starts[0] + stage.segment.skipped
        (piece,) = layout.pieces(number, False, 0, low, low + patch.length)
        first, last = before.changed[0]
        first, last = max(first, piece.start), min(last, piece.stop)
        if first >= last:
            return None
        origin = before.origins[0]
        sources.append(slice(patch.starts[0], patch.starts[0] + patch.length))
        at = first - piece.start
        places.append((at, first - origin, last - origin, at + last - first))
    last_patch = patches[-1]
    assert last_patch is not None
    made = None
    if layout.stages[-1].segment.reach is not None:
        (piece,) = layout.pieces(len(layout.stages), False, 0, *layout.needed[0])
        first, last = last_patch.changed[0]
        first, last = max(first, piece.start), min(last, piece.stop)
        if first >= last:
            return None
        origin = last_patch.origins[0]
        made = (first - origin, last - origin, first - piece.start)
    return _Place(cone.read, tuple(sources), tuple(places), made)
