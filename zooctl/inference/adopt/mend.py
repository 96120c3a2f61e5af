"""Conversions of an ONNX graph that keep its predictions: of outputs, of numbers, of axes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zooctl.errors import InputError
from zooctl.inference.graph.structure import messages

_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
_SEQUENCE_AXES = 3


def choose_output(graph: onnx.GraphProto, name: str | None) -> tuple[str, ...]:
    """Keep one output of several, and the operators that it needs.

    Args:
        graph: It is changed.
        name: The output; None where there is one.

    Returns:
        What was done, in words.

    Raises:
        InputError: There are several and none is named, or none of that name.
    """
    names = [value.name for value in graph.output]
    if name is None:
        if len(names) == 1:
            return ()
        raise InputError(
            "the graph needs exactly one output",
            got=", ".join(names) or "none",
            hint=f"--output {names[0]} keeps one of them" if names else None,
        )
    if name not in names:
        raise InputError("no such output", got=name, expected=", ".join(names))
    if len(names) == 1:
        return ()
    (kept,) = [value for value in graph.output if value.name == name]
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(kept)
    del graph.output[:]
    graph.output.append(copy)
    needed, nodes = {name}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed.update(node.input)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    for field, values in ((graph.node, nodes[::-1]), (graph.initializer, weights)):
        del field[:]
        field.extend(values)
    return (f"outputs other than {name}",)


def widen(proto: onnx.ModelProto) -> tuple[str, ...]:
    """Turn float16 and bfloat16 into float32, in weights, constants, casts, inputs and outputs.

    Args:
        proto: The model, which is changed.

    Returns:
        What was done, in words.

    Raises:
        InputError: A tensor has other values than its shape needs.
    """
    graph = proto.graph
    tensors = [one for one in messages(proto) if isinstance(one, TensorProto)]
    found = [one for one in tensors if one.data_type in _NARROW]
    values = [*graph.input, *graph.output]
    narrow = [one for one in values if one.type.tensor_type.elem_type in _NARROW]
    casts = list(_casts(graph))
    if not found and not narrow and not casts:
        return ()
    for tensor in found:
        try:
            wide = numpy_helper.to_array(tensor).astype(np.float32)
        except (ValueError, TypeError) as error:
            raise InputError(
                "a tensor whose values are not those of its shape", got=tensor.name
            ) from error
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(wide), tensor.name))
    for value in narrow:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    for attribute in casts:
        attribute.i = TensorProto.FLOAT
    # Types of values in between are inferred anew.
    del graph.value_info[:]
    return ("float32 in place of float16",)


def _casts(graph: onnx.GraphProto) -> Iterator[onnx.AttributeProto]:
    """Yield the attributes that name a narrow type."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in ("to", "dtype") and attribute.i in _NARROW:
                yield attribute


def drop_axes(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Take axes of size 1 from an input and an output of four axes, as images have them.

    Args:
        graph: It is changed; one input and one output.

    Returns:
        What was put around it, in words.
    """
    done = []
    for side, values in (("in", graph.input), ("out", graph.output)):
        value = values[0]
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        flat = [axis for axis, size in enumerate(sizes) if size == 1 and axis]
        flat = flat[-(len(sizes) - _SEQUENCE_AXES) :]
        if len(sizes) <= _SEQUENCE_AXES or len(sizes) - len(flat) != _SEQUENCE_AXES:
            continue
        _without(graph, value, flat, side)
        text = ", ".join(str(size or "batch") for size in sizes)
        done.append(f"no axis of size 1: ({text}) {side}")
    return tuple(done)


def _without(
    graph: onnx.GraphProto, value: onnx.ValueInfoProto, axes: list[int], side: str
) -> None:
    """Give an input or output a name of its own without some axes."""
    name, other = value.name, f"zooctl/flat_{value.name}"
    graph.initializer.append(numpy_helper.from_array(np.array(axes), f"zooctl/axes_{side}"))
    op, ends = ("Unsqueeze", (other, name)) if side == "in" else ("Squeeze", (name, other))
    node = helper.make_node(op, [ends[0], f"zooctl/axes_{side}"], [ends[1]], name=f"zooctl/{side}")
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([node, *nodes] if side == "in" else [*nodes, node])
    shape = value.type.tensor_type.shape.dim
    dims = [
        dim.dim_value or dim.dim_param or "batch"
        for axis, dim in enumerate(shape)
        if axis not in axes
    ]
    kind = value.type.tensor_type.elem_type
    value.CopyFrom(helper.make_tensor_value_info(other, kind, dims))
