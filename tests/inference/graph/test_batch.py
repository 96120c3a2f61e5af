"""The batch axis followed through operators: proven, refused, or left to predictions.

Each small graph is also run: where the operators prove independence, or mix windows, onnxruntime
must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.errors import VerificationError
from zooctl.inference.graph.batch.batch_axis import Independence, follow_batch

Node = tuple[str, str, str]
LENGTH = 16


def node(text: str, **attributes: Any) -> onnx.NodeProto:
    """``"y, z = Split(x, parts)"`` as an operator."""
    outputs, _, call = text.partition(" = ")
    operator, _, inputs = call.rstrip(")").partition("(")
    names = [name.strip() for name in inputs.split(",")]
    return helper.make_node(operator, names, outputs.split(", "), **attributes)


CONSTANTS: dict[str, Any] = {
    "zero": [0],
    "one": [1],
    "two": [2],
    "three": [3],
    "both": [1, 2],
    "all": [0, 1, 2],
    "minus": [-1],
    "flat": [0, -1],
    "joined": [-1, LENGTH],
    "apart": [-1, 4, LENGTH],
    "swapped": [4, -1, LENGTH],
    "halves": [2, 2],
    "eight": [8],
    "w": np.random.default_rng(1).normal(size=(LENGTH, 3)).astype(np.float32),
    "square": np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32),
    "kernel": np.random.default_rng(2).normal(size=(5, 4, 3)).astype(np.float32),
    "scale": np.ones(4, np.float32),
    "shift": np.zeros(4, np.float32),
    "many": np.arange(4, dtype=np.float32).reshape(1, 4, 1),
    "lw": np.random.default_rng(3).normal(size=(1, 12, 4)).astype(np.float32),
    "lr": np.random.default_rng(4).normal(size=(1, 12, 3)).astype(np.float32),
    "ratio": np.float32(0.5),
    "training": np.array(True),
    "half": np.float32(0.5),
    "ends": [LENGTH],
    "pads": [0, 0, 1, 0, 0, 1],
}


def model(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """Return a graph from ``x`` to the output of the last operator."""
    used = {name for one in nodes for name in one.input}
    graph = helper.make_graph(
        list(nodes),
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4, LENGTH])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.asarray(value), name)
            for name, value in CONSTANTS.items()
            if name in used
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def largest_change(found: onnx.ModelProto) -> float:
    """Return how far the first window's prediction moves with the others, relative to itself."""
    run = ort.InferenceSession(found.SerializeToString(), providers=["CPUExecutionProvider"]).run
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3, 4, LENGTH)).astype(np.float32)
    y = np.concatenate([x[:1], 3 * rng.normal(size=(2, 4, LENGTH)).astype(np.float32)])
    first, second = (np.asarray(run(None, {"x": one})[0])[0] for one in (x, y))
    return float(np.abs(first - second).max() / np.abs(first).max())


def name(nodes: Sequence[onnx.NodeProto]) -> str:
    return "-".join(one.op_type for one in nodes)


PROVEN = [
    [node("y = Conv(x, kernel)")],
    [node("y = BatchNormalization(x, scale, shift, shift, scale)")],
    [node("y = Softmax(x)", axis=1)],
    [node("y = Softmax(x)", axis=-1)],
    [node("y = LayerNormalization(x, w1)", axis=-1), node("z = Relu(y)")],
    [node("y = InstanceNormalization(x, scale, shift)")],
    [node("y = MeanVarianceNormalization(x)", axes=[1, 2])],
    [node("y = ReduceMean(x, two)", keepdims=0)],
    [node("y = ReduceMax(x, both)")],
    [node("y = ReduceMean(x, minus)")],
    [node("t = Transpose(x)", perm=[1, 0, 2]), node("y = Transpose(t)", perm=[1, 0, 2])],
    [node("t = Transpose(x)", perm=[2, 0, 1]), node("s = ReduceSum(t, zero)", keepdims=0)],
    [node("f = Flatten(x)"), node("y = Relu(f)")],
    [node("f = Reshape(x, flat)"), node("y = Reshape(f, apart)")],
    [node("r = Reshape(x, joined)"), node("m = MatMul(r, w)"), node("y = Reshape(m, apart3)")],
    [node("y = MatMul(x, w)")],
    [node("t = Transpose(x)", perm=[0, 2, 1]), node("y = MatMul(x, t)")],
    [node("y = MatMul(square, x)")],
    [node("y = Einsum(x, w)", equation="bcl,lt->btc")],
    [node("y = Einsum(x, x)", equation="bcl,bdl->bcd")],
    [node("f = Flatten(x)"), node("y = Gemm(f, w64)")],
    [node("y = Mul(x, many)")],
    [node("a, b = Split(x, halves)", axis=1), node("y = Add(a, b)")],
    [node("y = Concat(x, x)", axis=1)],
    [node("y = Slice(x, one, eight, two)")],
    [node("y = Pad(x, pads)")],
    [node("u = Unsqueeze(x, zero)"), node("y = Squeeze(u, zero)")],
    [node("y = Gather(x, two)", axis=2)],
    [node("y = CumSum(x, two0)")],
    [node("y, i = TopK(x, three)", axis=2)],
    [node("p = Greater(x, half)"), node("y = Where(p, x, half)")],
    [
        node("t = Transpose(x)", perm=[2, 0, 1]),
        node("l, h = LSTM(t, lw, lr)", hidden_size=3),
        node("y = Transpose(l)", perm=[2, 0, 1, 3]),
    ],
    [node("y, mask = Dropout(x, ratio)")],
    [node("y = AveragePool(x)", kernel_shape=[2])],
    # A token of every window, as transformers have it.
    [
        node("n = Shape(x)", end=1),
        node("s = Concat(n, shape31)", axis=0),
        node("e = Expand(token, s)"),
        node("y = Concat(e, x)", axis=1),
    ],
]
CONSTANTS |= {
    "w1": np.ones(LENGTH, np.float32),
    "w64": np.random.default_rng(6).normal(size=(64, 2)).astype(np.float32),
    "apart3": [-1, 4, 3],
    "two0": np.array(2),
    "zero0": np.array(0),
    "token": np.ones((1, 1, LENGTH), np.float32),
    "shape31": [1, LENGTH],
    "axis0": np.array(0),
}

