"""ONNX files from elsewhere: what they say of themselves, and the layout that the zoo wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.errors import InputError
from zooctl.inference.adopt.interface import Interface, read_interface
from zooctl.inference.adopt.probe import probe_size, probe_windows
from zooctl.inference.device.session import Session
from zooctl.sequence.onehot import N
from zooctl.sequence.windows import Geometry

Axes = Sequence[int | str]
# Weight of each base in two tracks.
WEIGHTS = np.array([[1, 2, 3, 4], [0, 1, 0, 5]], dtype=np.float32)


def foreign(inputs: Axes, outputs: Axes) -> bytes:
    """ONNX: mean weight of the bases of each half of 8 bp, or of all, in any layout.

    The layouts are named by the letters of an einsum in place of sizes: ``"blc"`` and so on.
    """
    source = "".join("bcl"[[None, 4, 8].index(s) if isinstance(s, int) else 0] for s in inputs)
    nodes = [helper.make_node("Einsum", ["x", "w"], ["bases"], equation=f"{source},tc->btl")]
    if len(outputs) == 2:
        nodes += [
            helper.make_node("ReduceMean", ["bases", "last"], ["y"], keepdims=0),
        ]
    else:
        nodes.append(
            helper.make_node("AveragePool", ["bases"], ["bins"], kernel_shape=[4], strides=[4])
        )
        perm = [0, 1, 2] if outputs[1] == "tracks" else [0, 2, 1]
        nodes.append(helper.make_node("Transpose", ["bins"], ["y"], perm=perm))
    sizes = {"tracks": 2, "bins": 2}
    values = [
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, [sizes.get(a, a) if isinstance(a, str) else a for a in axes]
        )
        for name, axes in (("x", inputs), ("y", outputs))
    ]
    constants = [
        numpy_helper.from_array(WEIGHTS, "w"),
        numpy_helper.from_array(np.array([2]), "last"),
    ]
    graph = helper.make_graph(nodes, "toy", values[:1], values[1:], constants)
    opsets = [helper.make_opsetid("", 20)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def expected(codes: np.ndarray, n_bins: int) -> np.ndarray:
    bases = np.append(WEIGHTS, np.zeros((2, 1)), axis=1)[:, codes].transpose(1, 0, 2)
    return bases.reshape(len(codes), 2, n_bins, 8 // n_bins).mean(axis=3)


@pytest.mark.parametrize("inputs", [("n", 4, 8), ("n", 8, 4)])
@pytest.mark.parametrize("outputs", [("n", "tracks", "bins"), ("n", "tracks")])
def test_layouts_become_the_zoos(inputs: Axes, outputs: Axes) -> None:
    interface = read_interface(foreign(inputs, outputs), 2)
    n_bins = 2 if len(outputs) == 3 else 1
    assert (interface.input_length, interface.n_bins) == (8, n_bins)
    assert len(interface.changes) == (inputs[1] == 8) + (len(outputs) == 2)
    codes = np.random.default_rng(2).integers(0, 5, (7, 8)).astype(np.uint8)
    geometry = Geometry(8, 8, 8 // n_bins, 8)
    session = Session(interface.model, geometry=geometry, n_tracks=2, unknown_base=0, device="cpu")
    np.testing.assert_allclose(session.predict(codes), expected(codes, n_bins), rtol=1e-6)


def test_bins_before_tracks() -> None:
    """With as many bins as tracks nothing tells them apart, so the zoo's order is taken."""
    pool = helper.make_node("AveragePool", ["bases"], ["bins"], kernel_shape=[2], strides=[2])
    nodes = [
        helper.make_node("Einsum", ["x", "w"], ["bases"], equation="bcl,tc->btl"),
        pool,
        helper.make_node("Transpose", ["bins"], ["y"], perm=[0, 2, 1]),
    ]
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 8]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, 2]),
    ]
    constants = [numpy_helper.from_array(WEIGHTS, "w")]
    graph = helper.make_graph(nodes, "toy", values[:1], values[1:], constants)
    opsets = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    interface = read_interface(model, 2)
    assert interface.changes == ("tracks before bins: (batch, 4, 2) out",)
    codes = np.random.default_rng(2).integers(0, 5, (7, 8)).astype(np.uint8)
    session = Session(
        interface.model, geometry=Geometry(8, 8, 2, 8), n_tracks=2, unknown_base=0, device="cpu"
    )
    np.testing.assert_allclose(session.predict(codes), expected(codes, 4), rtol=1e-6)


