"""The operators that a graph may use: those of networks on sequence.

All are standard ONNX, read nothing but their inputs, and are deterministic. Left out are
operators that run graphs (If, Loop, Scan), draw random numbers, hold text, sequences or optional
values, decode pictures, or give tensors whose size depends on values (NonZero, Compress, Unique).
"""

from __future__ import annotations

_GROUPS = {
    "arithmetic and functions of one value": (
        "Abs Add Asinh Atan Ceil Clip Cos Cosh Div Erf Exp Floor Log Max Mean Min Mod Mul Neg "
        "Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Tanh"
    ),
    "activations": (
        "Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish PRelu Relu Selu "
        "Shrink Sigmoid Softmax Softplus Softsign Swish ThresholdedRelu"
    ),
    "comparison and logic": (
        "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Where Xor"
    ),
    "convolution, pooling, recurrence, attention and products": (
        "Attention AveragePool Conv ConvTranspose Einsum GRU Gemm GlobalAveragePool "
        "GlobalMaxPool LSTM LpPool MatMul MaxPool RNN RotaryEmbedding"
    ),
    "normalisation": (
        "BatchNormalization Dropout GroupNormalization InstanceNormalization LRN "
        "LayerNormalization LpNormalization MeanVarianceNormalization RMSNormalization"
    ),
    "reduction": (
        "ArgMax ArgMin CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax "
        "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare TopK"
    ),
    "numbers of few bits": (
        "ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv "
        "QLinearMatMul QuantizeLinear"
    ),
    "shapes, constants and places": (
        "Cast CastLike Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Flatten "
        "Gather GatherElements GatherND Identity OneHot Pad Range Reshape Resize "
        "ReverseSequence Scatter ScatterElements ScatterND Shape Size Slice SpaceToDepth Split "
        "Squeeze Tile Transpose Trilu Unsqueeze"
    ),
}

OPERATORS = frozenset(name for names in _GROUPS.values() for name in names.split())
"""Names of operators in the domain of the ONNX standard."""
