"""The rule of each operator for the batch axis: its place in the outputs, or that windows mix.

A tensor's batch axis holds ``n * m`` entries for n windows, those of a window beside each other;
m is 1 unless other axes were joined to it. A rule returns the axis of each output that has one. It
raises ``Mixed`` where an output of a window is made of other windows, and ``Lost`` where the rule
does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zooctl.inference.graph.batch import entries, layout
from zooctl.inference.graph.batch.step import Places, Step


def _each(rule: Callable[[Step], Places], names: str) -> dict[str, Callable[[Step], Places]]:
    return dict.fromkeys(names.split(), rule)


DRAWING: Mapping[str, Callable[[Step], object]] = {"Dropout": entries.drops}
"""Operators that may draw other values at every run, whatever they read."""

RULES: Mapping[str, Callable[[Step], Places]] = {
    **_each(
        entries.broadcast,
        "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow "
        "PRelu Sub Sum Where Xor",
    ),
    **_each(
        entries.same,
        "Abs Asinh Atan Cast CastLike Ceil Celu Clip Cos Cosh Dropout Elu Erf Exp Floor Gelu "
        "HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu "
        "Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh "
        "ThresholdedRelu",
    ),
    **_each(
        entries.within_rows,
        "AveragePool Conv ConvTranspose DepthToSpace GlobalAveragePool GlobalMaxPool "
        "GroupNormalization InstanceNormalization LRN LpPool MaxPool SpaceToDepth",
    ),
    **_each(entries.normalised, "Hardmax LogSoftmax LpNormalization Softmax"),
    **_each(entries.normalised_behind, "LayerNormalization RMSNormalization"),
    **_each(
        entries.reduced,
        "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin "
        "ReduceProd ReduceSum ReduceSumSquare",
    ),
    **_each(entries.place_of_extreme, "ArgMax ArgMin"),
    **_each(entries.recurrent, "GRU LSTM RNN"),
    **_each(layout.reshaped, "Flatten Reshape"),
    **_each(layout.kept_whole, "Resize Tile"),
    **_each(layout.no_windows, "Shape Size"),
    "Attention": entries.attention,
    "BatchNormalization": entries.batch_normalised,
    "Concat": layout.joined,
    "CumSum": entries.cumulated,
    "DynamicQuantizeLinear": entries.scaled_to_batch,
    "Einsum": entries.einsum,
    "Expand": layout.expanded,
    "Gather": layout.gathered,
    "Gemm": entries.gemm,
    "MatMul": entries.product,
    "MeanVarianceNormalization": entries.mean_variance,
    "OneHot": layout.one_hot,
    "Pad": layout.padded,
    "RotaryEmbedding": entries.rotated,
    "Slice": layout.sliced,
    "Split": layout.split,
    "Squeeze": layout.squeezed,
    "TopK": entries.top,
    "Transpose": layout.transposed,
    "Trilu": layout.triangle,
    "Unsqueeze": layout.unsqueezed,
}
"""Operator to its rule; behind any other one the batch axis is not known."""
