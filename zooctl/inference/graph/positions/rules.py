"""The rule of each operator for positions: the input bases that each output position reads.

A rule returns the positions of the operator's outputs. It raises ``Mixing`` where an output reads
all positions, or where the rule does not know. Rules are for tensors whose axis 0 is the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zooctl.inference.graph.positions import compute, layout
from zooctl.inference.graph.positions.reach import Follow, Positions

Rule = Callable[[Follow], dict[str, Positions]]


def _each(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: Mapping[str, Rule] = {
    **_each(
        compute.same,
        "Abs Asinh Atan Cast Ceil Celu Clip Cos Cosh Dropout Elu Erf Exp Floor "
        "Gelu HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not "
        "Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish "
        "Tan Tanh ThresholdedRelu",
    ),
    **_each(
        compute.joined,
        "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow "
        "PRelu Sub Sum Where Xor",
    ),
    **_each(compute.by_channel, "BatchNormalization LRN"),
    **_each(compute.slid, "AveragePool Conv LpPool MaxPool"),
    **_each(compute.normalised, "Hardmax LogSoftmax LpNormalization Softmax"),
    **_each(compute.normalised_behind, "LayerNormalization RMSNormalization"),
    **_each(
        compute.reduced,
        "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin "
        "ReduceProd ReduceSum ReduceSumSquare",
    ),
    **_each(
        compute.whole,
        "Attention GRU GlobalAveragePool GlobalMaxPool GroupNormalization InstanceNormalization "
        "LSTM RNN",
    ),
    "Concat": layout.put_together,
    "Einsum": compute.einsum,
    "Flatten": layout.reshaped,
    "Gather": layout.gathered,
    "MatMul": compute.product,
    "Pad": layout.padded,
    "Reshape": layout.reshaped,
    "Slice": layout.cropped,
    "Split": layout.split,
    "Squeeze": layout.squeezed,
    "Transpose": layout.transposed,
    "Unsqueeze": layout.unsqueezed,
}
"""Operator to its rule; any other one is where positions are lost."""
