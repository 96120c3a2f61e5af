"""A network whose answer is known: the best hit of a motif, made of ONNX operators by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zooctl.files.motifs import Motif
from zooctl.inference.device.session import Session
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(input_length=2048, output_length=2048, bin_size=32, core_length=1024)


def scanner(motif: Motif, geometry: Geometry) -> bytes:
    """A graph that predicts 2 to the power of a quarter of the best log-odds score in each bin."""
    forward = motif.log_odds()
    weights = np.stack([forward.T, forward[::-1, ::-1].T]).astype(np.float32)
    half, size = motif.length // 2, geometry.bin_size
    constants = {"w": weights, "axis": np.array([1]), "scale": np.float32([np.log(2) / 4])}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[half, motif.length - 1 - half]),
        helper.make_node("ReduceMax", ["c", "axis"], ["m"], keepdims=1),
        helper.make_node("MaxPool", ["m"], ["p"], kernel_shape=[size], strides=[size]),
        helper.make_node("Mul", ["p", "scale"], ["s"]),
        helper.make_node("Exp", ["s"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "scanner",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, geometry.input_length])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, geometry.n_bins])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


@pytest.fixture(scope="session")
def scanner_session() -> Callable[[Motif], Session]:
    """``(motif)``: a session of a network that scans for it, in the geometry of ctcf_gm12878."""
    return lambda motif: Session(
        scanner(motif, GEOMETRY), geometry=GEOMETRY, n_tracks=1, unknown_base=0.0, device="cpu"
    )
