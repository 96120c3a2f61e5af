"""Graphs of several outputs, of float16 and of four axes, against the plain ones that they mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.cli import main
from zooctl.errors import InputError
from zooctl.inference.adopt.interface import read_interface
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry

WEIGHTS = np.arange(8, dtype=np.float32).reshape(2, 4) / 7
CODES = np.random.default_rng(0).integers(0, 4, (3, 8)).astype(np.uint8)


def predicted(model: bytes) -> np.ndarray:
    options = {"geometry": Geometry(8, 8, 8, 8), "n_tracks": 2, "unknown_base": 0.0}
    return Session(model, device="cpu", **options).predict(CODES)


EXPECTED = np.eye(4)[CODES].mean(axis=1) @ WEIGHTS.T


def model_of(
    nodes: list[onnx.NodeProto],
    tensors: dict[str, np.ndarray],
    x: tuple[object, ...] = ("n", 4, 8),
    ys: tuple[tuple[str, tuple[object, ...]], ...] = (("y", ("n", 2, 1)),),
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", kind, x)],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in ys],
        [numpy_helper.from_array(values, name) for name, values in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def two_outputs() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("AveragePool", ["bases"], ["y"], kernel_shape=[8]),
        helper.make_node("Mul", ["bases", "unused"], ["profile"]),
    ]
    tensors = {"w": WEIGHTS, "unused": np.ones(1, np.float32)}
    return model_of(nodes, tensors, ys=(("y", ("n", 2, 1)), ("profile", ("n", 2, 8))))


def test_one_output_is_kept_with_what_it_needs() -> None:
    interface = read_interface(two_outputs().SerializeToString(), 2, output="y")
    assert interface.repairs == ("outputs other than y",)
    kept = onnx.load_from_string(interface.model).graph
    assert [node.op_type for node in kept.node] == ["Einsum", "AveragePool"]
    assert [tensor.name for tensor in kept.initializer] == ["w"]
    assert np.allclose(predicted(interface.model)[:, :, 0], EXPECTED, atol=1e-6)
    profile = read_interface(two_outputs().SerializeToString(), 2, output="profile")
    assert profile.n_bins == 8
    with pytest.raises(InputError, match="no such output"):
        read_interface(two_outputs().SerializeToString(), 2, output="z")


def test_the_hint_keeps_one_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model_cards").mkdir()
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path))
    onnx.save(two_outputs(), tmp_path / "a.onnx")
    command = ["adopt", "onnx", str(tmp_path / "a.onnx"), "--name", "mine", "--tracks", "a,b"]
    command += ["--assembly", "hg19", "--licence", "MIT"]
    assert main.run(command) == 2
    hint = capsys.readouterr().err.rpartition("Hint: ")[2]
    option, name = hint.split()[:2]
    assert main.run([*command, option, name]) == 0
    assert "left out of the graph: outputs other than y" in capsys.readouterr().err


@pytest.mark.parametrize("constant", [False, True])
def test_float16_becomes_float32(constant: bool) -> None:
    """With a constant, a cast and an input of float16, or with float16 inside alone."""
    half = WEIGHTS.astype(np.float16)
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(half)),
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("Cast", ["bases"], ["again"], to=TensorProto.FLOAT16),
        helper.make_node("AveragePool", ["again"], ["y"], kernel_shape=[8]),
    ]
    made = model_of(nodes if constant else nodes[1:], {}, kind=TensorProto.FLOAT16)
    if not constant:
        made.graph.initializer.append(numpy_helper.from_array(half, "w"))
    interface = read_interface(made.SerializeToString(), 2)
    assert interface.changes == ("float32 in place of float16",)
    rounded = np.eye(4)[CODES].mean(axis=1) @ half.astype(np.float64).T
    assert np.allclose(predicted(interface.model)[:, :, 0], rounded, atol=1e-6)


def test_float16_of_another_size_is_refused() -> None:
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("AveragePool", ["bases"], ["y"], kernel_shape=[8]),
    ]
    made = model_of(nodes, {"w": WEIGHTS.astype(np.float16)}, kind=TensorProto.FLOAT16)
    made.graph.initializer[0].raw_data = made.graph.initializer[0].raw_data[:-2]
    with pytest.raises(InputError, match="not those of its shape"):
        read_interface(made.SerializeToString(), 2)


@pytest.mark.parametrize(
    ("x", "equation", "bases_first"),
    [
        (("n", 1, 8, 4), "bilc,tc->bt", False),
        (("n", 8, 4, 1), "blci,tc->bt", False),
        (("n", 4, 1, 8), "bcil,tc->bt", True),
        (("n", 4, 8, 1), "bcli,tc->bt", True),
    ],
)
def test_inputs_as_images_have_them(
    x: tuple[object, ...], equation: str, bases_first: bool
) -> None:
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["sum"], equation=equation),
        helper.make_node("Reshape", ["sum", "shape"], ["y"]),
    ]
    tensors = {"w": WEIGHTS / 8, "shape": np.array([0, 1, 1, 2])}
    made = model_of(nodes, tensors, x, (("y", ("n", 1, 1, 2)),))
    interface = read_interface(made.SerializeToString(), 2)
    assert interface.changes[0].startswith("no axis of size 1: (batch, ")
    assert any("bases before positions" in one for one in interface.changes) != bases_first
    assert np.allclose(predicted(interface.model)[:, :, 0], EXPECTED, atol=1e-6)


def test_what_is_sound_stays_as_it_is() -> None:
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("AveragePool", ["bases"], ["y"], kernel_shape=[8]),
    ]
    content = model_of(nodes, {"w": WEIGHTS}).SerializeToString()
    interface = read_interface(content, 2, output="y")
    assert (interface.model, interface.changes, interface.repairs) == (content, (), ())
    session = ort.InferenceSession(interface.model, providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_outputs()] == ["y"]
