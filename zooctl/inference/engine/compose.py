"""One graph for all windows of a sequence, put together from the rows of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto, helper

from zooctl.inference.engine.copies import GraphParts
from zooctl.inference.engine.rows import Kind, Layout, Piece
from zooctl.inference.graph.front_back import CODES, SPANS, add_back, add_front
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.windows import Geometry

PREDICTIONS = "engine/predictions"
"""Name of the output, float32 ``(windows * n, n_tracks, bins)``, windows outside."""


@dataclass(frozen=True)
class Composer:
    """Puts a graph together.

    Attributes:
        proto: The checked model.
        found: Its positions.
        layout: The rows to compute.
        n: Sequences in a batch.
    """

    proto: onnx.ModelProto
    found: PositionMap
    layout: Layout
    n: int

    def compose(
        self,
        *,
        geometry: Geometry,
        n_tracks: int,
        unknown_base: float,
        summed: Transform | None = None,
    ) -> bytes:
        """Return the graph: ``CODES`` ``(n, bases)`` in, ``PREDICTIONS`` out.

        Args:
            geometry: The model's window.
            n_tracks: Its tracks.
            unknown_base: Value of all four channels at an unknown base.
            summed: Undo this transform and sum; as ``graph.check.compose``, row by row of
                ``PREDICTIONS``, with spans from each window's first needed bin on.
        """
        parts = GraphParts(self.proto, self.found)
        layout = self.layout
        onehot = self.found.graph.input[0].name
        arrays: dict[Kind, str] = {"shared": onehot}
        for number, stage in enumerate(layout.stages):
            made: dict[Kind, str] = {}
            for kind, group in stage.groups.items():
                rows = [
                    layout.pieces(number, kind == "shared", key, low, low + group.length)
                    for key, low in zip(
                        group.keys,
                        (start + stage.segment.skipped for start in group.starts),
                        strict=True,
                    )
                ]
                name = f"engine/{number}/{kind}"
                source = self._gather(parts, arrays, rows, stage.segment.given.axis, number, name)
                n_rows = self.n * len(group.keys)
                made[kind] = parts.copy(stage.segment, source, name, n_rows)
            arrays = made
        last = len(layout.stages)
        rows = [
            layout.pieces(last, False, key, low, high)
            for key, (low, high) in enumerate(layout.needed)
        ]
        gathered = self._gather(parts, arrays, rows, 2, last, "engine/windows")
        parts.add("Identity", [gathered], PREDICTIONS)
        return self._finish(parts, onehot, geometry, n_tracks, unknown_base, summed)

    def _finish(
        self,
        parts: GraphParts,
        onehot: str,
        geometry: Geometry,
        n_tracks: int,
        unknown_base: float,
        summed: Transform | None,
    ) -> bytes:
        low, high = self.layout.needed[0]
        n_rows, bases = self.n * len(self.layout.offsets), self.layout.read
        length = bases[1] - bases[0]
        graph = helper.make_graph(
            parts.nodes,
            "engine",
            [helper.make_tensor_value_info(onehot, TensorProto.FLOAT, [self.n, 4, length])],
            [
                helper.make_tensor_value_info(
                    PREDICTIONS, TensorProto.FLOAT, [n_rows, n_tracks, high - low]
                )
            ],
            list(parts.fixed.values()),
        )
        add_front(graph, onehot, length, unknown_base)
        graph.input[0].type.tensor_type.shape.dim[0].dim_value = self.n
        if summed is not None:
            span = (high - low) * geometry.bin_size
            add_back(graph, Geometry(span, span, geometry.bin_size, span), n_tracks, summed)
            for value in (graph.input[1], graph.output[0]):
                value.type.tensor_type.shape.dim[0].dim_value = n_rows
        model = helper.make_model(
            graph, opset_imports=self.proto.opset_import, ir_version=self.proto.ir_version
        )
        composed: bytes = model.SerializeToString()
        return composed

    def _gather(
        self,
        parts: GraphParts,
        arrays: dict[Kind, str],
        rows: Sequence[Sequence[Piece]],
        axis: int,
        number: int,
        name: str,
    ) -> str:
        """Return the tensor of rows, one behind another on axis 0."""
        size_of = {kind: self._size(number, kind) for kind in arrays}
        only = [row[0] for row in rows if len(row) == 1]
        first = only[0] if only else None
        if (
            first is not None
            and len(only) == len(rows) == size_of[first.kind][0]
            and only
            == [Piece(first.kind, row, first.start, first.stop) for row in range(len(rows))]
        ):
            if (first.start, first.stop) == (0, size_of[first.kind][1]):
                return arrays[first.kind]
            return _slice(parts, arrays[first.kind], (axis, first.start, first.stop), None, name)
        made = []
        for place, row in enumerate(rows):
            found = [
                _slice(
                    parts,
                    arrays[piece.kind],
                    (axis, piece.start, piece.stop),
                    (piece.row * self.n, (piece.row + 1) * self.n),
                    f"{name}/{place}/{n}",
                )
                for n, piece in enumerate(row)
            ]
            made.append(
                found[0]
                if len(found) == 1
                else parts.add("Concat", found, f"{name}/{place}", axis=axis)
            )
        return made[0] if len(made) == 1 else parts.add("Concat", made, f"{name}/rows", axis=0)

    def _size(self, number: int, kind: Kind) -> tuple[int, int]:
        """Return the rows and positions of what the stage before made."""
        if number == 0:
            return 1, self.layout.read[1] - self.layout.read[0]
        group = self.layout.stages[number - 1].groups[kind]
        return len(group.keys), group.made


def _slice(
    parts: GraphParts,
    array: str,
    along: tuple[int, int, int],
    rows: tuple[int, int] | None,
    name: str,
) -> str:
    axis, start, stop = along
    starts, stops, axes = [start], [stop], [axis]
    if rows is not None:
        starts, stops, axes = [rows[0], start], [rows[1], stop], [0, axis]
    inputs = [array, parts.numbers(*starts), parts.numbers(*stops), parts.numbers(*axes)]
    return parts.add("Slice", inputs, f"{name}/cut")


__all__ = ["CODES", "PREDICTIONS", "SPANS", "Composer"]
