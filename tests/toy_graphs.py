"""Small random graphs of the operators that networks on sequence are made of, drawn by hypothesis.

Weights come from a seed, so that an example is a short list of layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from zooctl.inference.engine.network import FollowedNetwork
from zooctl.sequence.windows import Geometry

Layer = tuple[Any, ...]


@st.composite
def layers(draw: st.DrawFn, *, pools: bool = True) -> list[Layer]:
    """Draw one to five layers; convolutions and pools in every combination of their settings."""
    small = st.integers(0, 3)
    kinds = ["conv", "residual", "dense", "branches", "crop", "norm", "constant"] + (
        ["pool", "pool"] if pools else []
    )
    found: list[Layer] = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5)):
        if kind == "conv":
            stride = draw(st.sampled_from((1, 1, 2, 3))) if pools else 1
            kernel, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3))
            found.append((kind, kernel, dilation, stride, draw(small), draw(small)))
        elif kind == "residual":
            found.append((kind, draw(st.sampled_from((1, 3, 5))), draw(st.integers(1, 4))))
        elif kind == "pool":
            size, pad = draw(st.integers(2, 4)), draw(st.integers(0, 1))
            found.append((kind, draw(st.sampled_from(("Max", "Average"))), size, size, pad))
        elif kind == "crop":
            found.append((kind, draw(small), draw(small)))
        else:
            found.append((kind,))
    return found


class Builder:
    """A graph in the making."""

    def __init__(self, length: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.input_length = self.length = length
        self.channels = 4

    def weight(self, *shape: int) -> str:
        scale = 1 / np.sqrt(max(1, np.prod(shape[1:])))
        return self.constant((self.rng.standard_normal(shape) * scale).astype(np.float32))

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"tensor{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def layer(self, x: str, layer: Layer) -> str:
        kind, *sizes = layer
        c = self.channels
        if kind == "conv":
            kernel, dilation, stride, left, right = sizes
            spent = (kernel - 1) * dilation + 1
            if self.length + left + right < spent + stride:
                return x
            self.length = (self.length + left + right - spent) // stride + 1
            y = self.add(
                "Conv", x, self.weight(c, c, kernel), self.weight(c),
                dilations=[dilation], strides=[stride], pads=[left, right],
            )  # fmt: skip
            return self.add("Relu", y)
        if kind == "residual":
            kernel, dilation = sizes
            pad = (kernel - 1) * dilation // 2
            y = self.add(
                "Conv", x, self.weight(c, c, kernel), self.weight(c),
                dilations=[dilation], pads=[pad, pad],
            )  # fmt: skip
            return self.add("Add", x, self.add("Relu", y))
        if kind == "pool":
            name, size, stride, pad = sizes
            if self.length + 2 * pad < size + stride:
                return x
            self.length = (self.length + 2 * pad - size) // stride + 1
            return self.add(
                f"{name}Pool", x, kernel_shape=[size], strides=[stride], pads=[pad, pad]
            )
        if kind == "crop":
            left, right = sizes
            if self.length <= left + right + 4:
                return x
            ends = [np.array([left]), np.array([self.length - right]), np.array([2])]
            self.length -= left + right
            return self.add("Slice", x, *(self.constant(one) for one in ends))
        if kind == "dense":
            y = self.add("Transpose", x, perm=[0, 2, 1])
            y = self.add("Softplus", self.add("MatMul", y, self.weight(c, c)))
            return self.add("Transpose", y, perm=[0, 2, 1])
        if kind == "norm":
            y = self.add("Transpose", x, perm=[0, 2, 1])
            y = self.add("LayerNormalization", y, self.weight(c), self.weight(c), epsilon=1e-2)
            return self.add("Transpose", y, perm=[0, 2, 1])
        if kind == "constant":
            even = np.broadcast_to(np.float32(0.3), (1, 1, self.length)).copy()
            return self.add("Add", x, self.constant(even))
        first = self.add("Conv", x, self.weight(2, c, 3), pads=[1, 1])
        second = self.add("Conv", x, self.weight(c - 2, c, 5), pads=[2, 2])
        return self.add("Concat", first, second, axis=1)


def network_of(builder: Builder, name: str) -> FollowedNetwork:
    """A sigmoid on a tensor of four channels of a graph, as a network."""
    builder.add("Sigmoid", name)
    builder.nodes[-1].output[0] = "tracks"
    float32, length = TensorProto.FLOAT, builder.input_length
    graph = helper.make_graph(
        builder.nodes,
        "toy",
        [helper.make_tensor_value_info("sequence", float32, ["batch", 4, length])],
        [helper.make_tensor_value_info("tracks", float32, ["batch", 4, builder.length])],
        builder.constants,
    )
    opset = [helper.make_opsetid("", 18)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=9)
    # Bins need not tile the window here: only its length is looked at.
    geometry = Geometry(length, length, length, length)
    return FollowedNetwork(model.SerializeToString(), geometry, 4, 0.0)


def graph_of(found: list[Layer], length: int, seed: int, *, dense: bool = False) -> bytes:
    """Serialise the layers as a graph of windows, with a flattened dense layer behind if asked."""
    builder = Builder(length, seed)
    x = "sequence"
    x = builder.add("Conv", x, builder.weight(4, 4, 3), builder.weight(4), pads=[1, 1])
    for one in found:
        x = builder.layer(x, one)
    shape: list[Any] = ["batch", 4, builder.length]
    if dense:
        x = builder.add("Flatten", x)
        x = builder.add("Gemm", x, builder.weight(4 * builder.length, 2))
        x = builder.add("Unsqueeze", x, builder.constant(np.array([2])))
        shape = ["batch", 2, 1]
    x = builder.add("Sigmoid", x)
    builder.nodes[-1].output[0] = "tracks"
    graph = helper.make_graph(
        builder.nodes,
        "toy",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, ["batch", 4, length])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, shape)],
        builder.constants,
    )
    opset = [helper.make_opsetid("", 18)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model


def onehot(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Codes ``(n, length)`` to ``(n, 4, length)``; unknown bases are 0."""
    return (codes[:, None] == np.arange(4)[:, None]).astype(np.float32)
