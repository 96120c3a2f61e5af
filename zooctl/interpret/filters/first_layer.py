"""The first convolution of an entry's graph, cut off behind its activation, and run by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from zooctl.errors import InputError
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import one_hot
from zooctl.inference.graph.cut import cut_behind
from zooctl.inference.model import OpenModel
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.sequence.onehot import BASES, Codes

# Operators that leave positions as they are, before the activation.
_BETWEEN = ("BatchNormalization", "Add", "Mul", "Identity")
_ACTIVATIONS = {
    "Relu": "ReLU",
    "Exp": "exponential",
    "Elu": "ELU",
    "Gelu": "GELU",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Tanh": "tanh",
    "LeakyRelu": "leaky ReLU",
}
_BATCH = 32


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """A convolution of the one-hot sequence and its activation.

    Attributes:
        weights: ``(n_filters, 4, width)``.
        activation: Name of the activation, ``none`` where another layer comes first.
        pad: Zeros before the first base.
        stride: Bases from one activation to the next.
        dilation: Bases from one weight to the next.
        unknown_base: Value of all four channels at an unknown base.
        graph: Serialised ONNX, from the one-hot to the activations.
        input_name: Name of its input.
    """

    weights: NDArray[np.float32]
    activation: str
    pad: int
    stride: int
    dilation: int
    unknown_base: float
    graph: bytes
    input_name: str

    @property
    def n_filters(self) -> int:
        """Number of filters."""
        return len(self.weights)

    @property
    def width(self) -> int:
        """Weights of a filter along the sequence."""
        return int(self.weights.shape[2])

    def activations(self, codes: Codes) -> NDArray[np.float32]:
        """Return the activations of windows, ``(n, n_filters, positions)``."""
        parts = [
            self._loaded.run({self.input_name: one_hot(part, self.unknown_base)})[0]
            for part in (codes[at : at + _BATCH] for at in range(0, len(codes), _BATCH))
        ]
        return np.concatenate(parts)

    @cached_property
    def _loaded(self) -> LoadedGraph:
        return LoadedGraph(self.graph, "cpu", threads=1)

    def bases(self, position: int) -> NDArray[np.int64]:
        """Return the bases of a window that an activation reads, ``(width,)``."""
        start = position * self.stride - self.pad
        return start + self.dilation * np.arange(self.width)


def first_layer(model: OpenModel) -> FirstLayer:
    """Return the first layer of a model.

    Raises:
        InputError: It is no convolution of the one-hot sequence.
    """
    if isinstance(model.session, SeveralInputs):
        raise InputError(f"{model.card.name} reads more than the sequence")
    return first_layer_of(model.graph, model.card.unknown_base, model.card.name)


def first_layer_of(serialised: bytes, unknown_base: float, model: str) -> FirstLayer:
    """Return the first layer of a graph that reads the sequence alone.

    Args:
        serialised: ONNX model.
        unknown_base: Value of all four channels at an unknown base.
        model: Name of the model, for errors.

    Raises:
        InputError: It is no convolution of the one-hot sequence.
    """
    proto = onnx.ModelProto.FromString(serialised)
    graph = proto.graph
    constants = {one.name: one for one in graph.initializer}
    (name,) = [one.name for one in graph.input if one.name not in constants]
    conv = next((node for node in graph.node if _is_first(node, name, constants)), None)
    if conv is None:
        raise InputError(
            f"the first layer of {model} is no convolution of the sequence",
            got=next((node.op_type for node in graph.node if name in node.input), "nothing"),
            expected="Conv",
        )
    last, activation = _activation(graph.node, conv)
    settings = {one.name: helper.get_attribute_value(one) for one in conv.attribute}
    return FirstLayer(
        numpy_helper.to_array(constants[conv.input[1]]).astype(np.float32),
        activation,
        _pad(settings, constants[conv.input[1]].dims[2]),
        settings.get("strides", [1])[0],
        settings.get("dilations", [1])[0],
        unknown_base,
        cut_behind(proto, last),
        name,
    )


def _is_first(node: onnx.NodeProto, name: str, constants: dict[str, onnx.TensorProto]) -> bool:
    weights = constants.get(node.input[1]) if len(node.input) > 1 else None
    if node.op_type != "Conv" or node.input[0] != name or weights is None:
        return False
    return len(weights.dims) == 3 and weights.dims[1] == len(BASES)


def _pad(settings: dict[str, object], width: int) -> int:
    mode = settings.get("auto_pad", b"NOTSET")
    if mode in (b"SAME_UPPER", b"SAME_LOWER"):
        return (width - (mode == b"SAME_UPPER")) // 2
    pads = settings.get("pads", [0])
    assert isinstance(pads, Sequence)
    return int(pads[0])


def _activation(nodes: Sequence[onnx.NodeProto], conv: onnx.NodeProto) -> tuple[str, str]:
    """Return the tensor behind the activation, and its name; that of the convolution where none."""
    tensor = conv.output[0]
    while True:
        readers = [node for node in nodes if tensor in node.input]
        kinds = {node.op_type for node in readers}
        found = kinds & set(_ACTIVATIONS)
        if found and len(kinds) == 1:
            return readers[0].output[0], _ACTIVATIONS[found.pop()]
        if len(readers) != 1 or readers[0].op_type not in _BETWEEN:
            return conv.output[0], "none"
        tensor = readers[0].output[0]
