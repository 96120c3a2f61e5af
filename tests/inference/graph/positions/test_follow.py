"""Positions against perturbations, and against other windows of one sequence."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from toy_graphs import Layer, graph_of, layers, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.graph.positions.follow import follow_positions

LENGTH = 48
SEEDS = st.integers(0, 2**16)


@settings(max_examples=150, deadline=None)
@given(layers(), SEEDS)
def test_a_changed_base_changes_only_positions_that_read_it(found: list[Layer], seed: int) -> None:
    model = graph_of(found, LENGTH, seed)
    positions = follow_positions(onnx.ModelProto.FromString(model), LENGTH).output
    assert positions is not None
    rng = np.random.default_rng(seed)
    codes = np.tile(rng.integers(0, 4, LENGTH, dtype=np.uint8), (LENGTH + 1, 1))
    places = np.arange(LENGTH)
    codes[places, places] = (codes[places, places] + 1) % 4
    outputs = run_graph(model, {"sequence": onehot(codes)})
    changed = (outputs[:LENGTH] != outputs[LENGTH]).any(axis=1)
    starts = positions.first + positions.stride * np.arange(positions.size)
    reads = (starts <= places[:, None]) & (places[:, None] < starts + positions.width)
    assert changed.shape == reads.shape
    assert not (changed & ~reads).any()


@settings(max_examples=150, deadline=None)
@given(layers(), SEEDS, st.integers(1, 3))
def test_positions_far_from_edges_do_not_depend_on_the_window(
    found: list[Layer], seed: int, moved: int
) -> None:
    model = graph_of(found, LENGTH, seed)
    positions = follow_positions(onnx.ModelProto.FromString(model), LENGTH).output
    assert positions is not None
    shift = moved * positions.stride
    codes = np.random.default_rng(seed).integers(0, 4, LENGTH + shift, dtype=np.uint8)
    windows = np.stack([codes[:LENGTH], codes[shift : shift + LENGTH]])
    first, second = run_graph(model, {"sequence": onehot(windows)})
    free = np.arange(positions.left + moved, positions.size - positions.right)
    np.testing.assert_allclose(first[:, free], second[:, free - moved], rtol=1e-5, atol=1e-6)


def test_reach_of_a_network_by_hand() -> None:
    # Convolution of 3, pool of 2, residual convolution of 3 with dilation 2: 1 + 2 * 2 bases to
    # the left of the pool's two, and as many to their right.
    model = graph_of([("pool", "Max", 2, 2, 0), ("residual", 3, 2)], LENGTH, 0)
    positions = follow_positions(onnx.ModelProto.FromString(model), LENGTH).output
    assert positions is not None
    assert (positions.first, positions.width, positions.stride) == (-5, 2 + 2 + 8, 2)
    # Position 0 of the pool feels the edge; through the dilated kernel so do the next two.
    assert (positions.left, positions.right) == (3, 3)


def test_a_dense_layer_is_the_frontier() -> None:
    model = graph_of([("pool", "Max", 2, 2, 0)], LENGTH, 0, dense=True)
    found = follow_positions(onnx.ModelProto.FromString(model), LENGTH)
    assert found.output is None
    assert found.frontier == "Flatten puts positions and channels on one axis"
    assert found.last.stride == 2
    assert "tracks" in found.behind


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes", "reason"),
    [
        ("GlobalAveragePool", ["sequence"], {}, "reads all positions"),
        ("Softmax", ["sequence"], {"axis": 2}, "normalises over positions"),
        ("ReduceMean", ["sequence"], {"keepdims": 1}, "takes all positions together"),
        ("Concat", ["sequence", "sequence"], {"axis": 2}, "puts positions one behind another"),
    ],
)
def test_operators_that_mix_positions(
    kind: str, inputs: list[str], attributes: dict[str, int], reason: str
) -> None:
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, ["tracks"], **attributes)],
        "toy",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, ["batch", 4, LENGTH])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, None)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    found = follow_positions(proto, LENGTH)
    assert found.frontier == f"{kind} {reason}"


def test_an_uneven_constant_is_the_frontier() -> None:
    ramp = np.arange(LENGTH, dtype=np.float32).reshape(1, 1, LENGTH)
    graph = helper.make_graph(
        [helper.make_node("Add", ["sequence", "ramp"], ["tracks"])],
        "toy",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, ["batch", 4, LENGTH])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(ramp, "ramp")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    assert follow_positions(proto, LENGTH).frontier == "Add joins constants that differ by position"
