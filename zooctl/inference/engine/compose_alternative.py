"""One graph for alternatives of references: the cone of a change, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto, helper

from zooctl.inference.engine.compose import (
    PREDICTIONS,
    Ends,
    context_name,
    finish,
    joined,
    slice_rows,
)
from zooctl.inference.engine.cone import Cone
from zooctl.inference.engine.copies import GraphParts
from zooctl.inference.engine.rows import Kind, Piece
from zooctl.inference.graph.positions.follow import PositionMap

REFERENCE = "engine/reference"
"""Name of the input that holds the reference's ``PREDICTIONS``."""


@dataclass(frozen=True)
class _Overlay:
    """Values of the alternative that replace those of a reference's row.

    Attributes:
        at: First place in the row.
        kind: Kind of the rows that hold them.
        row: Number of the row among those that are computed.
        start: First of the values.
        size: Their number.
    """

    at: int
    kind: Kind
    row: int
    start: int
    size: int


@dataclass(frozen=True)
class AlternativeComposer:
    """Puts the graph together.

    Attributes:
        proto: The checked model.
        found: Its positions.
        cone: What is computed.
        n: Alternatives in a batch.
    """

    proto: onnx.ModelProto
    found: PositionMap
    cone: Cone
    n: int

    def compose(self, ends: Ends) -> bytes:
        """Return the graph: ``CODES`` and all contexts in, ``PREDICTIONS`` or ``SUMS`` out."""
        parts = GraphParts(self.proto, self.found)
        inputs: list[onnx.ValueInfoProto] = []
        arrays: dict[Kind, str] = {}
        for number, stage in enumerate(self.cone.layout.stages):
            made: dict[Kind, str] = {}
            for kind, patch in self.cone.patches[number].items():
                axis, name = stage.segment.given.axis, f"engine/{number}/{kind}"
                if number == 0:
                    source = self._first(parts, kind, name)
                else:
                    n_rows = self.n * len(patch.rows)
                    context = context_name(number, kind)
                    inputs.append(parts.input_like(stage.segment, context, n_rows, patch.length))
                    rows = [
                        self._overlaid(
                            parts,
                            (context, row, patch.length),
                            list(self._overlays(number, kind, row)),
                            arrays,
                            axis,
                            f"{name}/{row}",
                        )
                        for row in range(len(patch.rows))
                    ]
                    source = joined(parts, rows, 0, f"{name}/rows")
                made[kind] = parts.copy(stage.segment, source, name, self.n * len(patch.rows))
            arrays = made
        n_rows, bins = self._windows(parts, arrays)
        shape = [n_rows, ends.n_tracks, bins]
        inputs.append(helper.make_tensor_value_info(REFERENCE, TensorProto.FLOAT, shape))
        low, high = self.cone.read
        return finish(parts, ends, (self.n, high - low), (n_rows, bins), inputs=inputs)

    def _first(self, parts: GraphParts, kind: Kind, name: str) -> str:
        """Return the rows of the first stage, cut from the alternative's own bases."""
        layout, patch = self.cone.layout, self.cone.patches[0][kind]
        stage, onehot = layout.stages[0], self.found.graph.input[0].name
        group, moved = stage.groups[kind], layout.read[0] - self.cone.read[0]
        rows = []
        for number, (row, start) in enumerate(zip(patch.rows, patch.starts, strict=True)):
            low = group.starts[row] + stage.segment.skipped
            (piece,) = layout.pieces(0, kind == "shared", group.keys[row], low, low + 1)
            first = piece.start + start + moved
            along = (stage.segment.given.axis, first, first + patch.length)
            rows.append(slice_rows(parts, onehot, along, None, f"{name}/{number}"))
        return joined(parts, rows, 0, f"{name}/rows")

    def _overlays(self, number: int, kind: Kind, row: int) -> Iterator[_Overlay]:
        """Yield where a row of a stage holds values that the stage before made again."""
        stage, patch = self.cone.layout.stages[number], self.cone.patches[number][kind]
        group = stage.groups[kind]
        key = group.keys[patch.rows[row]]
        low = group.starts[patch.rows[row]] + patch.starts[row] + stage.segment.skipped
        pieces = self.cone.layout.pieces(number, kind == "shared", key, low, low + patch.length)
        yield from self._over(number, pieces)

    def _over(self, number: int, pieces: Sequence[Piece]) -> Iterator[_Overlay]:
        at = 0
        for piece in pieces:
            patch = self.cone.patches[number - 1].get(piece.kind)
            if patch is not None and piece.row in patch.rows:
                row = patch.rows.index(piece.row)
                low, high = patch.changed[row]
                if self.cone.layout.stages[number - 1].segment.reach is None:
                    low, high = piece.start, piece.stop
                low, high = max(low, piece.start), min(high, piece.stop)
                if low < high:
                    start = low - patch.origins[row]
                    yield _Overlay(at + low - piece.start, piece.kind, row, start, high - low)
            at += piece.stop - piece.start

    def _overlaid(
        self,
        parts: GraphParts,
        of: tuple[str, int, int],
        overlays: Sequence[_Overlay],
        arrays: dict[Kind, str],
        axis: int,
        name: str,
    ) -> str:
        """Return a row of the reference, where it is replaced by values of the alternative."""
        context, row, length = of
        rows = (row * self.n, (row + 1) * self.n)
        found: list[str] = []
        at = 0
        for number, one in enumerate(overlays):
            if one.at > at:
                along = (axis, at, one.at)
                found.append(slice_rows(parts, context, along, rows, f"{name}/{number}/before"))
            along = (axis, one.start, one.start + one.size)
            own = (one.row * self.n, (one.row + 1) * self.n)
            found.append(slice_rows(parts, arrays[one.kind], along, own, f"{name}/{number}"))
            at = one.at + one.size
        if at < length:
            found.append(slice_rows(parts, context, (axis, at, length), rows, f"{name}/after"))
        return joined(parts, found, axis, name)

    def _windows(self, parts: GraphParts, arrays: dict[Kind, str]) -> tuple[int, int]:
        """Add ``PREDICTIONS``, and return its rows and bins."""
        layout = self.cone.layout
        last, bins = len(layout.stages), layout.needed[0][1] - layout.needed[0][0]
        windows = [
            self._overlaid(
                parts,
                (REFERENCE, key, bins),
                list(self._over(last, layout.pieces(last, False, key, low, high))),
                arrays,
                2,
                f"engine/windows/{key}",
            )
            for key, (low, high) in enumerate(layout.needed)
        ]
        gathered = joined(parts, windows, 0, "engine/windows")
        parts.add("Identity", [gathered], PREDICTIONS)
        return self.n * len(layout.offsets), bins
