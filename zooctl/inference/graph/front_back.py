"""Front and back ends of a graph: codes in, sums out.

The front makes one-hot from uint8 codes: 1 byte a base goes in instead of 16. The back undoes the
target's transform and sums a window's predictions over given bases: one number a track comes out
instead of one a bin.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.onehot import BASES, N
from zooctl.sequence.windows import Geometry

CODES = "zooctl/codes"
"""Name of the front's input, uint8 ``(batch, input_length)``."""

SPANS = "zooctl/spans"
"""Name of the back's second input, int32 ``(batch, 4)``: starts of two stretches, then ends.

They are half-open, in bp from the first predicted base.
"""

SUMS = "zooctl/sums"
"""Name of the back's output, float64 ``(batch, n_tracks)``."""


def add_front(
    graph: onnx.GraphProto, onehot: str, input_length: int | None, unknown_base: float
) -> None:
    """Put nodes before the graph that make ``onehot`` from ``CODES``.

    Compared with a table look-up and its transposition or with OneHot, comparing is several times
    faster (on 2 CPU cores 0.15 ms for 64 windows of 2,048 bp, against 0.7 to 2 ms), and for a base
    value other than 0 OneHot alone is not enough. CUDA has no Equal for uint8, hence the cast.
    """
    axis = _constant(graph, "axis", np.array([1], dtype=np.int64))
    bases = _constant(graph, "bases", np.arange(len(BASES), dtype=np.int32).reshape(1, -1, 1))
    known = "zooctl/known" if unknown_base else onehot
    front = [
        _node("Cast", [CODES], "zooctl/int32", to=TensorProto.INT32),
        _node("Unsqueeze", ["zooctl/int32", axis], "zooctl/row"),
        _node("Equal", ["zooctl/row", bases], "zooctl/is_base"),
        _node("Cast", ["zooctl/is_base"], known, to=TensorProto.FLOAT),
    ]
    if unknown_base:
        unknown = _constant(graph, "unknown", np.array(N, dtype=np.int32))
        value = _constant(graph, "unknown_base", np.array(unknown_base, dtype=np.float32))
        front += [
            _node("Equal", ["zooctl/row", unknown], "zooctl/is_unknown"),
            _node("Where", ["zooctl/is_unknown", value, known], onehot),
        ]
    network = list(graph.node)
    del graph.node[:]
    graph.node.extend([*front, *network])
    codes = helper.make_tensor_value_info(CODES, TensorProto.UINT8, [_batch(graph), input_length])
    graph.input[0].CopyFrom(codes)


def add_back(
    graph: onnx.GraphProto, geometry: Geometry, n_tracks: int, transform: Transform
) -> None:
    """Put nodes behind the graph that sum its predictions over the stretches of ``SPANS``.

    A bin counts with as many of its bases as lie in a stretch, as if its value stood at each of
    its bases. Transform and sum are computed in double precision, so that they add no error.
    """
    batch, output = _batch(graph), graph.output[0].name
    bins = geometry.bin_size * np.arange(geometry.n_bins, dtype=np.int32)
    firsts = _constant(graph, "firsts", bins)
    lasts = _constant(graph, "lasts", bins + np.int32(geometry.bin_size))
    starts = _constant(graph, "starts", np.array([0, 1], dtype=np.int64))
    ends = _constant(graph, "ends", np.array([2, 3], dtype=np.int64))
    nothing = _constant(graph, "nothing", np.array(0, dtype=np.int32))
    stretches = _constant(graph, "stretches", np.array([1], dtype=np.int64))
    column = _constant(graph, "column", np.array([2], dtype=np.int64))
    graph.node.extend(
        [
            _node("Gather", [SPANS, starts], "zooctl/start", axis=1),
            _node("Gather", [SPANS, ends], "zooctl/end", axis=1),
            _node("Unsqueeze", ["zooctl/start", column], "zooctl/start_of"),
            _node("Unsqueeze", ["zooctl/end", column], "zooctl/end_of"),
            # Of each stretch and bin, (batch, 2, n_bins): the bases they have in common.
            _node("Max", ["zooctl/start_of", firsts], "zooctl/from"),
            _node("Min", ["zooctl/end_of", lasts], "zooctl/to"),
            _node("Sub", ["zooctl/to", "zooctl/from"], "zooctl/overlap"),
            _node("Max", ["zooctl/overlap", nothing], "zooctl/common"),
            _node("ReduceSum", ["zooctl/common", stretches], "zooctl/covered", keepdims=0),
            _node("Cast", ["zooctl/covered"], "zooctl/weight", to=TensorProto.DOUBLE),
            _node("Unsqueeze", ["zooctl/weight", column], "zooctl/weights"),
            *_untransform(graph, output, "zooctl/values", transform),
            _node("MatMul", ["zooctl/values", "zooctl/weights"], "zooctl/sum"),
            _node("Squeeze", ["zooctl/sum", column], SUMS),
        ]
    )
    graph.input.append(helper.make_tensor_value_info(SPANS, TensorProto.INT32, [batch, 4]))
    sums = helper.make_tensor_value_info(SUMS, TensorProto.DOUBLE, [batch, n_tracks])
    graph.output[0].CopyFrom(sums)


def _untransform(
    graph: onnx.GraphProto, source: str, output: str, transform: Transform
) -> list[NodeProto]:
    """Return nodes that undo a transform, in double precision; onnxruntime's Sinh knows only float.

    sinh(x) = (exp(x) - exp(-x)) / 2 and expm1(x) = exp(x) - 1, each within 1e-16 of the truth.
    """
    if transform == "none":
        return [_node("Cast", [source], output, to=TensorProto.DOUBLE)]
    grown = [
        _node("Cast", [source], "zooctl/double", to=TensorProto.DOUBLE),
        _node("Exp", ["zooctl/double"], "zooctl/exp"),
    ]
    if transform == "log1p":
        one = _constant(graph, "one", np.array(1, dtype=np.float64))
        return [*grown, _node("Sub", ["zooctl/exp", one], output)]
    half = _constant(graph, "half", np.array(0.5, dtype=np.float64))
    return [
        *grown,
        _node("Neg", ["zooctl/double"], "zooctl/negative"),
        _node("Exp", ["zooctl/negative"], "zooctl/exp_negative"),
        _node("Sub", ["zooctl/exp", "zooctl/exp_negative"], "zooctl/twice"),
        _node("Mul", ["zooctl/twice", half], output),
    ]


def _batch(graph: onnx.GraphProto) -> str:
    """Return the name of the open first dimension."""
    name: str = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    return name or "batch"


def _constant(graph: onnx.GraphProto, name: str, value: NDArray[np.generic]) -> str:
    graph.initializer.append(numpy_helper.from_array(value, f"zooctl/{name}"))
    return f"zooctl/{name}"


def _node(op_type: str, inputs: list[str], output: str, **attributes: int) -> NodeProto:
    node = helper.make_node(op_type, inputs, [output], name=f"zooctl/{op_type}/{output}")
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return node
