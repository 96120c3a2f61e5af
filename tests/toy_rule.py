"""A toy of the zoo whose network follows a rule: two words, and a bonus for both at a distance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from toy_model import pin

from zooctl.sequence.onehot import decode

FIRST, SECOND = "ACGTTG", "GGATCC"
DISTANCE = 12
# Of the first, of the second, and of both with their starts so many bases apart.
SIZES = (3.0, 1.0, 4.0)
LENGTH = 64


def number(sequence: str) -> float:
    """The rule, by looking at the letters."""
    starts = range(len(sequence) - len(FIRST) + 1)
    firsts = [at for at in starts if sequence.startswith(FIRST, at)]
    seconds = [at for at in starts if sequence.startswith(SECOND, at)]
    both = sum(at + DISTANCE in seconds for at in firsts)
    return SIZES[0] * len(firsts) + SIZES[1] * len(seconds) + SIZES[2] * both


def numbers(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The rule for windows of codes ``(n, 64)``."""
    return np.array([number(decode(row)) for row in codes])


def _filters() -> NDArray[np.float32]:
    words = [["ACGT".index(letter) for letter in word] for word in (FIRST, SECOND)]
    return np.eye(4, dtype=np.float32)[words].transpose(0, 2, 1).copy()


def rule_graph() -> bytes:
    """ONNX: a convolution that is 1 at a word, the products at the distance, and their sums.

    Track plus is the rule in each of its four bins, track minus half of it.
    """
    node = helper.make_node
    n = LENGTH - len(FIRST) + 1
    nodes = [
        node("Conv", ["onehot", "filters", "bias"], ["scores"]),
        node("Relu", ["scores"], ["matches"]),
        node("Slice", ["matches", "zero", "n_apart", "axis"], ["left"]),
        node("Slice", ["matches", "apart", "n", "axis"], ["right"]),
        node("Slice", ["left", "zero", "one", "channel"], ["first"]),
        node("Slice", ["right", "one", "two", "channel"], ["second"]),
        node("Mul", ["first", "second"], ["pairs"]),
        node("ReduceSum", ["matches", "axis"], ["counts"], keepdims=1),
        node("ReduceSum", ["pairs", "axis"], ["paired"], keepdims=1),
        node("Concat", ["counts", "paired"], ["all"], axis=1),
        node("Conv", ["all", "sizes"], ["rule"]),
        node("Concat", ["rule"] * 4, ["tracks"], axis=2),
    ]
    constants = {
        "filters": _filters(),
        "bias": np.full(2, 1 - len(FIRST), np.float32),
        "sizes": np.array([SIZES, np.array(SIZES) / 2], np.float32)[:, :, None],
        "axis": np.array([2]),
        "channel": np.array([1]),
        "zero": np.array([0]),
        "one": np.array([1]),
        "two": np.array([2]),
        "apart": np.array([DISTANCE]),
        "n_apart": np.array([n - DISTANCE]),
        "n": np.array([n]),
    }
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "rule",
        [value("onehot", TensorProto.FLOAT, ["batch", 4, LENGTH])],
        [value("tracks", TensorProto.FLOAT, ["batch", 2, 4])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    serialised: bytes = model.SerializeToString()
    return serialised


def plant_rule(root: Path) -> None:
    """Give the toy of a zoo the network of the rule."""
    folder = root / "zoo/toy"
    (folder / "model.onnx").write_bytes(rule_graph())
    codes = np.random.default_rng(1).integers(0, 4, size=(8, LENGTH), dtype=np.uint8)
    rule = numbers(codes)[:, None, None] * np.array([1, 0.5])[:, None]
    expected = np.repeat(rule, 4, axis=2).astype(np.float32)
    save_file({"inputs": codes, "expected": expected}, folder / "probe.safetensors")
    pin(root)