MIXING = [
    (
        [node("y, m, v = BatchNormalization(x, scale, shift, shift, scale)", training_mode=1)],
        "eval()",
    ),
    ([node("y = Softmax(x)", axis=0)], "dim=1"),
    ([node("y = LogSoftmax(x)", axis=-3)], "dim=1"),
    ([node("y = ReduceMean(x, zero)")], "x.mean"),
    ([node("m = ReduceMean(x)"), node("y = Sub(x, m)")], "x.mean"),
    ([node("m = ReduceMax(x, all)"), node("y = Div(x, m)")], "x.mean"),
    ([node("y = CumSum(x, zero0)", reverse=1)], "batch"),
    ([node("y = MeanVarianceNormalization(x)", axes=[0, 2])], "batch"),
    ([node("y = LayerNormalization(x, w1)", axis=0)], "batch"),
    ([node("y = Einsum(x, x)", equation="bcl,bdl->cdl")], "batch"),
    (
        [
            node("f = Flatten(x)"),
            node("t = Transpose(f)"),
            node("g = MatMul(t, f)"),
            node("y = MatMul(f, g)"),
        ],
        "transpose",
    ),
    (
        [
            node("t = Transpose(x)", perm=[0, 2, 1]),
            node("l = LSTM(t, lw, lr)", hidden_size=3, direction="reverse"),
        ],
        "batch_first",
    ),
    (
        [
            node("q, s, p = DynamicQuantizeLinear(x)"),
            node("d = DequantizeLinear(q, s, p)"),
        ],
        "static",
    ),
    # Channels of all windows beside each other, then a softmax over them.
    (
        [
            node("r = Reshape(x, joined)"),
            node("s = Softmax(r)", axis=0),
            node("y = Reshape(s, apart)"),
        ],
        "dim=1",
    ),
]


@pytest.mark.parametrize("nodes", PROVEN, ids=name)
def test_independent(nodes: Sequence[onnx.NodeProto]) -> None:
    found = model(*nodes)
    assert follow_batch(found, LENGTH) == Independence(proven=True)
    assert largest_change(found) <= 1e-6


@pytest.mark.parametrize(("nodes", "hint"), MIXING, ids=[name(one) for one, _ in MIXING])
def test_mixing(nodes: Sequence[onnx.NodeProto], hint: str) -> None:
    found = model(*nodes)
    with pytest.raises(VerificationError, match="depends on the other windows") as caught:
        follow_batch(found, LENGTH)
    assert caught.value.got.split()[0].rstrip(",") in {one.op_type for one in nodes}
    assert hint in caught.value.hint
    assert largest_change(found) > 1e-3


LOST = [
    [node("y = Gather(x, zero)", axis=0)],
    [node("y = Slice(x, minus, zero, zero, minus)")],
    [node("r = Reshape(x, swapped)"), node("y = Relu(r)")],
    [node("t = Transpose(x)", perm=[1, 0, 2]), node("y = Reshape(t, joined)")],
    [node("y = Concat(x, x)", axis=0)],
    [node("r = Reshape(x, row)"), node("c = Reshape(x, column)"), node("y = Mul(r, c)")],
    [node("y, i = MaxPool(x)", kernel_shape=[2]), node("y2 = Cast(i)", to=1)],
]
CONSTANTS |= {"row": [1, -1, 4, LENGTH], "column": [-1, 1, 4, LENGTH]}


@pytest.mark.parametrize("nodes", LOST, ids=name)
def test_what_is_not_known_is_not_proven(nodes: Sequence[onnx.NodeProto]) -> None:
    assert not follow_batch(model(*nodes), LENGTH).proven


def test_operators_that_lead_nowhere_mix_nothing() -> None:
    """The output does not depend on the mean."""
    found = model(node("m = ReduceMean(x)"), node("y = Relu(x)"))
    assert follow_batch(found, LENGTH).proven


def test_dropout_in_training_mode_is_refused() -> None:
    found = model(node("y = Dropout(x, ratio, training)"))
    with pytest.raises(VerificationError, match="Dropout") as caught:
        follow_batch(found, LENGTH)
    assert "model.eval()" in str(caught.value.hint)
