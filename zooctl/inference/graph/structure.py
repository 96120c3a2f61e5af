"""Structure of ONNX graphs: what may be in one, apart from shapes and values."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from onnx import SparseTensorProto, TensorProto, helper, numpy_helper

from zooctl.errors import InputError, UnsafeError, VerificationError
from zooctl.inference.graph.operators import OPERATORS
from zooctl.inference.graph.parsed_size import check_wire

STANDARD = ("", "ai.onnx")
"""Names of the domain of the ONNX standard, which are one."""

# 13 is the first in which Unsqueeze takes its axes as an input; newer than 25 was never tried.
OPSETS = range(13, 26)
"""Versions of the operator set that run here."""
_MAX_NODES = 10_000
# Numbers of fixed width, and bool; no text.
_TYPES = {
    TensorProto.DataType.Value(name)
    for name in (
        *("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "BOOL"),
        *("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"),
    )
}

_MULTIPLY = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "BatchNormalization")
_VALUES = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def parse_model(model: bytes) -> onnx.ModelProto:
    """Return the parts of a serialised ONNX model; nothing outside of its bytes is read.

    Raises:
        InputError: It is none, or has no operators.
        UnsafeError: Parsing it would take too much memory.
    """
    check_wire(model)
    try:
        proto: onnx.ModelProto = onnx.ModelProto.FromString(model)
    except DecodeError as error:
        raise InputError("not an ONNX model") from error
    if not proto.graph.node:
        raise InputError("not an ONNX model", got="no nodes")
    if any(not _is_text(message) for message in messages(proto)):
        raise InputError("not an ONNX model", got="a name that is not UTF-8")
    return proto


def refuse_unsafe(proto: onnx.ModelProto) -> None:
    """Refuse references outside of the model's bytes, and operators that hide other graphs."""
    for message in messages(proto):
        if isinstance(message, TensorProto):
            _refuse_tensor(message)
    if any(isinstance(message, SparseTensorProto) for message in messages(proto)):
        raise UnsafeError("graph holds a sparse tensor", hint="export it with dense weights")
    _refuse_opsets(proto)
    if proto.functions or proto.training_info:
        raise UnsafeError("graph brings functions or training steps of its own")
    if len(proto.graph.node) > _MAX_NODES:
        raise UnsafeError("graph is too large", got=len(proto.graph.node), expected=_MAX_NODES)
    for node in proto.graph.node:
        if any(a.HasField("g") or a.graphs for a in node.attribute):
            raise UnsafeError(f"operator {node.op_type} runs a graph inside of the graph")
        if any(a.name == "num_outputs" and a.i != len(node.output) for a in node.attribute):
            # Shapes would be made for as many as it says.
            raise UnsafeError(f"operator {node.op_type} has another number of outputs than it says")
        if node.op_type not in OPERATORS:
            raise UnsafeError(
                "operator is not on the list of those that run here",
                got=node.op_type,
                hint="zooctl/inference/graph/operators.py is the list",
            )


def refuse_no_numbers(proto: onnx.ModelProto) -> None:
    """Refuse weights that are no numbers, which later operators such as Relu would hide as zeros.

    Infinite ones are left where a mask may have them: in all but the weights that are multiplied.

    Raises:
        VerificationError: Names the tensor.
    """
    multiplied = {
        name for node in proto.graph.node if node.op_type in _MULTIPLY for name in node.input
    }
    for message in messages(proto):
        if not isinstance(message, TensorProto):
            continue
        values = numpy_helper.to_array(message)
        if values.dtype.kind != "f":
            continue
        if np.isnan(values).any() or (message.name in multiplied and np.isinf(values).any()):
            raise VerificationError(f"weights {message.name!r} are not finite")


def _refuse_tensor(tensor: TensorProto) -> None:
    """Refuse values outside of the file, values that are no plain numbers, and a wrong count."""
    if is_external(tensor):
        raise UnsafeError(
            f"tensor {tensor.name!r} keeps its data outside of the ONNX file",
            expected="a single file",
            hint="save it as one file: onnx.save(onnx.load(file), other_file)",
        )
    if tensor.data_type not in _TYPES or tensor.string_data or tensor.HasField("segment"):
        raise UnsafeError(f"tensor {tensor.name!r} holds no plain numbers")
    if any(size < 0 for size in tensor.dims):
        raise UnsafeError(f"tensor {tensor.name!r} has a negative size")
    count = math.prod(tensor.dims)
    got, expected = len(tensor.raw_data), count
    if tensor.HasField("raw_data"):
        expected *= helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    else:
        got = sum(len(getattr(tensor, field)) for field in _VALUES)
    if got != expected:
        raise UnsafeError(
            f"tensor {tensor.name!r} has another size than its shape says",
            got=got,
            expected=expected,
        )


def is_external(tensor: TensorProto) -> bool:
    """Return whether a tensor keeps its values in another file."""
    return bool(tensor.external_data) or tensor.data_location != TensorProto.DEFAULT


def _refuse_opsets(proto: onnx.ModelProto) -> None:
    """Refuse operators outside of the standard, and untested versions of it."""
    for node in proto.graph.node:
        if node.domain not in STANDARD:
            raise UnsafeError(
                "an operator is outside of the ONNX standard",
                got=f"{node.op_type} of {node.domain}",
                expected="the standard domain alone",
            )
    if more := sorted({one.domain for one in proto.opset_import}.difference(STANDARD)):
        raise UnsafeError(
            "graph names an operator set that no operator is of",
            got=", ".join(more),
            hint="zooctl adopt onnx leaves it out",
        )
    # Both domains are one: readers differ in which of two versions they take.
    if len(proto.opset_import) != 1:
        raise UnsafeError("graph needs one operator set", got=len(proto.opset_import))
    version = proto.opset_import[0].version
    if version not in OPSETS:
        expected = f"{OPSETS.start} to {OPSETS.stop - 1}"
        raise UnsafeError("operator set is not supported", got=version, expected=expected)


def messages(message: Message) -> Iterator[Message]:
    """Yield a message and all messages inside it, whatever field holds them.

    Walking every field, not a list of known ones, leaves no corner of the format unvisited.
    """
    yield message
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            for inner in [value] if isinstance(value, Message) else value:
                yield from messages(inner)


def _is_text(message: Message) -> bool:
    """Return whether the texts of a message are; the parser hands out others as bytes."""
    for descriptor, value in message.ListFields():
        if descriptor.type != descriptor.TYPE_STRING or isinstance(value, str):
            continue
        if isinstance(value, bytes) or any(isinstance(one, bytes) for one in value):
            return False
    return True
