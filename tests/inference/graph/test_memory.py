"""What a graph holds at once is known beforehand, in whatever order onnxruntime runs it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.inference.graph.memory import constant_bytes, peak_bytes
from zooctl.inference.graph.shapes import infer_window

FLOAT = TensorProto.FLOAT
# Measures what onnxruntime takes for one window, beyond what it takes before.
MEASURE = """
import resource, sys
import numpy as np, onnxruntime as ort
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
session.run(["y"], {"x": np.zeros((1, 4, 64), np.float32)})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def graph_of(*nodes: onnx.NodeProto, **constants: object) -> onnx.ModelProto:
    """A graph from x ``(1, 4, 64)`` to y, one number; ``seed`` is made of x."""
    start = [
        helper.make_node("ReduceSum", ["x"], ["total"], keepdims=0),
        helper.make_node("Reshape", ["total", "flat"], ["seed"]),
    ]
    constants = {"flat": [1], **constants}
    graph = helper.make_graph(
        [*start, *nodes],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, ["batch", 4, 64])],
        [helper.make_tensor_value_info("y", FLOAT, [])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=11)


def wide(size: list[int], *nodes: onnx.NodeProto, **constants: object) -> onnx.ModelProto:
    """A graph whose nodes read ``wide`` of that shape, and write ``narrow``."""
    first = helper.make_node("Expand", ["seed", "size"], ["wide"])
    last = helper.make_node("ReduceMax", ["narrow"], ["y"], keepdims=0)
    return graph_of(first, *nodes, last, size=size, **constants)


def one_by_one(n: int) -> onnx.ModelProto:
    """Large tensors, each made when it is needed: in the file's order three are held at once."""
    nodes = [helper.make_node("Expand", ["seed", "size"], ["product0"])]
    for k in range(1, n):
        nodes += [
            helper.make_node("Add", ["seed", f"c{k}"], [f"seed{k}"]),
            helper.make_node("Expand", [f"seed{k}", "size"], [f"large{k}"]),
            helper.make_node("Mul", [f"product{k - 1}", f"large{k}"], [f"product{k}"]),
        ]
    nodes.append(helper.make_node("ReduceSum", [f"product{n - 1}"], ["y"], keepdims=0))
    constants = {f"c{k}": np.float32([k]) for k in range(n)}
    return graph_of(*nodes, size=[2**22], **constants)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def node(kind: str, *inputs: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, ["wide", *inputs], ["narrow"], **attributes)


def recurrent(kind: str, gates: int) -> onnx.ModelProto:
    layer = helper.make_node(kind, ["wide", "w", "r"], ["", "narrow"], hidden_size=32)
    return wide([2**16, 1, 4], layer, w=ones(1, gates * 32, 4), r=ones(1, gates * 32, 32))


MODELS = {
    "one by one": one_by_one(12),
    "transposed": wide([1, 1, 2**14], node("ConvTranspose", "w"), w=ones(1, 1, 2**11)),
    "integers": wide(
        [1, 1, 2**14],
        helper.make_node("Cast", ["wide"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("ConvInteger", ["bytes", "w"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["narrow"], to=FLOAT),
        w=np.ones((1, 1, 2**12), np.uint8),
    ),
    "attention": wide([1, 1, 2**12, 4], node("Attention", "wide", "wide")),
    "LSTM": recurrent("LSTM", 4),
    "GRU": recurrent("GRU", 3),
    "RNN": recurrent("RNN", 1),
    "plain": wide([1, 4, 2**14], node("Conv", "w"), w=ones(1, 4, 2**10)),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_no_less_is_reckoned_than_onnxruntime_takes(model: onnx.ModelProto, tmp_path: Path) -> None:
    def taken(model: onnx.ModelProto) -> int:
        onnx.save(model, tmp_path / "model.onnx")
        command = [sys.executable, "-c", MEASURE, str(tmp_path / "model.onnx")]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    nothing = graph_of(helper.make_node("ReduceMax", ["x"], ["y"], keepdims=0))
    grown = taken(model) - taken(nothing)
    # What the library takes besides: code that is loaded, pages, blocks that are rounded up.
    assert grown < 1.1 * peak_bytes(infer_window(model, 64)) + 25_000_000


def test_the_order_that_holds_most_counts() -> None:
    large = 4 * 2**22
    peak = peak_bytes(infer_window(one_by_one(12), 64))
    # The last tensor that is made of the seed, and all before it, and a product.
    assert 12 * large <= peak <= 13 * large + 1_000


def test_what_is_made_of_constants() -> None:
    filled = helper.make_node("ConstantOfShape", ["size"], ["zeros"])
    doubled = helper.make_node("Add", ["zeros", "zeros"], ["twice"])
    used = helper.make_node("Mul", ["seed", "twice"], ["product"])
    last = helper.make_node("ReduceMax", ["product"], ["y"], keepdims=0)
    graph = infer_window(graph_of(filled, doubled, used, last, size=[10**6]), 64)
    assert constant_bytes(graph) == 2 * 4 * 10**6


def test_sizes_are_followed_without_an_object_for_each_value() -> None:
    """onnx itself, asked to follow values, would take gigabytes for this."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    filled = helper.make_node("ConstantOfShape", ["size"], ["zeros"])
    used = helper.make_node("Mul", ["seed", "zeros"], ["product"])
    last = helper.make_node("ReduceMax", ["product"], ["y"], keepdims=0)
    infer_window(graph_of(filled, used, last, size=[2**26]), 64)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < 50
