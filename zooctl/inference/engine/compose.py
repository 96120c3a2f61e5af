"""One graph for all windows of a sequence, put together from the rows of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto, helper

from zooctl.inference.engine.cone import Cone, Patch
from zooctl.inference.engine.copies import GraphParts
from zooctl.inference.engine.rows import Kind, Layout, Piece
from zooctl.inference.graph.front_back import add_back, add_front
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.windows import Geometry

PREDICTIONS = "engine/predictions"
"""Name of the output, float32 ``(windows * n, n_tracks, bins)``, windows outside."""


@dataclass(frozen=True)
class Ends:
    """Front and back of a graph.

    Attributes:
        geometry: The model's window.
        n_tracks: Its tracks.
        unknown_base: Value of all four channels at an unknown base.
        summed: Undo this transform and sum; as ``graph.check.compose``, row by row of
            ``PREDICTIONS``, with spans from each window's first needed bin on.
    """

    geometry: Geometry
    n_tracks: int
    unknown_base: float
    summed: Transform | None = None


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

    def compose(self, ends: Ends, cone: Cone | None = None) -> bytes:
        """Return the graph: ``CODES`` ``(n, bases)`` in, ``PREDICTIONS`` or ``SUMS`` out.

        With a cone further outputs follow: ``PREDICTIONS`` where sums come first, and all that
        an alternative reads of the reference (``context_name``).
        """
        parts = GraphParts(self.proto, self.found)
        layout = self.layout
        onehot = self.found.graph.input[0].name
        arrays: dict[Kind, str] = {"shared": onehot}
        contexts: list[str] = []
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
                name, axis = f"engine/{number}/{kind}", stage.segment.given.axis
                source = self._gather(parts, arrays, rows, axis, number, name)
                if cone is not None and number and kind in cone.patches[number]:
                    contexts.append(
                        self._keep(parts, source, cone.patches[number][kind], axis, number, kind)
                    )
                made[kind] = parts.copy(stage.segment, source, name, self.n * len(group.keys))
            arrays = made
        last = len(layout.stages)
        rows = [
            layout.pieces(last, False, key, low, high)
            for key, (low, high) in enumerate(layout.needed)
        ]
        gathered = self._gather(parts, arrays, rows, 2, last, "engine/windows")
        parts.add("Identity", [gathered], PREDICTIONS)
        if cone is not None and ends.summed is not None:
            contexts.insert(0, PREDICTIONS)
        length = layout.read[1] - layout.read[0]
        bins = layout.needed[0][1] - layout.needed[0][0]
        n_rows = self.n * len(layout.offsets)
        return finish(parts, ends, (self.n, length), (n_rows, bins), outputs=contexts)

    def _keep(
        self, parts: GraphParts, source: str, patch: Patch, axis: int, number: int, kind: Kind
    ) -> str:
        """Name an output that holds what an alternative reads of rows."""
        name = context_name(number, kind)
        kept = [
            slice_rows(
                parts,
                source,
                (axis, start, start + patch.length),
                (row * self.n, (row + 1) * self.n),
                f"{name}/{row}",
            )
            for row, start in zip(patch.rows, patch.starts, strict=True)
        ]
        return parts.add("Concat", kept, name, axis=0)

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
            along = (axis, first.start, first.stop)
            return slice_rows(parts, arrays[first.kind], along, None, name)
        made = []
        for place, row in enumerate(rows):
            found = [
                slice_rows(
                    parts,
                    arrays[piece.kind],
                    (axis, piece.start, piece.stop),
                    (piece.row * self.n, (piece.row + 1) * self.n),
                    f"{name}/{place}/{n}",
                )
                for n, piece in enumerate(row)
            ]
            made.append(joined(parts, found, axis, f"{name}/{place}"))
        return joined(parts, made, 0, f"{name}/rows")

    def _size(self, number: int, kind: Kind) -> tuple[int, int]:
        """Return the rows and positions of what the stage before made."""
        if number == 0:
            return 1, self.layout.read[1] - self.layout.read[0]
        group = self.layout.stages[number - 1].groups[kind]
        return len(group.keys), group.made


def context_name(number: int, kind: Kind) -> str:
    """Return the name of what an alternative reads of a stage's rows, rows outside."""
    return f"engine/context/{number}/{kind}"


def joined(parts: GraphParts, names: Sequence[str], axis: int, name: str) -> str:
    """Return tensors put one behind another; one alone as it is."""
    return names[0] if len(names) == 1 else parts.add("Concat", list(names), name, axis=axis)


def slice_rows(
    parts: GraphParts,
    array: str,
    along: tuple[int, int, int],
    rows: tuple[int, int] | None,
    name: str,
) -> str:
    """Return a part of an array: axis, first and last of its positions, and its rows."""
    axis, start, stop = along
    starts, stops, axes = [start], [stop], [axis]
    if rows is not None:
        starts, stops, axes = [rows[0], start], [rows[1], stop], [0, axis]
    inputs = [array, parts.numbers(*starts), parts.numbers(*stops), parts.numbers(*axes)]
    return parts.add("Slice", inputs, f"{name}/cut")


def finish(
    parts: GraphParts,
    ends: Ends,
    codes: tuple[int, int | None],
    rows: tuple[int, int | None],
    *,
    inputs: Sequence[onnx.ValueInfoProto] = (),
    outputs: Sequence[str] = (),
) -> bytes:
    """Return a graph with its front and back.

    Args:
        parts: Its operators, from one-hot to ``PREDICTIONS``.
        ends: Its front and back.
        codes: Sequences in a batch, and bases of each; None for any number.
        rows: Rows of ``PREDICTIONS``, and bins of each, likewise; sums need a number.
        inputs: Further inputs, behind codes and spans.
        outputs: Names of further outputs, behind the first.
    """
    onehot = parts.found.graph.input[0].name
    graph = helper.make_graph(
        parts.nodes,
        "engine",
        [helper.make_tensor_value_info(onehot, TensorProto.FLOAT, [codes[0], 4, codes[1]])],
        [
            helper.make_tensor_value_info(
                PREDICTIONS, TensorProto.FLOAT, [rows[0], ends.n_tracks, rows[1]]
            )
        ],
        list(parts.fixed.values()),
    )
    add_front(graph, onehot, codes[1], ends.unknown_base)
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = codes[0]
    if ends.summed is not None:
        assert rows[1] is not None
        size = ends.geometry.bin_size
        span = rows[1] * size
        add_back(graph, Geometry(span, span, size, span), ends.n_tracks, ends.summed)
        for value in (graph.input[1], graph.output[0]):
            value.type.tensor_type.shape.dim[0].dim_value = rows[0]
    graph.input.extend(inputs)
    graph.output.extend(parts.typed(name) for name in outputs)
    model = helper.make_model(
        graph, opset_imports=parts.proto.opset_import, ir_version=parts.proto.ir_version
    )
    composed: bytes = model.SerializeToString()
    return composed
