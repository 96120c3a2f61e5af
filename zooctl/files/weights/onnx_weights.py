"""ONNX graphs without weights: values are removed for shipping, and put back at first use.

A graph without weights keeps the names, types and shapes of its tensors; each has the name of its
values in the published file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from zooctl.errors import VerificationError


class PublishedTensors(NamedTuple):
    """Name and layout of a tensor's values in a published file.

    Attributes:
        name: Name in the published file.
        axes: For each axis of the tensor, the index of the published axis.
    """

    name: str
    axes: tuple[int, ...]


def take_weights(model: bytes, published: Mapping[str, PublishedTensors]) -> bytes:
    """Return a graph without the values of some of its tensors.

    Each becomes a tensor of the published name and layout, which a new node transposes.

    Args:
        model: Serialised ONNX model.
        published: Name of a tensor in the graph to the published name and layout.

    Raises:
        VerificationError: The graph lacks one of the tensors.
    """
    proto = onnx.ModelProto.FromString(model)
    graph = proto.graph
    if missing := published.keys() - {tensor.name for tensor in graph.initializer}:
        raise VerificationError("the graph lacks a tensor", got=sorted(missing)[0])
    layouts = []
    for tensor in graph.initializer:
        if tensor.name not in published:
            continue
        ours, (name, axes) = tensor.name, published[tensor.name]
        shape = [tensor.dims[axes.index(axis)] for axis in range(len(axes))]
        tensor.CopyFrom(TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape))
        layout = helper.make_node("Transpose", [name], [ours], name=f"layout/{ours}", perm=axes)
        layouts.append(layout)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*layouts, *nodes])
    return bytes(proto.SerializeToString(deterministic=True))


def put_weights(model: bytes, tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return a graph with the values of all its empty tensors: the inverse of ``take_weights``.

    Args:
        model: Serialised ONNX model without weights.
        tensors: Published name to values.

    Raises:
        VerificationError: A tensor is missing, or has another shape.
    """
    proto = onnx.ModelProto.FromString(model)
    for tensor in proto.graph.initializer:
        if tensor.HasField("raw_data") or tensor.data_type != TensorProto.FLOAT:
            continue
        values = tensors.get(tensor.name)
        if values is None or values.shape != tuple(tensor.dims):
            raise VerificationError(
                "weights are not those of the graph",
                field=tensor.name,
                got="nothing" if values is None else values.shape,
                expected=tuple(tensor.dims),
            )
        tensor.raw_data = values.astype("<f4").tobytes()
    return bytes(proto.SerializeToString(deterministic=True))
