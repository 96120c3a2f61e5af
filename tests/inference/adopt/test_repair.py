"""Habits of other exporters: repaired, or refused with a command that mends them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.errors import UnsafeError
from zooctl.inference.adopt.interface import read_interface
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry

WEIGHTS = np.arange(8, dtype=np.float32).reshape(2, 4)


def plain(opset: int = 13) -> onnx.ModelProto:
    """Return the weight of the bases of 8 bp in two tracks, as one bin."""
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        helper.make_node("AveragePool", ["bases"], ["y"], kernel_shape=[8]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2, 1])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def predicted(model: bytes) -> np.ndarray:
    options = {"geometry": Geometry(8, 8, 8, 8), "n_tracks": 2, "unknown_base": 0.0}
    return Session(model, device="cpu", **options).predict(np.eye(1, 8, 3, dtype=np.uint8))


@pytest.mark.parametrize(
    ("imports", "repairs"),
    [
        ([("", 13), ("ai.onnx.ml", 2)], ["the import of ai.onnx.ml, which no operator is of"]),
        (
            [("com.microsoft", 1), ("", 13)],
            ["the import of com.microsoft, which no operator is of"],
        ),
        ([("ai.onnx", 13)], ["a second name of the standard operator set"]),
        ([("", 13), ("ai.onnx", 13)], ["a second name of the standard operator set"]),
        ([("", 13), ("", 13)], ["a second name of the standard operator set"]),
    ],
)
def test_imports_that_no_operator_needs(imports: list[tuple[str, int]], repairs: list[str]) -> None:
    model = plain()
    expected = predicted(model.SerializeToString())
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*one) for one in imports)
    model.graph.node[0].domain = "ai.onnx"
    interface = read_interface(model.SerializeToString(), 2)
    assert list(interface.repairs) == repairs
    mended = onnx.load_from_string(interface.model)
    assert [(one.domain, one.version) for one in mended.opset_import] == [("", 13)]
    assert np.array_equal(predicted(interface.model), expected)


def test_two_versions_of_one_set_stay_refused() -> None:
    model = plain()
    model.opset_import.append(helper.make_opsetid("ai.onnx", 14))
    interface = read_interface(model.SerializeToString(), 2)
    with pytest.raises(UnsafeError, match="one operator set"):
        predicted(interface.model)


def test_operators_of_other_domains_stay_refused() -> None:
    model = plain()
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    model.graph.node[1].domain = "com.microsoft"
    interface = read_interface(model.SerializeToString(), 2)
    with pytest.raises(UnsafeError, match=r"AveragePool of com\.microsoft"):
        predicted(interface.model)


def test_weights_among_the_inputs() -> None:
    """Version 3 of the format demands it."""
    model = plain()
    expected = predicted(model.SerializeToString())
    model.ir_version = 3
    value = helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 4])
    model.graph.input.append(value)
    interface = read_interface(model.SerializeToString(), 2)
    assert interface.repairs == ("weights that are listed among the inputs",)
    assert np.array_equal(predicted(interface.model), expected)


def test_a_sound_graph_is_left_as_it_is() -> None:
    content = plain().SerializeToString()
    assert read_interface(content, 2).model == content
    assert read_interface(content, 2).repairs == ()


def follow(hint: str | None, folder: Path) -> None:
    """Run the command of a hint, with this Python, as a person would in a shell."""
    assert hint is not None
    assert hint.startswith("python -c ")
    command = f"{sys.executable} {hint.removeprefix('python ')}"
    subprocess.run(["bash", "-c", command], check=True, cwd=folder, timeout=120)


def test_weights_beside_the_file(tmp_path: Path) -> None:
    """The hint's command writes one file, which is the same model."""
    path = tmp_path / "my model's.onnx"
    onnx.save(plain(), path, save_as_external_data=True, size_threshold=0, location="w.data")
    with pytest.raises(UnsafeError, match="outside of the ONNX file") as caught:
        read_interface(path.read_bytes(), 2, path)
    follow(caught.value.hint, tmp_path)
    mended = read_interface((tmp_path / "my model's.single.onnx").read_bytes(), 2)
    assert np.array_equal(predicted(mended.model), predicted(plain().SerializeToString()))


@pytest.mark.parametrize("opset", [9, 10, 11, 12])
def test_old_operator_sets(tmp_path: Path, opset: int) -> None:
    """The hint's command converts the file; predictions stay."""
    path = tmp_path / "old.onnx"
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["h"], kernel_shape=[8]),
        helper.make_node("Squeeze", ["h"], ["s"], axes=[2]),
        helper.make_node("Softmax", ["s"], ["p"], axis=1),
        helper.make_node("Unsqueeze", ["p"], ["y"], axes=[2]),
    ]
    old = plain(opset)
    kernel = np.repeat(WEIGHTS[:, :, None] / 50, 8, axis=2)
    del old.graph.node[:], old.graph.initializer[:]
    old.graph.node.extend(nodes)
    old.graph.initializer.append(numpy_helper.from_array(kernel, "k"))
    old.ir_version = 4
    onnx.save(old, path)
    with pytest.raises(UnsafeError, match="operator set is not supported") as caught:
        read_interface(path.read_bytes(), 2, path)
    assert caught.value.got == opset
    follow(caught.value.hint, tmp_path)
    interface = read_interface((tmp_path / "old.opset13.onnx").read_bytes(), 2)
    scores = np.array([WEIGHTS[track, [0, 0, 0, 1, 0, 0, 0, 0]].sum() / 50 for track in (0, 1)])
    np.testing.assert_allclose(
        predicted(interface.model)[0, :, 0], np.exp(scores) / np.exp(scores).sum(), rtol=1e-5
    )
