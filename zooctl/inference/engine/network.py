"""A network with all that is known of its positions, and the ways to cut it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import onnx

from zooctl.inference.engine.compose import Ends
from zooctl.inference.engine.cone import Cone, find_cone
from zooctl.inference.engine.pack import pack
from zooctl.inference.engine.rows import Layout, Range, lay_out, plain_cost, ways
from zooctl.inference.engine.segments import Segment, cut
from zooctl.inference.graph.positions.follow import PositionMap, follow_positions
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.windows import Geometry

LEAST_GAIN = 1.25
"""Multiplications of the plain path to those of another, from which on that one is taken."""

# Positions that a segment reads beside each that it makes, from which on it is cut.
_EVERY = (None, 128, 32, 8)


@dataclass(frozen=True)
class FollowedNetwork:
    """A network as its card describes it.

    Attributes:
        model: Serialised ONNX model of the zoo, which ``graph.check.compose`` accepts.
        geometry: Window lengths.
        n_tracks: Tracks.
        unknown_base: Value of all four channels at an unknown base.
    """

    model: bytes
    geometry: Geometry
    n_tracks: int
    unknown_base: float

    @cached_property
    def proto(self) -> onnx.ModelProto:
        """The parsed model, with places to cut it."""
        parsed: onnx.ModelProto = onnx.ModelProto.FromString(self.model)
        return pack(parsed, follow_positions(parsed, self.geometry.input_length))

    @cached_property
    def positions(self) -> PositionMap:
        """The bases that each position reads."""
        return follow_positions(self.proto, self.geometry.input_length)

    @cached_property
    def chains(self) -> tuple[tuple[Segment, ...], ...]:
        """The network as a chain of segments, with few cuts or many."""
        return tuple(cut(self.positions, every) for every in _EVERY)

    def lay_out(self, offsets: Sequence[int], needed: Sequence[Range]) -> Layout:
        """Return the rows that windows share.

        Args:
            offsets: First base of each window in a sequence; the first or last is 0.
            needed: First and last bin (exclusive) that is asked for of each window, as many of
                each.
        """
        return lay_out(self.chains, offsets, needed)

    @property
    def plain_cost(self) -> float:
        """Multiplications of a window by itself, about."""
        return plain_cost(self.chains[0])

    def gain(self, layout: Layout) -> float:
        """Return the multiplications of windows alone to those of a layout."""
        return len(layout.offsets) * self.plain_cost / layout.cost

    def lay_out_cone(
        self, offsets: Sequence[int], needed: Sequence[Range], replaced: Range
    ) -> Cone | None:
        """Return the rows of a reference and the cone of a change that are the least work together.

        Args:
            offsets: As of ``lay_out``.
            needed: As of ``lay_out``.
            replaced: Bases that may differ, counted as the offsets.

        Returns:
            None where the cone is hardly less work than the rows for themselves.
        """
        if not all(map(self.is_float, self.chains)):
            return None
        laid = (find_cone(one, replaced) for one in ways(self.chains, offsets, needed))
        cones = [cone for cone in laid if cone is not None]
        if not cones:
            return None
        best = min(cones, key=lambda one: one.cost + one.layout.cost)
        return best if best.layout.cost >= LEAST_GAIN * best.cost else None

    def is_float(self, segments: Sequence[Segment]) -> bool:
        """Return whether segments read tensors of float32 alone."""
        graph, float32 = self.positions.graph, onnx.TensorProto.FLOAT
        known = {one.name: one.type.tensor_type.elem_type for one in graph.value_info}
        return all(known.get(one.source, float32) == float32 for one in segments)

    def ends(self, summed: Transform | None) -> Ends:
        """Return front and back of its graphs."""
        return Ends(self.geometry, self.n_tracks, self.unknown_base, summed)
