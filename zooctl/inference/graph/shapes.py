"""Sizes of all tensors of a graph for some windows, known before it runs.

Sizes that follow from other sizes (``Shape``, then arithmetic) are computed here as far as they
are small, and put into the graph as constants, so that shapes can be inferred further. onnx can
follow them, too (``data_prop``), but makes an object of every value, however many there are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from zooctl.errors import UnsafeError

Values = dict[str, NDArray[Any]]

SMALL = 4_096
"""Values of the largest tensor that may say how large others are; no tensor has so many axes."""

_ROUNDS = 32
# Operators that compute sizes. Each takes no longer than its small inputs and outputs are.
_OF_SIZES = (
    *("Abs", "Add", "And", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "Div", "Equal"),
    *("Expand", "Floor", "Gather", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual"),
    *("Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Range", "ReduceMax", "ReduceMin"),
    *("ReduceProd", "ReduceSum", "Reshape", "Round", "Shape", "Sign", "Size", "Slice", "Split"),
    *("Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where", "Xor"),
)


def infer_window(proto: onnx.ModelProto, input_length: int, n: int = 1) -> onnx.GraphProto:
    """Return the graph with the shapes of all tensors, as far as they follow, for n windows.

    Weights are not in it.

    Raises:
        UnsafeError: The shapes of operators do not fit together.
    """
    probe = _outline(proto)
    set_shape(probe.graph.input[0], (n, 4, input_length))
    set_shape(probe.graph.output[0], ())
    for _ in range(_ROUNDS):
        # The file's own statements of shapes are not trusted.
        del probe.graph.value_info[:]
        inferred = _infer(probe)
        if not unknown(inferred) or not _fold(probe, inferred):
            break
    return inferred


def unknown(graph: onnx.GraphProto) -> list[str]:
    """Return the names of tensors without a known size, in the order they are computed."""
    sizes = {
        value.name
        for value in (*graph.input, *graph.value_info, *graph.output)
        if _shape(value) is not None
    }
    return [name for node in graph.node for name in node.output if name and name not in sizes]


def count(value: onnx.ValueInfoProto) -> int:
    """Return the number of values of a tensor; 0 where a size is open."""
    return math.prod(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def set_shape(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    """Set a shape, or leave it open where none is given."""
    value.type.tensor_type.ClearField("shape")
    for size in shape:
        value.type.tensor_type.shape.dim.add().dim_value = size


def shapes_of(graph: onnx.GraphProto) -> dict[str, list[int]]:
    """Return the sizes of all tensors of an inferred graph, its constants among them."""
    values = (*graph.input, *graph.value_info, *graph.output)
    known = {value.name: shape for value in values if (shape := _shape(value)) is not None}
    return known | {tensor.name: list(tensor.dims) for tensor in graph.initializer}


def _shape(value: onnx.ValueInfoProto) -> list[int] | None:
    """Return the sizes of a tensor's axes, None where one is open or impossible."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    if not all(dim.HasField("dim_value") and dim.dim_value >= 0 for dim in tensor.shape.dim):
        return None
    return [dim.dim_value for dim in tensor.shape.dim]


def _outline(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model without the values of its large constants."""
    outline = onnx.ModelProto(ir_version=proto.ir_version, opset_import=proto.opset_import)
    graph = proto.graph
    outline.graph.name = graph.name
    outline.graph.node.extend(graph.node)
    outline.graph.input.extend(graph.input)
    outline.graph.output.extend(graph.output)
    for tensor in graph.initializer:
        if math.prod(tensor.dims) <= SMALL:
            outline.graph.initializer.append(tensor)
        else:
            outline.graph.initializer.add(
                name=tensor.name, data_type=tensor.data_type, dims=tensor.dims
            )
    return outline


def _infer(model: onnx.ModelProto) -> onnx.GraphProto:
    try:
        return onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    except onnx.shape_inference.InferenceError as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "unknown")
        raise UnsafeError(f"shapes do not fit together: {reason}") from error


def _fold(probe: onnx.ModelProto, inferred: onnx.GraphProto) -> bool:
    """Replace small tensors that depend on sizes alone by constants; return whether any was."""
    shapes = {
        value.name: shape
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
        if (shape := _shape(value)) is not None
    }
    known: Values = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in probe.graph.initializer
        if math.prod(tensor.dims) <= SMALL
    }
    kept: list[onnx.NodeProto] = []
    found: Values = {}
    for node in probe.graph.node:
        values = _evaluate(probe, node, shapes, known | found)
        if values is None:
            kept.append(node)
        else:
            found |= values
    if found:
        del probe.graph.node[:]
        probe.graph.node.extend(kept)
        probe.graph.initializer.extend(
            numpy_helper.from_array(np.array(value, order="C"), name)
            for name, value in found.items()
        )
    return bool(found)


def _evaluate(
    probe: onnx.ModelProto, node: onnx.NodeProto, shapes: dict[str, list[int]], known: Values
) -> Values | None:
    """Return an operator's outputs where its inputs are known and its outputs are small."""
    if probe.graph.output[0].name in node.output or node.op_type not in _OF_SIZES:
        return None
    if node.op_type in ("Shape", "Size") and node.input[0] in shapes:
        return {node.output[0]: _of_shape(node, shapes[node.input[0]])}
    if not all(name in known for name in node.input if name):
        return None
    inputs = {name: known[name] for name in node.input if name}
    sizes = [math.prod(shapes.get(name, [SMALL + 1])) for name in node.output]
    if max(sizes) > SMALL:
        return None
    from onnx.reference import ReferenceEvaluator  # most graphs do without

    values = [helper.make_empty_tensor_value_info(name) for name in (*inputs, *node.output)]
    graph = helper.make_graph([node], "part", values[: len(inputs)], values[len(inputs) :])
    model = helper.make_model(graph, opset_imports=probe.opset_import, ir_version=10)
    try:
        results = ReferenceEvaluator(model).run(None, inputs)
    except Exception:  # whatever it cannot compute stays open, and is refused as such
        return None
    return {
        name: np.asarray(value) for name, value in zip(node.output, results, strict=True) if name
    }


def _of_shape(node: onnx.NodeProto, shape: list[int]) -> NDArray[np.int64]:
    """Return the output of Shape or Size; no tensor of that shape is made, however large it is."""
    if node.op_type == "Size":
        # One that does not fit is refused for its size anyway.
        return np.array(min(math.prod(shape), 2**63 - 1), dtype=np.int64)
    named = {attribute.name: attribute.i for attribute in node.attribute}
    part = shape[named.get("start", 0) : named.get("end", len(shape))]
    return np.array(part, dtype=np.int64)
