"""Graphs in 16 bits: which nodes, what stays in 32, and what rounding does to entries."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from toy_gpu import widened

from zooctl.catalog import registry
from zooctl.catalog.weights import onnx_bytes
from zooctl.errors import VerificationError
from zooctl.inference.device.session import one_hot, run_graph
from zooctl.inference.graph.independence import draw_windows
from zooctl.inference.graph.lower_precision import lower_precision
from zooctl.schema.card import Card

FLOAT = TensorProto.FLOAT


def _model(nodes: list[onnx.NodeProto], opset: int = 20) -> bytes:
    weights = np.full((3, 4, 1), 1 / 3, dtype=np.float32)
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", FLOAT, ["batch", 4, 5])],
        [helper.make_tensor_value_info("y", FLOAT, ["batch", 3, 5])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.float32([2]), "two")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    serialised: bytes = model.SerializeToString()
    return serialised


NODES = [
    helper.make_node("Conv", ["x", "w"], ["a"]),
    helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("Mul", ["b", "two"], ["c"]),
    helper.make_node("Exp", ["c"], ["d"]),
    helper.make_node("Add", ["d", "a"], ["y"]),
]


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_only_convolutions_and_what_moves_their_results(precision: Literal["fp16", "bf16"]) -> None:
    lowered = onnx.ModelProto.FromString(lower_precision(_model(NODES), precision))
    onnx.checker.check_model(lowered, full_check=True)
    nodes = [(node.op_type, *node.output) for node in lowered.graph.node]
    assert nodes == [
        ("Cast", "x/16"),
        ("Conv", "a/16"),
        ("Relu", "b/16"),
        ("Mul", "c/16"),
        ("Cast", "c"),
        ("Exp", "d"),
        # One of its sides is of 32 bits, so that the sum is.
        ("Cast", "a"),
        ("Add", "y"),
    ]
    kinds = {one.name: one.data_type for one in lowered.graph.initializer}
    expected = TensorProto.FLOAT16 if precision == "fp16" else TensorProto.BFLOAT16
    assert kinds["w/16"] == kinds["two/16"] == expected
    assert lowered.opset_import[0].version == (20 if precision == "fp16" else 22)
    assert [one.type.tensor_type.elem_type for one in lowered.graph.output] == [FLOAT]


def test_rounding_by_hand() -> None:
    """1/3 in fp16 is 0.333251953125; 4 of them, doubled, and e to that."""
    x = np.ones((1, 4, 5), dtype=np.float32)
    found = run_graph(lower_precision(_model(NODES), "fp16"), {"x": x})
    third = float(np.float16(1 / 3))
    summed = float(np.float16(4 * third))
    assert found[0, 0, 0] == pytest.approx(np.exp(2 * summed) + summed, rel=1e-6)
    assert found[0, 0, 0] != run_graph(_model(NODES), {"x": x})[0, 0, 0]


def test_a_network_without_convolutions_stays_as_it_is() -> None:
    nodes = [helper.make_node("Slice", ["x", "at", "to", "axis"], ["y"])]
    model = onnx.ModelProto.FromString(_model(nodes))
    for name, value in (("at", 0), ("to", 3), ("axis", 1)):
        model.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    lowered = onnx.ModelProto.FromString(lower_precision(model.SerializeToString(), "fp16"))
    assert [node.op_type for node in lowered.graph.node] == ["Slice"]


def test_an_operator_set_that_cannot_be_rewritten() -> None:
    nodes = [helper.make_node("Upsample", ["x", "scales"], ["y"])]
    with pytest.raises(VerificationError, match="cannot be computed in bf16"):
        lower_precision(_model(nodes, opset=9), "bf16")


def predictions(card: Card, model: bytes, codes: np.ndarray) -> np.ndarray:
    name = onnx.ModelProto.FromString(model).graph.input[0].name
    return run_graph(model, {name: one_hot(codes, card.unknown_base)})


# Largest difference that rounding to 16 bits made, of the largest prediction, rounded up.
ROUNDING = [
    ("atac_yeast", 4e-4, 4e-3),
    ("ctcf_gm12878", 4e-3, 1.2e-2),
    ("ctcf_dream", 2e-3, 2e-2),
]


@pytest.mark.parametrize(("name", "fp16", "bf16"), ROUNDING)
def test_rounding_changes_entries_by_less_than_is_allowed(
    name: str, fp16: float, bf16: float
) -> None:
    entry = registry.entry(name)
    card, model = entry.card(), onnx_bytes(entry)
    codes = draw_windows(card.input_length)
    full = predictions(card, model, codes)
    most = np.abs(full).max()
    for precision, limit in (("fp16", fp16), ("bf16", bf16)):
        lowered = widened(lower_precision(model, precision))  # type: ignore[arg-type]
        difference = np.abs(predictions(card, lowered, codes) - full).max() / most
        assert 1e-5 < difference < limit <= 0.02
