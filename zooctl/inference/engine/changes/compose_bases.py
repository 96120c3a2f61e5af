"""One graph for windows with a replaced base, each with rows of its own (``base_rows``).

All rows of a segment lie beside each other as the lines of one image, ``(1, channels, rows,
positions)``, whose kernels are one line high. So a convolution is one matrix product for all of
them, however short they are; row by row it would fill no register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from zooctl.inference.engine.changes.base_rows import BaseRows
from zooctl.inference.engine.compose import PREDICTIONS, Ends, finish
from zooctl.inference.engine.copies import GraphParts
from zooctl.inference.graph.positions.follow import PositionMap


def columns_name(number: int) -> str:
    """Return the name of the input that holds ``BaseRows.columns`` of a segment."""
    return f"engine/columns/{number}"


def window_name(number: int) -> str:
    """Return the name of the input that holds a segment's source in the window."""
    return f"engine/window/{number}"


@dataclass(frozen=True)
class BaseComposer:
    """Puts the graph together.

    Attributes:
        proto: The checked model.
        found: Its positions.
        rows: Rows of each segment.
        n: Windows in a batch.
    """

    proto: onnx.ModelProto
    found: PositionMap
    rows: Sequence[BaseRows]
    n: int

    def compose(self, ends: Ends) -> bytes:
        """Return the graph: bases of the first rows, columns and windows in, what is new out.

        The first input is ``CODES`` ``(n, length)`` of the first segment's rows; the output is
        ``PREDICTIONS`` ``(n, n_tracks, made)`` of the last one's.
        """
        parts = GraphParts(self.proto, self.found)
        inputs: list[onnx.ValueInfoProto] = []
        onehot = self.found.graph.input[0].name
        made = parts.add("Transpose", [onehot], "engine/bases", perm=[0, 2, 1])
        for number, one in enumerate(self.rows):
            inputs += self._inputs(number, one)
            lines = self._lines(parts, number, one, made)
            name = f"engine/{number}"
            if one.segment.reach is None:
                rows = parts.add("Transpose", [lines], f"{name}/rows", perm=[0, 2, 1])
                made = parts.copy(one.segment, rows, name, self.n)
                break
            shape = parts.numbers(1, self.n, one.length, self._channels(one.segment.source))
            image = parts.add("Reshape", [lines, shape], f"{name}/lines/one")
            image = parts.add("Transpose", [image], f"{name}/image", perm=[0, 3, 1, 2])
            image = parts.copy_image(one.segment, image, name, padded=False)
            made = parts.add("Transpose", [image], f"{name}/made", perm=[0, 2, 3, 1])
        else:
            shape = parts.numbers(self.n, self.rows[-1].made, ends.n_tracks)
            lines = parts.add("Reshape", [made, shape], "engine/made")
            made = parts.add("Transpose", [lines], "engine/made/rows", perm=[0, 2, 1])
        parts.add("Identity", [made], PREDICTIONS)
        bins = self.rows[-1].made or ends.geometry.n_bins
        codes = (self.n, self.rows[0].length)
        return finish(parts, ends, codes, (self.n, bins), inputs=inputs)

    def _channels(self, name: str) -> int:
        return self.found.shapes[name][1]

    def _inputs(self, number: int, one: BaseRows) -> list[onnx.ValueInfoProto]:
        """Return the inputs of a segment."""
        columns = helper.make_tensor_value_info(
            columns_name(number), TensorProto.INT32, [self.n, one.length]
        )
        if number == 0:
            return [columns]
        shape = [one.kept[1] - one.kept[0], self._channels(one.segment.source)]
        window = helper.make_tensor_value_info(window_name(number), TensorProto.FLOAT, shape)
        return [columns, window]

    def _lines(self, parts: GraphParts, number: int, one: BaseRows, made: str) -> str:
        """Return what the rows of a segment read, ``(n, length, channels)``.

        Channels lie innermost, so that a column is copied as a whole.
        """
        name, channels = f"engine/{number}", self._channels(one.segment.source)
        flat = parts.add("Reshape", [made, parts.numbers(-1, channels)], f"{name}/flat")
        zeros = parts.constant(np.zeros((1, channels), dtype=np.float32), f"{name}/zeros")
        read = [window_name(number), flat, zeros] if number else [flat, zeros]
        columns = parts.add("Concat", read, f"{name}/columns", axis=0)
        return parts.add("Gather", [columns, columns_name(number)], f"{name}/lines", axis=0)
