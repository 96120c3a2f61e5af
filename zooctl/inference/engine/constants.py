"""Tensors of a graph that read no base: their values, and one value for all positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.graph.positions.follow import PositionMap

Values = Mapping[str, NDArray[Any]]


def evaluate(
    proto: onnx.ModelProto, found: PositionMap, names: Iterable[str], n: int
) -> dict[str, NDArray[Any]]:
    """Compute tensors that depend on constants and sizes alone.

    Args:
        proto: The model.
        found: Its positions.
        names: The tensors.
        n: Windows in the batch that sizes are those of.

    Raises:
        VerificationError: onnxruntime cannot compute them.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    needed, nodes, fixed = set(wanted), [], list(proto.graph.initializer)
    for node in reversed(proto.graph.node):
        if not needed.intersection(node.output):
            continue
        if node.op_type in ("Shape", "Size"):
            fixed.append(numpy_helper.from_array(_size(node, found, n), node.output[0]))
        else:
            nodes.append(node)
            needed.update(node.input)
    made = {name for node in nodes for name in node.output}
    kept = [tensor for tensor in fixed if tensor.name in needed]
    outputs = [helper.make_empty_tensor_value_info(name) for name in wanted if name in made]
    known = {one.name: numpy_helper.to_array(one) for one in kept if one.name in wanted}
    if outputs:
        graph = helper.make_graph(nodes[::-1], "constants", [], _typed(outputs, found), kept)
        model = helper.make_model(
            graph, opset_imports=proto.opset_import, ir_version=proto.ir_version
        )
        values = LoadedGraph(model.SerializeToString(), "cpu", 1).run({})
        known |= dict(zip((one.name for one in outputs), values, strict=True))
    return known


def _typed(outputs: Iterable[onnx.ValueInfoProto], found: PositionMap) -> list[onnx.ValueInfoProto]:
    """Return outputs with the types of their values, which onnxruntime asks for."""
    types = {value.name: value.type.tensor_type.elem_type for value in found.graph.value_info}
    return [
        helper.make_tensor_value_info(one.name, types.get(one.name, TensorProto.INT64), None)
        for one in outputs
    ]


def _size(node: onnx.NodeProto, found: PositionMap, n: int) -> NDArray[np.int64]:
    """Return the output of Shape or Size for n windows."""
    shape = [n if size == found.n else size for size in found.shapes[node.input[0]]]
    if node.op_type == "Size":
        return np.array(np.prod(shape), dtype=np.int64)
    named = {attribute.name: attribute.i for attribute in node.attribute}
    return np.array(shape[named.get("start", 0) : named.get("end", len(shape))], dtype=np.int64)


def evened(value: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return a constant with one entry along an axis that counts from the last one.

    >>> evened(np.ones((2, 5)), -1).shape, evened(np.ones(3), -2).shape
    ((2, 1), (3,))
    """
    return value if value.ndim < -axis else value.take([0], axis=axis)
