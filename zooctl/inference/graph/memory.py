"""Peak memory of a graph, computed from the sizes of its tensors.

A tensor is held from the operator that writes it to the last one that reads it. That depends on
the order of operators, which onnxruntime chooses; both its order and the file's are gone through.
Some operators need far more memory than their inputs and outputs (``_for_itself``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import onnx
from onnx import TensorProto, helper


def peak_bytes(graph: onnx.GraphProto) -> int:
    """Return the bytes of tensors held at once while a graph runs, its weights not among them.

    Args:
        graph: With the shapes of its tensors; one without counts nothing.
    """
    sizes, own = _sizes(graph), _for_itself(graph)
    return max(_peak(graph, order, sizes, own) for order in (graph.node, _run_order(graph)))


def constant_bytes(graph: onnx.GraphProto) -> int:
    """Return the bytes of tensors that follow from constants alone: all are made at loading."""
    fixed = {tensor.name for tensor in graph.initializer}
    sizes = _sizes(graph)
    total = 0
    for node in graph.node:
        if all(name in fixed for name in node.input if name):
            fixed.update(node.output)
            total += sum(sizes.get(name, 0) for name in node.output)
    return total


def _sizes(graph: onnx.GraphProto) -> dict[str, int]:
    """Return the bytes of the tensors whose shapes are known."""
    return {value.name: _bytes(value) for value in (*graph.input, *graph.value_info, *graph.output)}


def _bytes(value: onnx.ValueInfoProto) -> int:
    tensor = value.type.tensor_type
    if tensor.elem_type == TensorProto.UNDEFINED or not tensor.HasField("shape"):
        return 0
    width = int(helper.tensor_dtype_to_np_dtype(tensor.elem_type).itemsize)
    n_values: int = math.prod(max(0, dim.dim_value) for dim in tensor.shape.dim)
    return width * n_values


def _for_itself(graph: onnx.GraphProto) -> dict[str, int]:
    """Return the bytes that operators take while they run, by the name of their first output.

    Only of those that can take much more than their inputs and outputs together: each value of a
    sequence for each of a kernel (transposed and integer convolutions), all pairs of positions
    (attention), all gates at all positions (recurrent networks). Measured with onnxruntime 1.31.
    """
    values = (*graph.input, *graph.value_info, *graph.output)
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
    shapes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    own: dict[str, int] = {}
    for node in graph.node:
        inputs = [shapes.get(name, []) for name in node.input]
        outputs = [shapes.get(name, []) for name in node.output]
        needed = 0
        if node.op_type == "ConvTranspose":
            needed = 4 * math.prod(inputs[1][1:]) * math.prod(inputs[0][2:])
        elif node.op_type in ("ConvInteger", "QLinearConv"):
            kernel = inputs[1 if node.op_type == "ConvInteger" else 3][1:]
            needed = math.prod(kernel) * math.prod(outputs[0][2:])
        elif node.op_type == "Attention":
            named = {attribute.name: attribute.i for attribute in node.attribute}
            query, key = inputs[0], inputs[1]
            heads = query[1] if len(query) == 4 else named.get("q_num_heads", 1)
            needed = 4 * math.prod(query[:1]) * heads * math.prod(query[-2:-1] + key[-2:-1])
        elif node.op_type in ("LSTM", "GRU", "RNN"):
            needed = 8 * math.prod(inputs[0][:2]) * math.prod(inputs[1][:2])
        if needed > 0:
            own[next(filter(None, node.output), "")] = needed
    return own


def _peak(
    graph: onnx.GraphProto,
    order: Iterable[onnx.NodeProto],
    sizes: dict[str, int],
    own: dict[str, int],
) -> int:
    nodes = list(order)
    last = {name: step for step, node in enumerate(nodes) for name in node.input}
    # The outputs are handed over at the end.
    last |= {value.name: len(nodes) for value in graph.output}
    ends: list[list[str]] = [[] for _ in range(len(nodes) + 1)]
    for name, step in last.items():
        ends[step].append(name)
    held = {value.name for value in graph.input}
    now = sum(sizes.get(name, 0) for name in held)
    peak = now
    for step, node in enumerate(nodes):
        now += sum(sizes.get(name, 0) for name in node.output)
        held.update(node.output)
        peak = max(peak, now + sum(own.get(name, 0) for name in node.output))
        # Tensors that nothing reads any more are freed at once.
        done = [*ends[step], *(name for name in node.output if name not in last)]
        now -= sum(sizes.get(name, 0) for name in done if name in held)
        held.difference_update(done)
    return peak


def _run_order(graph: onnx.GraphProto) -> Sequence[onnx.NodeProto]:
    """Return the operators as onnxruntime runs them: depth first from the ends of the graph.

    Of an operator's inputs, the one that stands last in the file is computed first.
    """
    nodes = list(graph.node)
    maker = {name: number for number, node in enumerate(nodes) for name in node.output if name}
    needs = [sorted({maker[n] for n in node.input if n in maker}) for node in nodes]
    read = {number for inputs in needs for number in inputs}
    stack = [(number, False) for number in range(len(nodes)) if number not in read]
    seen: set[int] = set()
    order: list[onnx.NodeProto] = []
    while stack:
        number, made = stack.pop()
        if made:
            order.append(nodes[number])
        elif number not in seen:
            seen.add(number)
            stack.append((number, True))
            stack.extend((one, False) for one in needs[number] if one not in seen)
    return order
