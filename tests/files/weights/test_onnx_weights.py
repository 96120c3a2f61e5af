"""Weights taken out of a graph and put in again: the same graph, whatever their layout."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from zooctl.errors import VerificationError
from zooctl.files.weights.onnx_weights import PublishedTensors, put_weights, take_weights


def adder(weight: np.ndarray, bias: np.ndarray) -> bytes:
    """ONNX: ``x + weight + bias``."""
    nodes = [
        helper.make_node("Add", ["x", "net.weight"], ["sum"]),
        helper.make_node("Add", ["sum", "net.bias"], ["y"]),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(weight.shape))
        for name in ("x", "y")
    ]
    constants = [
        numpy_helper.from_array(value, name)
        for name, value in {"net.weight": weight, "net.bias": bias}.items()
    ]
    graph = helper.make_graph(nodes, "toy", values[:1], values[1:], constants)
    opsets = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    return bytes(model.SerializeToString())


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(3)), st.integers(0, 2**32 - 1))
def test_out_and_in_again(axes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    published = rng.normal(size=(2, 3, 5)).astype(np.float32)
    weight = np.ascontiguousarray(published.transpose(axes))
    bias = rng.normal(size=weight.shape[-1:]).astype(np.float32)
    model = adder(weight, bias)
    names = {"net.weight": PublishedTensors("conv/kernel:0", tuple(axes))}
    empty = take_weights(model, names)
    (tensor,) = [t for t in onnx.load_from_string(empty).graph.initializer if t.name[0] == "c"]
    assert tuple(tensor.dims) == published.shape
    assert not tensor.raw_data
    filled = put_weights(empty, {"conv/kernel:0": published, "other": bias})
    assert filled == put_weights(empty, {"conv/kernel:0": published})
    onnx.checker.check_model(filled, full_check=True)
    x = rng.normal(size=weight.shape).astype(np.float32)
    (got,) = ReferenceEvaluator(onnx.load_from_string(filled)).run(None, {"x": x})
    assert np.array_equal(got, x + weight + bias)


def test_what_does_not_fit() -> None:
    model = adder(np.ones((2, 3), np.float32), np.ones(3, np.float32))
    with pytest.raises(VerificationError, match="lacks a tensor"):
        take_weights(model, {"net.wait": PublishedTensors("a", (0, 1))})
    empty = take_weights(model, {"net.weight": PublishedTensors("a", (1, 0))})
    for tensors in ({}, {"a": np.ones((2, 3), np.float32)}):
        with pytest.raises(VerificationError) as caught:
            put_weights(empty, tensors)
        assert caught.value.field == "a"
        assert caught.value.expected == (3, 2)
