"""The way of least work for the changes of a window, from the sizes of its network."""

from __future__ import annotations

from dataclasses import dataclass

from zooctl.inference.engine.changes.base_rows import BaseRows, lay_base_rows
from zooctl.inference.engine.changes.bases import BaseChanges
from zooctl.inference.engine.changes.blocks import BlockChanges
from zooctl.inference.engine.changes.windows import BLOCK, Changes, Way, way_of
from zooctl.inference.engine.cone import find_cone
from zooctl.inference.engine.network import LEAST_GAIN, FollowedNetwork
from zooctl.inference.engine.rows import cost_of
from zooctl.inference.options.predict_and_score import SessionOptions


@dataclass(frozen=True)
class ChangeWay:
    """A way to compute changes.

    Attributes:
        gain: How many times fewer multiplications a change takes than a window.
        way: The chain and a window's rows in it.
        rows: Rows of a replaced base; None where changes are computed by the block.
    """

    gain: float
    way: Way
    rows: tuple[BaseRows, ...] | None

    def open(self, network: FollowedNetwork, options: SessionOptions) -> Changes:
        """Return the network on windows and on their changes."""
        if self.rows is None:
            return BlockChanges(network, self.way, options)
        return BaseChanges(network, self.way, self.rows, options)


def change_ways(network: FollowedNetwork) -> list[ChangeWay]:
    """Return all ways, the one of least work first; none where nothing is cut.

    The block in the middle of the window stands for all.
    """
    length = network.geometry.input_length
    block = length // 2 // BLOCK * BLOCK
    found = []
    for segments in network.chains:
        if not network.is_float(segments):
            continue
        way = way_of(network, segments)
        cone = find_cone(way.layout, (block, block + BLOCK))
        if cone is None:
            continue
        cost = sum(
            cost_of(stage.segment, 1, patch.length)
            for stage, patches in zip(way.layout.stages, cone.patches, strict=True)
            for patch in patches.values()
        )
        found.append(ChangeWay(network.plain_cost / cost, way, None))
        rows = lay_base_rows(network.positions, way.layout)
        if rows is not None:
            cost = sum(one.cost for one in rows)
            found.append(ChangeWay(network.plain_cost / cost, way, rows))
    return sorted(found, key=lambda one: -one.gain)


def open_changes(network: FollowedNetwork, options: SessionOptions) -> Changes | None:
    """Return the network on windows and their changes; None where these are no less work."""
    found = change_ways(network)
    if not found or found[0].gain < LEAST_GAIN:
        return None
    return found[0].open(network, options)
