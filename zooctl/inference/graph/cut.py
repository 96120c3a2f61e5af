"""The part of a graph that one of its tensors needs, as a graph of its own."""

from __future__ import annotations

import onnx
from onnx import helper


def cut_behind(proto: onnx.ModelProto, tensor: str) -> bytes:
    """Return the part of a model that a tensor needs, with that tensor as its output."""
    needed: set[str] = {tensor}
    nodes: list[onnx.NodeProto] = []
    for node in reversed(proto.graph.node):
        if needed & set(node.output):
            nodes.insert(0, node)
            needed |= set(node.input)
    graph = helper.make_graph(
        nodes,
        "zooctl",
        [one for one in proto.graph.input if one.name in needed],
        [helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None)],
        [one for one in proto.graph.initializer if one.name in needed],
    )
    made = helper.make_model(
        graph, opset_imports=list(proto.opset_import), ir_version=proto.ir_version
    )
    serialised: bytes = made.SerializeToString()
    return serialised