def test_the_zoos_own_layout_is_left_alone() -> None:
    model = foreign(("n", 4, 8), ("n", "tracks", "bins"))
    assert read_interface(model, 2) == Interface(model, 8, 2, ())


def value(name: str, axes: Axes) -> object:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(axes))


@pytest.mark.parametrize(
    ("inputs", "outputs", "tracks", "message"),
    [
        ([("x", ("n", 4, 8)), ("z", ("n", 8))], [("y", ("n", 2))], 2, "exactly one input"),
        ([("x", ("n", 4, 8))], [("y", ("n", 2)), ("z", ("n", 2))], 2, "exactly one output"),
        ([("x", (1, 4, 8))], [("y", ("n", 2))], 2, "one-hot sequence of fixed length"),
        ([("x", ("n", 4, "len"))], [("y", ("n", 2))], 2, "one-hot sequence of fixed length"),
        ([("x", ("n", 2, 4, 8))], [("y", ("n", 2))], 2, "one-hot sequence of fixed length"),
        ([("x", ("n", 5, 8))], [("y", ("n", 2))], 2, "one-hot sequence of fixed length"),
        ([("x", ("n", 4, 8))], [("y", ("n", 2))], 3, "no batch of 3 tracks"),
        ([("x", ("n", 4, 8))], [("y", ("n", 2, "bins"))], 2, "no batch of 2 tracks"),
        ([("x", ("n", 4, 8))], [("y", ("n",))], 1, "no batch of 1 track"),
        ([("x", ("n", 4, 8))], [("y", (1, 2))], 2, "no batch of 2 tracks"),
    ],
)
def test_other_interfaces_are_refused(
    inputs: list[tuple[str, Axes]], outputs: list[tuple[str, Axes]], tracks: int, message: str
) -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "toy",
        [value(*one) for one in inputs],
        [value(*one) for one in outputs],
    )
    with pytest.raises(InputError, match=message) as caught:
        read_interface(helper.make_model(graph).SerializeToString(), tracks)
    assert caught.value.got


def test_what_is_no_graph() -> None:
    for content in (b"", b"\x80\x04pickle", b"PK\x03\x04"):
        with pytest.raises(InputError, match="not an ONNX model"):
            read_interface(content, 1)


@pytest.mark.parametrize(("input_length", "n"), [(1, 4), (145, 512), (2048, 100), (31, 7)])
def test_probe_windows(input_length: int, n: int) -> None:
    windows = probe_windows(input_length, n)
    assert (windows.shape, windows.dtype) == ((n, input_length), np.uint8)
    assert windows.max() == N
    assert np.array_equal(windows, probe_windows(input_length, n))
    if input_length > 100:
        gc = np.isin(windows, (1, 2)).mean(axis=1)
        assert gc.min() < 0.2
        assert gc.max() > 0.8
        assert len(np.unique(windows, axis=0)) == n


def test_probes_stay_small() -> None:
    for lengths in ((145, 145, 145, 145), (2048, 2048, 32, 1024), (131_072, 131_072, 128, 65_536)):
        geometry = Geometry(*lengths)
        n = probe_size(geometry, 12)
        assert 4 <= n <= 512
        assert n == 4 or n * (geometry.input_length + 48 * geometry.n_bins) <= 300_000
