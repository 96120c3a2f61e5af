"""Windows in which bases are replaced one by one, predicted where they can differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import pad_rows
from zooctl.inference.engine.compose_changes import PLACES, ChangeComposer, place_name, source_name
from zooctl.inference.engine.cone import Cone, Patch, find_cone
from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.engine.rows import Layout, cost_of, ways
from zooctl.inference.engine.segments import Segment
from zooctl.inference.engine.shared import Context, SharedWindows, run_batch, runs_at_once
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.onehot import BASES, Codes, N

BLOCK = 16
"""Neighbouring bases whose alternatives are computed together, by the cone of them all."""


class _Way(NamedTuple):
    """A chain of segments, and a window's rows in it."""

    segments: tuple[Segment, ...]
    layout: Layout


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


class WindowChanges:
    """A network on windows and on what differs from them within a block of bases.

    Args:
        network: The network.
        way: A chain and its rows (``open_changes``).
        options: Device and threads; batches have a size of their own.

    Attributes:
        at_once: Blocks to run side by side, each on threads of its own.
    """

    def __init__(self, network: FollowedNetwork, way: _Way, options: SessionOptions) -> None:
        self._layout = way.layout
        whole = tuple(
            {
                kind: Patch((0,), (0,), group.length, (0,), group.made, ((0, group.made),))
                for kind, group in stage.groups.items()
            }
            for stage in way.layout.stages
        )
        length = network.geometry.input_length
        self._windows = SharedWindows(
            network,
            way.layout,
            cone=Cone(way.layout, (0, length), whole),
            device=options.hardware(),
            threads=options.threads,
            batch_size=1,
        )
        self._n = (len(BASES) - 1) * BLOCK
        composer = ChangeComposer(network.proto, network.positions, way.segments, self._n)
        threads = options.threads or default_threads()
        # A batch takes less than the values of as many windows at the widest source.
        widest = max(4 * one.values * one.given.size for one in way.segments)
        at_once = runs_at_once(threads, 4 * widest * self._n)
        composed = composer.compose(network.ends(None))
        self._graph = LoadedGraph(composed, options.hardware(), threads, at_once=at_once)
        self.at_once = self._graph.at_once

    def windows(self, codes: Codes) -> tuple[NDArray[np.float32], list[Context]]:
        """Return the predictions of windows, and of each what its alternatives read.

        Args:
            codes: ``(n, input_length)``.

        Returns:
            float32 ``(n, n_tracks, n_bins)``, and n contexts.
        """
        predictions, contexts = self._windows.references(codes, None)
        return predictions[:, 0], contexts

    def predict(self, codes: Codes, block: int, context: Context) -> NDArray[np.float32]:
        """Return the predictions of alternatives of one window.

        Args:
            codes: Alternatives ``(n, input_length)``, which differ from the window within a block
                alone; 48 of them fill a batch.
            block: Number of the block; blocks lie beside each other from the window's first base.
            context: Of the window.

        Returns:
            float32 ``(n, n_tracks, n_bins)``.
        """
        found = np.repeat(context.predictions, len(codes), axis=0)
        cone = find_cone(self._layout, (block * BLOCK, (block + 1) * BLOCK))
        place = None if cone is None else _locate(cone)
        if place is None:
            return found
        feed = self._feed(place, context)
        start, stop, first_bin = place.made or (0, found.shape[-1], 0)
        for first in range(0, len(codes), self._n):
            some = codes[first : first + self._n, slice(*place.read)]
            feed[CODES] = np.ascontiguousarray(pad_rows(some, self._n, N))
            (output,) = run_batch(self._graph, feed, self._n)
            made = output[0, : len(some), :, start:stop]
            found[first : first + len(some), :, first_bin : first_bin + stop - start] = made
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


def change_gain(network: FollowedNetwork) -> tuple[float, _Way] | None:
    """Return how many times fewer multiplications alternatives take, and the way of least work.

    None where nothing is cut. The block in the middle of the window stands for all.
    """
    length = network.geometry.input_length
    block = length // 2 // BLOCK * BLOCK
    n_bins = network.positions.shapes[network.positions.graph.output[0].name][-1]
    best: tuple[float, _Way] | None = None
    for segments in network.chains:
        # Rows of the window's own, from the first segment on.
        layout = ways([segments], [0], [(0, n_bins)])[0]
        cone = find_cone(layout, (block, block + BLOCK))
        if cone is None or not network.is_float(segments):
            continue
        cost = sum(
            cost_of(stage.segment, 1, patch.length)
            for stage, patches in zip(layout.stages, cone.patches, strict=True)
            for patch in patches.values()
        )
        if best is None or network.plain_cost / cost > best[0]:
            best = network.plain_cost / cost, _Way(segments, layout)
    return best


def open_changes(network: FollowedNetwork, options: SessionOptions) -> WindowChanges | None:
    """Return the network on windows and what differs from them; None where it is no less work."""
    found = change_gain(network)
    if found is None or found[0] < LEAST_GAIN:
        return None
    return WindowChanges(network, found[1], options)
