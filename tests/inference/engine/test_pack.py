"""An ensemble with skips, cut between its blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from toy_graphs import onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.alternatives import SharedAlternatives
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.pack import pack
from zooctl.inference.engine.shared import SharedWindows
from zooctl.inference.graph.positions.follow import follow_positions
from zooctl.sequence.windows import Geometry

LENGTH, OUTPUT = 400, 80
DILATIONS = (1, 4, 10, 25)


def ensemble(n_models: int, seed: int) -> bytes:
    """Models as SpliceAI: convolutions without padding, residuals cropped, a sum of skips."""
    rng = np.random.default_rng(seed)
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}

    def add(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(value: np.ndarray) -> str:
        name = f"c{len(constants)}"
        constants[name] = value
        return name

    def conv(x: str, channels: int, width: int, dilation: int = 1) -> str:
        weights = rng.standard_normal((6, channels, width)) / np.sqrt(channels * width)
        return add("Conv", x, constant(weights.astype(np.float32)), dilations=[dilation])

    def crop(x: str, length: int, lost: int) -> str:
        ends = (np.array([value]) for value in (lost, length - lost, 2))
        return add("Slice", x, *(constant(one) for one in ends))

    outputs = []
    for _ in range(n_models):
        x = conv("sequence", 4, 1)
        skip, length, pending = conv(x, 6, 1), LENGTH, 0
        for dilation in DILATIONS:
            for _ in range(2):
                y = conv(add("Relu", x), 6, 3, dilation)
                y = conv(add("Relu", y), 6, 3, dilation)
                x = add("Add", y, crop(x, length, 2 * dilation))
                length, pending = length - 4 * dilation, pending + 2 * dilation
            skip = add("Add", crop(skip, length + 2 * pending, pending), conv(x, 6, 1))
            pending = 0
        lost = (length - OUTPUT) // 2
        outputs.append(add("Sigmoid", crop(skip, length, lost)))
    add("Mean", *outputs)
    nodes[-1].output[0] = "tracks"
    graph = helper.make_graph(
        nodes,
        "ensemble",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, ["batch", 4, LENGTH])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, ["batch", 6, OUTPUT])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model


@pytest.fixture(autouse=True)
def pack_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zooctl.inference.engine.pack._EVERY", 6)
    monkeypatch.setattr("zooctl.inference.engine.network._EVERY", (None, 6))


@pytest.mark.parametrize("n_models", [1, 3])
def test_a_packed_model_predicts_the_same(n_models: int) -> None:
    model = ensemble(n_models, 0)
    proto = onnx.ModelProto.FromString(model)
    packed = pack(proto, follow_positions(proto, LENGTH))
    assert sum(node.op_type == "Split" for node in packed.graph.node) >= 4
    onnx.checker.check_model(packed, full_check=True)
    codes = np.random.default_rng(1).integers(0, 5, (3, LENGTH), dtype=np.uint8)
    given = {"sequence": onehot(codes)}
    np.testing.assert_array_equal(
        run_graph(packed.SerializeToString(), given), run_graph(model, given)
    )


def test_a_sum_behind_all_positions_is_left_as_it_is() -> None:
    """As of a support vector machine: a number of the whole window, and its bias."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["sequence", "axes"], ["sum"]),
            helper.make_node("Add", ["sum", "bias"], ["tracks"]),
        ],
        "sum",
        [helper.make_tensor_value_info("sequence", TensorProto.FLOAT, ["batch", 4, 20])],
        [helper.make_tensor_value_info("tracks", TensorProto.FLOAT, ["batch", 1, 1])],
        [
            numpy_helper.from_array(np.array([1, 2]), "axes"),
            numpy_helper.from_array(np.float32(0.5), "bias"),
        ],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    assert pack(proto, follow_positions(proto, 20)) is proto


@pytest.mark.parametrize("n_models", [1, 2])
@pytest.mark.parametrize(("offsets", "low"), [((0,), 30), ((0, 7, 20), 30), ((0, 3), 0)])
def test_windows_and_alternatives(n_models: int, offsets: tuple[int, ...], low: int) -> None:
    model = ensemble(n_models, 2)
    network = FollowedNetwork(model, Geometry(LENGTH, OUTPUT, 1, OUTPUT), 6, 0.0)
    needed = [(low, low + 21)] * len(offsets)
    cone = network.lay_out_cone(offsets, needed, (200, 203))
    assert cone is not None
    assert len(cone.layout.stages) > 3
    rng = np.random.default_rng(5)
    references = rng.integers(0, 5, (2, max(offsets) + LENGTH), dtype=np.uint8)
    codes = references.copy()
    codes[:, 200:203] = rng.integers(0, 4, (2, 3))
    shared = SharedWindows(network, cone.layout, cone=cone, device="cpu", threads=1)
    outputs, contexts = shared.references(references, None)
    alternatives = SharedAlternatives(network, cone, 2, device="cpu", threads=1)
    for found, of in ((outputs, references), (alternatives.run(codes, contexts, None), codes)):
        windows = np.stack([of[:, at : at + LENGTH] for at in offsets], axis=1)
        flat = run_graph(model, {"sequence": onehot(windows.reshape(-1, LENGTH))})
        expected = flat.reshape(2, len(offsets), 6, OUTPUT)[..., low : low + 21]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
