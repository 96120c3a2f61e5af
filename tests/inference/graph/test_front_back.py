"""The back of a graph: sums over bases, the transform undone, the same bits in any company."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import VerificationError
from zooctl.inference.device.session import Session
from zooctl.inference.graph.check import compose
from zooctl.inference.graph.front_back import CODES, SPANS, SUMS
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(input_length=64, output_length=48, bin_size=8, core_length=16)
INVERSE = {"none": np.positive, "arcsinh": np.sinh, "log1p": np.expm1}
Build = Callable[..., bytes]


@pytest.fixture(scope="module")
def model(linear_network: Build) -> bytes:
    """Three tracks, of which the second is about 0."""
    weights = np.random.default_rng(0).standard_normal((3, 4, 64))
    weights[1] *= 1e-6
    return linear_network(weights, GEOMETRY)


def session(model: bytes, summed: Transform | None, batch_size: int = 5) -> Session:
    return Session(
        model,
        geometry=GEOMETRY,
        n_tracks=3,
        unknown_base=0.25,
        summed=summed,
        device="cpu",
        threads=1,
        batch_size=batch_size,
    )


def codes(n: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, (n, 64), dtype=np.uint8)


@st.composite
def spans(draw: st.DrawFn) -> np.ndarray:
    """Two stretches within 48 bp, apart from each other; either may be empty."""
    rows = [sorted(draw(st.tuples(*[st.integers(0, 48)] * 4))) for _ in range(7)]
    return np.array([[a, c, b, d] for a, b, c, d in rows], dtype=np.int32)


@given(spans(), st.sampled_from(["none", "arcsinh", "log1p"]))
@settings(deadline=None, max_examples=30)
def test_sums_are_those_of_bases(model: bytes, wanted: np.ndarray, transform: Transform) -> None:
    windows = codes(7)
    predicted = session(model, None).predict(windows).astype(np.float64)
    bases = np.repeat(INVERSE[transform](predicted), 8, axis=2)
    expected = np.stack(
        [
            of_one[:, a:b].sum(axis=1) + of_one[:, c:d].sum(axis=1)
            for of_one, (a, c, b, d) in zip(bases, wanted.tolist(), strict=True)
        ]
    )
    found = session(model, transform).sums(windows, wanted)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)


def test_bits_depend_on_neither_row_nor_company(model: bytes) -> None:
    windows = codes(13)
    wanted = np.array([[k, 20 + k, 17, 44] for k in range(13)], dtype=np.int32)
    net = session(model, "arcsinh", batch_size=4)
    expected = net.sums(windows, wanted)
    order = np.random.default_rng(2).permutation(13)
    assert np.array_equal(net.sums(windows[order], wanted[order]), expected[order])
    alone = [net.sums(windows[k : k + 1], wanted[k : k + 1])[0] for k in range(13)]
    assert np.array_equal(alone, expected)


def test_interface(model: bytes) -> None:
    proto = onnx.load_from_string(
        compose(model, geometry=GEOMETRY, n_tracks=3, unknown_base=0, summed="log1p")
    )
    onnx.checker.check_model(proto, full_check=True)
    assert [value.name for value in proto.graph.input] == [CODES, SPANS]
    assert [value.name for value in proto.graph.output] == [SUMS]
    names = [tensor.name for tensor in proto.graph.initializer]
    names += [output for node in proto.graph.node for output in node.output]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("opset", [13, 17, 18, 21, 25])
def test_every_operator_set_that_is_accepted(model: bytes, opset: int) -> None:
    """In plain operators, with the front's and the back's in the version that the graph states."""
    geometry = Geometry(8, 8, 8, 8)
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[8])],
        "mean",
        [onnx.helper.make_tensor_value_info("x", float32, ["batch", 4, 8])],
        [onnx.helper.make_tensor_value_info("y", float32, ["batch", 4, 1])],
    )
    opsets = [onnx.helper.make_opsetid("", opset)]
    mean = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    composed = compose(mean, geometry=geometry, n_tracks=4, unknown_base=0.25, summed="arcsinh")
    bare = ort.InferenceSession(composed, providers=["CPUExecutionProvider"])
    feed = {
        CODES: np.array([[0, 0, 1, 1, 1, 1, 4, 4]], dtype=np.uint8),
        SPANS: np.array([[1, 5, 4, 8]], dtype=np.int32),
    }
    expected = 6 * np.sinh(np.array([[2.5, 4.5, 0.5, 0.5]]) / 8)
    np.testing.assert_allclose(bare.run(None, feed)[0], expected, rtol=1e-7)


def test_a_graph_that_fails_as_it_runs(model: bytes) -> None:
    """An index that depends on values is out of bounds only as it runs."""
    proto = onnx.ModelProto.FromString(model)
    proto.graph.node[-1].output[0] = "whole"
    proto.graph.node.extend(
        [
            onnx.helper.make_node("ReduceSum", ["x", "axes"], ["sum"]),
            onnx.helper.make_node("Cast", ["sum"], ["far"], to=onnx.TensorProto.INT64),
            onnx.helper.make_node("Gather", ["numbers", "far"], ["number"]),
            onnx.helper.make_node("Mul", ["whole", "number"], ["y"]),
        ]
    )
    numbers = onnx.numpy_helper.from_array(np.ones(2, np.float32), "numbers")
    axes = onnx.numpy_helper.from_array(np.array([1, 2]), "axes")
    proto.graph.initializer.extend([numbers, axes])
    with pytest.raises(VerificationError, match="onnxruntime cannot run the graph"):
        session(proto.SerializeToString(), "none").sums(codes(2), np.zeros((2, 4), np.int32))
