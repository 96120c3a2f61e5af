"""Networks small enough to know their answers, made of ONNX operators by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from toy_model import toy_graph, toy_zoo

from zooctl.sequence.windows import Geometry

__all__ = ["conv_network", "linear_model", "linear_network", "toy_graph", "toy_zoo"]

Network = Callable[..., bytes]


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.generic]],
    geometry: Geometry,
    n_tracks: int,
) -> onnx.ModelProto:
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", float32, ["batch", 4, geometry.input_length])],
        [helper.make_tensor_value_info("y", float32, ["batch", n_tracks, geometry.n_bins])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture(scope="session")
def linear_model() -> Callable[..., onnx.ModelProto]:
    """``(weights (n_tracks, 4, input_length), geometry)`` to a network.

    A bin is the mean over its bases of the weight of the base at that place of the window.
    """

    def build(weights: NDArray[np.float32], geometry: Geometry) -> onnx.ModelProto:
        flank = (geometry.input_length - geometry.output_length) // 2
        size = geometry.bin_size
        nodes = [
            helper.make_node("Einsum", ["x", "weights"], ["bases"], equation="bcl,tcl->btl"),
            helper.make_node("Slice", ["bases", "first", "last", "axis"], ["output"]),
            helper.make_node("AveragePool", ["output"], ["y"], kernel_shape=[size], strides=[size]),
        ]
        constants = {
            "weights": weights.astype(np.float32),
            "first": np.array([flank]),
            "last": np.array([flank + geometry.output_length]),
            "axis": np.array([2]),
        }
        return _model(nodes, constants, geometry, len(weights))

    return build


@pytest.fixture(scope="session")
def linear_network(linear_model: Callable[..., onnx.ModelProto]) -> Network:
    """As ``linear_model``, serialised."""

    def build(weights: NDArray[np.float32], geometry: Geometry) -> bytes:
        serialised: bytes = linear_model(weights, geometry).SerializeToString()
        return serialised

    return build


@pytest.fixture(scope="session")
def conv_network() -> Network:
    """``(geometry, channels, width, layers, head, seed)`` to a network with random weights.

    Dilated convolutions; ``head`` is ``pointwise`` (one more convolution, then pooling) or
    ``dense`` (pooling, then a matrix over the whole window).
    """

    def build(
        geometry: Geometry, channels: int, width: int, layers: int, head: str, seed: int
    ) -> bytes:
        rng = np.random.default_rng(seed)
        constants: dict[str, NDArray[np.generic]] = {}
        nodes: list[onnx.NodeProto] = []

        def weights(name: str, *shape: int) -> str:
            scale = np.prod(shape[1:]) ** -0.5
            constants[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
            return name

        source, incoming = "x", 4
        for layer in range(layers):
            reach = 2**layer * (width // 2)
            convolution = helper.make_node(
                "Conv",
                [source, weights(f"w{layer}", channels, incoming, width)],
                [f"c{layer}"],
                dilations=[2**layer],
                pads=[reach, reach],
            )
            nodes += [convolution, helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"])]
            source, incoming = f"r{layer}", channels
        bins = geometry.n_bins
        pool = geometry.input_length // bins
        nodes.append(
            helper.make_node("AveragePool", [source], ["p"], kernel_shape=[pool], strides=[pool])
        )
        if head == "pointwise":
            nodes.append(helper.make_node("Conv", ["p", weights("head", 2, channels, 1)], ["y"]))
        else:
            constants["shape"] = np.array([-1, 2, bins])
            nodes += [
                helper.make_node("Flatten", ["p"], ["f"]),
                helper.make_node("Gemm", ["f", weights("head", channels * bins, 2 * bins)], ["g"]),
                helper.make_node("Reshape", ["g", "shape"], ["y"]),
            ]
        serialised: bytes = _model(nodes, constants, geometry, 2).SerializeToString()
        return serialised

    return build
