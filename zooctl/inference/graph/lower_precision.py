"""Graphs with convolutions and products in 16 bits.

Sums within them are of 32 bits on a GPU. All else stays in 32 bits, but for what only moves or
joins their results on the way to the next of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zooctl.errors import VerificationError

_TYPES = {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
_HEAVY = frozenset({"Conv", "Gemm", "MatMul"})
# onnxruntime's CUDA provider has these in both types.
_BETWEEN = frozenset(["Add", "Concat", "Identity", "Mul", "Relu", "Reshape", "Slice", "Transpose"])
# The operator set from which on that provider convolves in bfloat16.
_BF16_OPSET = 22


def lower_precision(model: bytes, precision: Literal["fp16", "bf16"]) -> bytes:
    """Return a graph with convolutions and products in 16 bits; inputs and outputs keep their type.

    Args:
        model: Serialised ONNX model, checked or of our own.
        precision: The type.

    Raises:
        VerificationError: It cannot be rewritten for the operator set that bfloat16 needs.
    """
    proto = onnx.ModelProto.FromString(model)
    if precision == "bf16" and proto.opset_import[0].version < _BF16_OPSET:
        try:
            proto = onnx.version_converter.convert_version(proto, _BF16_OPSET)
        except Exception as error:
            reason = str(error).strip().splitlines()[0]
            raise VerificationError(f"the graph cannot be computed in bf16: {reason}") from error
    _Lowering(proto, _TYPES[precision]).rewrite()
    lowered: bytes = proto.SerializeToString()
    return lowered


class _Lowering:
    """A graph that is being rewritten."""

    def __init__(self, proto: onnx.ModelProto, low: int) -> None:
        self._graph, self._low = proto.graph, low
        inferred = onnx.shape_inference.infer_shapes(proto).graph
        typed = (*inferred.input, *inferred.value_info, *inferred.output)
        self._float = {
            one.name for one in typed if one.type.tensor_type.elem_type == TensorProto.FLOAT
        }
        self._constants = {one.name: one for one in self._graph.initializer}
        self._float |= {
            name for name, one in self._constants.items() if one.data_type == TensorProto.FLOAT
        }
        self._nodes: list[onnx.NodeProto] = []
        # Tensors that are there in 16 bits, to their name; and those that are there in 32.
        self._lowered: dict[str, str] = {}
        self._full = {*self._constants, *(one.name for one in self._graph.input)}

    def rewrite(self) -> None:
        """Replace the graph's nodes."""
        for node in self._graph.node:
            if self._is_low(node):
                self._take_low(node)
            else:
                self._take_full(node)
        for one in self._graph.output:
            self._widen(one.name)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        # Shapes of 32-bit tensors that are no more.
        del self._graph.value_info[:]

    def _is_low(self, node: onnx.NodeProto) -> bool:
        read = [name for name in node.input if name in self._float]
        if node.op_type in _HEAVY:
            return bool(read) and node.output[0] in self._float
        moved = [name for name in read if name not in self._constants]
        return (
            node.op_type in _BETWEEN and bool(moved) and all(map(self._lowered.__contains__, moved))
        )

    def _take_low(self, node: onnx.NodeProto) -> None:
        own = onnx.NodeProto()
        own.CopyFrom(node)
        own.input[:] = [self._narrow(name) if name in self._float else name for name in node.input]
        (name,) = node.output
        own.output[:] = [f"{name}/16"]
        self._lowered[name] = f"{name}/16"
        self._nodes.append(own)

    def _take_full(self, node: onnx.NodeProto) -> None:
        for name in node.input:
            self._widen(name)
        self._full |= set(node.output)
        self._nodes.append(node)

    def _narrow(self, name: str) -> str:
        """Return the name of a tensor in 16 bits."""
        if name not in self._lowered:
            self._lowered[name] = f"{name}/16"
            if name in self._constants:
                self._graph.initializer.append(self._constant(name))
            else:
                self._cast(name, f"{name}/16", self._low)
        return self._lowered[name]

    def _widen(self, name: str) -> None:
        """Have a tensor in 32 bits, too."""
        if name in self._lowered and name not in self._full:
            self._cast(self._lowered[name], name, TensorProto.FLOAT)
            self._full.add(name)

    def _cast(self, source: str, target: str, to: int) -> None:
        self._nodes.append(
            helper.make_node("Cast", [source], [target], name=f"{target}/cast", to=to)
        )

    def _constant(self, name: str) -> onnx.TensorProto:
        values = numpy_helper.to_array(self._constants[name])
        kind = helper.tensor_dtype_to_np_dtype(self._low)
        with np.errstate(over="ignore"):  # an infinite weight shows in the predictions
            return numpy_helper.from_array(values.astype(kind), f"{name}/16")
