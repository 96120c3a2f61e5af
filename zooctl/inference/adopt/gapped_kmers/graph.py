"""A gapped k-mer SVM as an ONNX graph: a look-up of each l-mer's weight, and the kernel's norm."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from zooctl.inference.adopt.gapped_kmers.kernel import LinearGkm
from zooctl.sequence.onehot import BASES
from zooctl.sequence.windows import Geometry

OPSET = 20
INPUT, OUTPUT = "sequence", "tracks"


def gkm_geometry(width: int) -> Geometry:
    """Return the window of a value: it belongs to the bases in the middle, half of them at most.

    Their number is a power of two where the width is even, so that bins of 128 or 512 bp hold
    whole ones.

    >>> gkm_geometry(160), gkm_geometry(61).bin_size
    (Geometry(input_length=160, output_length=64, bin_size=64, core_length=64), 15)
    """
    size = 1 << ((width // 2).bit_length() - 1)
    size -= (width - size) % 2  # so that they lie in the middle
    return Geometry(width, size, size, size)


def gkm_graph(gkm: LinearGkm, width: int) -> bytes:
    """Return the decision value of a window as ONNX; above 0 is positive.

    An l-mer with an unknown base counts nowhere. The graph expects zeros for unknown bases. All
    that is looked up or counted are integers below 2**24, which float32 holds.

    Args:
        gkm: Weights of the l-mers, and the bias.
        width: Bases that are read.
    """
    length = gkm.kmers.length
    n_rows = len(BASES) * length
    powers = len(BASES) ** np.arange(length)[::-1]
    constants = {
        # The number of an l-mer, and how many of its bases are known.
        "digits": np.stack(
            [np.arange(len(BASES))[:, None] * powers, np.ones((len(BASES), length))]
        ),
        # Base b at place i of an l-mer is row b * l + i; in reverse order they are its complement.
        "bases": np.eye(n_rows).reshape(n_rows, len(BASES), length),
        "all_known": np.array(length),
        "weights": gkm.weights,
        "n_shared": gkm.kmers.n_shared,
        "bias": np.array(gkm.bias),
        "one": np.array(1),
    }
    integers = {
        "first": np.array([0]),
        "second": np.array([1]),
        "reversed": np.arange(n_rows)[::-1],
        "both_axes": np.array([1, 2]),
        "last_axis": np.array([2]),
    }
    stored = {name: np.ascontiguousarray(value, np.float32) for name, value in constants.items()}
    stored |= {name: np.ascontiguousarray(value, np.int64) for name, value in integers.items()}
    graph = helper.make_graph(
        [*_sum_of_weights(), *_norm(), *_decision()],
        "zooctl",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", len(BASES), width])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", 1, 1])],
        [numpy_helper.from_array(value, name) for name, value in stored.items()],
    )
    # IR version 10 is the one of opset 20's time, so that older runtimes read the file, too.
    model: ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10
    )
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _sum_of_weights() -> list[NodeProto]:
    """Return nodes from the sequence to ``sum`` ``(batch, 1, 1)`` and ``known``."""
    node = helper.make_node
    return [
        node("Conv", [INPUT, "digits"], ["read"]),
        node("Gather", ["read", "first"], ["number"], axis=1),
        node("Gather", ["read", "second"], ["n_known"], axis=1),
        node("Equal", ["n_known", "all_known"], ["is_known"]),
        node("Cast", ["is_known"], ["known"], to=TensorProto.FLOAT),
        node("Cast", ["number"], ["index"], to=TensorProto.INT64),
        node("Gather", ["weights", "index"], ["looked_up"]),
        node("Mul", ["looked_up", "known"], ["own_weights"]),
        node("ReduceSum", ["own_weights", "last_axis"], ["sum"]),
    ]


def _norm() -> list[NodeProto]:
    """Return nodes from the sequence and ``known`` to ``norm`` ``(batch, 1, 1)``.

    They compare each l-mer with each on both strands. The matrix of that is what takes time, so it
    is made of integers, which the look-up reads as they are.
    """
    node = helper.make_node
    return [
        node("Conv", [INPUT, "bases"], ["all_lmers"]),
        node("Mul", ["all_lmers", "known"], ["lmers"]),
        node("Cast", ["lmers"], ["columns"], to=TensorProto.UINT8),
        node("Gather", ["columns", "reversed"], ["complements"], axis=1),
        node("Concat", ["columns", "complements"], ["both_strands"], axis=2),
        node("Transpose", ["columns"], ["rows"], perm=[0, 2, 1]),
        node("MatMulInteger", ["rows", "both_strands"], ["n_equal"]),
        node("Gather", ["n_shared", "n_equal"], ["shared"]),
        node("ReduceSum", ["shared", "both_axes"], ["kernel"]),
        # A window without an l-mer has no norm; its sum is 0, too.
        node("Max", ["kernel", "one"], ["at_least_one"]),
        node("Sqrt", ["at_least_one"], ["norm"]),
    ]


def _decision() -> list[NodeProto]:
    node = helper.make_node
    return [
        node("Div", ["sum", "norm"], ["kernels"]),
        node("Add", ["kernels", "bias"], [OUTPUT]),
    ]
