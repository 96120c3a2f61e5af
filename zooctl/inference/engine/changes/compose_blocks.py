"""One graph for alternatives of one window that differ within a few bases, wherever these lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from zooctl.inference.engine.compose import PREDICTIONS, Ends, finish
from zooctl.inference.engine.copies import GraphParts
from zooctl.inference.engine.segments import Segment
from zooctl.inference.graph.positions.follow import PositionMap

_END = np.iinfo(np.int64).max
PLACES = ("at", "start", "stop", "resume")
"""Where values of the alternative replace those of the window, at the source of a segment.

``at`` is the first place in what is read of the window, ``start`` and ``stop`` are the first and
last (exclusive) of the values that the segment before made, and from ``resume`` on the window's own
follow again.
"""


def source_name(number: int) -> str:
    """Return the name of the input that holds what a segment reads of the window."""
    return f"engine/source/{number}"


def place_name(number: int, place: str) -> str:
    """Return the name of the input that holds a place at the source of a segment."""
    return f"engine/source/{number}/{place}"


@dataclass(frozen=True)
class BlockComposer:
    """Puts the graph together.

    Attributes:
        proto: The checked model.
        found: Its positions.
        segments: It, cut into a chain.
        n: Alternatives in a batch.
    """

    proto: onnx.ModelProto
    found: PositionMap
    segments: Sequence[Segment]
    n: int

    def compose(self, ends: Ends) -> bytes:
        """Return the graph: ``CODES``, sources and places in, ``PREDICTIONS`` that change out.

        Lengths are those of what is given, so that one graph serves all places of a window.
        """
        parts = GraphParts(self.proto, self.found)
        inputs: list[onnx.ValueInfoProto] = []
        made = self.found.graph.input[0].name
        for number, segment in enumerate(self.segments):
            source = made
            if number:
                inputs += self._inputs(number, segment)
                source = self._replaced(parts, number, segment, made)
            made = parts.copy(segment, source, f"engine/{number}", self.n)
        parts.add("Identity", [made], PREDICTIONS)
        return finish(parts, ends, (self.n, None), (self.n, None), inputs=inputs)

    def _inputs(self, number: int, segment: Segment) -> list[onnx.ValueInfoProto]:
        shape: list[int | None] = list(self.found.shapes[segment.source])
        shape[0], shape[segment.given.axis] = 1, None
        return [
            helper.make_tensor_value_info(source_name(number), TensorProto.FLOAT, shape),
            *(
                helper.make_tensor_value_info(place_name(number, place), TensorProto.INT64, [1])
                for place in PLACES
            ),
        ]

    def _replaced(self, parts: GraphParts, number: int, segment: Segment, made: str) -> str:
        """Return what a segment reads: of the window, but for values of the alternatives."""
        axis = segment.given.axis
        at, start, stop, resume = (place_name(number, place) for place in PLACES)
        axes, whole = parts.numbers(axis), source_name(number)
        name = f"engine/{number}"
        repeats = [1] * len(self.found.shapes[segment.source])
        repeats[0] = self.n
        before = parts.add("Slice", [whole, parts.numbers(0), at, axes], f"{name}/before")
        after = parts.add("Slice", [whole, resume, parts.numbers(_END), axes], f"{name}/after")
        own = parts.add("Slice", [made, start, stop, axes], f"{name}/own")
        beside = [
            parts.add("Tile", [one, parts.numbers(*repeats)], f"{one}/rows")
            for one in (before, after)
        ]
        return parts.add("Concat", [beside[0], own, beside[1]], f"{name}/replaced", axis=axis)
