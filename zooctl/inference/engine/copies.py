"""Copies of a segment's operators for rows of another length than the window's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from zooctl.inference.engine.constants import evaluate, evened
from zooctl.inference.engine.images import constant_of_lines, fits_image, make_lines
from zooctl.inference.engine.segments import Segment
from zooctl.inference.graph.batch.step import Step, constants, wrap
from zooctl.inference.graph.positions.compute import joined
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.inference.graph.positions.rules import RULES

_END = np.iinfo(np.int64).max


@dataclass
class GraphParts:
    """Operators and constants of a graph in the making.

    Attributes:
        proto: The model that they are copied from.
        found: Its positions.
        nodes: Operators so far.
        fixed: Constants so far, by name.
    """

    proto: onnx.ModelProto
    found: PositionMap
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    fixed: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._given = {tensor.name: tensor for tensor in self.proto.graph.initializer}
        self._based = {*self.found.positions, *self.found.behind}
        self._values = constants(self.found.graph)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add an operator, and return its output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, value: NDArray[Any], name: str) -> str:
        """Add a constant, and return its name."""
        self.fixed[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def numbers(self, *values: int) -> str:
        """Add a vector of integers, once."""
        name = "engine/" + "_".join(map(str, values))
        return self.constant(np.array(values, dtype=np.int64), name)

    def typed(self, name: str) -> onnx.ValueInfoProto:
        """Return a tensor of the graph as an output, of float32 and any shape."""
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)

    def input_like(
        self, segment: Segment, name: str, rows: int, length: int
    ) -> onnx.ValueInfoProto:
        """Return an input of so many rows and positions of what a segment reads."""
        shape = list(self.found.shapes[segment.source])
        shape[0], shape[segment.given.axis] = rows, length
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def copy(self, segment: Segment, source: str, name: str, rows: int) -> str:
        """Add a copy of a segment's operators.

        Args:
            segment: The segment.
            source: What it reads.
            name: Put before the names of its tensors.
            rows: Rows of a batch.

        Returns:
            The name of its output.
        """
        if fits_image(self.found, segment):
            image = self.add("Reshape", [source, self.numbers(0, 0, 1, -1)], f"{name}/to_image")
            made = self.copy_image(segment, image, name)
            return self.add("Reshape", [made, self.numbers(0, 0, -1)], f"{name}/to_rows")
        renamed = {segment.source: source}
        whole = segment.reach is None
        values = self.read_values(segment, rows if whole else 1)
        for node in segment.nodes:
            copied = onnx.NodeProto()
            copied.CopyFrom(node)
            copied.name = f"{name}/{node.output[0]}"
            del copied.input[:], copied.output[:]
            renamed |= {one: f"{name}/{one}" if one else "" for one in node.output}
            copied.output.extend(renamed[one] for one in node.output)
            copied.input.extend(
                renamed[one] if one in renamed else self._fix(node, one, values, name, whole)
                for one in node.input
            )
            if not whole:
                self._refit(node, copied, name)
            self.nodes.append(copied)
        return renamed[segment.output]

    def copy_image(self, segment: Segment, image: str, name: str, *, padded: bool = True) -> str:
        """Add a copy of the operators of a segment that fits images.

        Args:
            segment: The segment.
            image: What it reads, ``(n, channels, lines, positions)``.
            name: Put before the names of its tensors.
            padded: Pad lines as windows are.

        Returns:
            The name of its output.
        """
        renamed = {segment.source: image}
        values = self.read_values(segment, 1)
        for node in segment.nodes:
            copied = onnx.NodeProto()
            copied.CopyFrom(node)
            copied.name = f"{name}/{node.output[0]}"
            del copied.input[:], copied.output[:]
            renamed |= {one: f"{name}/{one}" for one in node.output}
            copied.output.extend(renamed[one] for one in node.output)
            for place, one in enumerate(node.input if node.op_type != "Slice" else node.input[:1]):
                if one and one not in renamed:
                    fixed = f"engine/lines/{node.output[0]}/{place}"
                    # All copies of a segment share it.
                    if fixed not in self.fixed:
                        value = self.value(one, values)
                        self.constant(constant_of_lines(node, place, value), fixed)
                    one = fixed
                copied.input.append(renamed.get(one, one))
            if node.op_type == "Slice":
                copied.input.extend(self._crop(node, lines=True))
            make_lines(copied, padded)
            self.nodes.append(copied)
        return renamed[segment.output]

    def read_values(self, segment: Segment, n: int) -> dict[str, NDArray[Any]]:
        """Return the values that operators read of n windows and that are no initializers."""
        read = {one for node in segment.nodes for one in node.input if one}
        return evaluate(self.proto, self.found, sorted(read - self._based - set(self._given)), n)

    def value(self, name: str, values: dict[str, NDArray[Any]]) -> NDArray[Any]:
        """Return an initializer, or one of ``read_values``."""
        return values[name] if name in values else numpy_helper.to_array(self._given[name])

    def _fix(
        self,
        node: onnx.NodeProto,
        name: str,
        values: dict[str, NDArray[Any]],
        copy: str,
        whole: bool,
    ) -> str:
        """Return the name of a constant that an operator reads, after adding it."""
        if not name:
            return ""
        output = self.found.positions.get(node.output[0])
        if whole or output is None or RULES.get(node.op_type) is not joined:
            if name in self._given:
                self.fixed[name] = self._given[name]
                return name
            return self.constant(values[name], f"{copy}/{name}")
        axis = output.axis - len(self.found.shapes[node.output[0]])
        return self.constant(evened(self.value(name, values), axis), f"engine/even{axis}/{name}")

    def _refit(self, node: onnx.NodeProto, copied: onnx.NodeProto, name: str) -> None:
        """Replace sizes and ends of the window by those of a row of any length."""
        if node.op_type == "Slice":
            copied.input[1:] = list(self._crop(node))
        elif node.op_type == "Reshape":
            positions = self.found.positions[node.output[0]]
            shape = list(self.found.shapes[node.output[0]])
            shape[0], shape[positions.axis] = 0, -1
            copied.input[1] = self.numbers(*shape)
            del copied.attribute[:]

    def _crop(self, node: onnx.NodeProto, *, lines: bool = False) -> Iterator[str]:
        """Yield starts, ends, axes and steps of a Slice, its ends counted from the last."""
        step = Step(node, self.found.shapes, {}, self._values, {}, self.found.n)
        shape, positions = step.shape(), self.found.positions[node.input[0]]
        starts, ends = step.constant(1) or [], step.constant(2) or []
        axes = step.constant(3) or list(range(len(starts)))
        axes = [wrap(axis, len(shape)) for axis in axes]
        for number, axis in enumerate(axes):
            if axis == positions.axis:
                size = shape[axis]
                start, end = (wrap(one, size) for one in (starts[number], ends[number]))
                starts[number] = max(0, start)
                ends[number] = end - size if end < size else _END
        if lines:
            axes = [axis + (axis == positions.axis) for axis in axes]
        for values in (starts, ends, axes, step.constant(4) or [1] * len(axes)):
            yield self.numbers(*values)
