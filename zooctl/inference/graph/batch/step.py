"""One operator of a graph with all that is known of its inputs, for the rules of the batch axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from zooctl.inference.graph.shapes import SMALL

Places = dict[str, int | None]
"""Tensor to its batch axis; None where it reads no window."""


# Operators whose rows are equal where those of their inputs are, for constants that are computed.
_BY_ENTRY = frozenset(
    (
        *("Add", "Cast", "Div", "Exp", "Mul", "Neg", "Pow", "Reciprocal", "Sigmoid"),
        *("Softplus", "Sqrt", "Sub", "Tanh"),
    )
)


class Mixed(Exception):
    """An operator mixes windows."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


class Lost(Exception):
    """The batch axis is not known behind an operator."""


@dataclass(frozen=True)
class Step:
    """One operator of a graph with all that is known of its inputs.

    Attributes:
        node: The operator.
        shapes: Sizes of tensors for n windows, as far as they are known.
        places: Batch axis of the tensors before it; None where no window was read.
        values: Constants.
        makers: Operator that makes each tensor.
        n: Windows.
    """

    node: onnx.NodeProto
    shapes: Mapping[str, list[int]]
    places: Mapping[str, int | None]
    values: Mapping[str, NDArray[Any]]
    makers: Mapping[str, onnx.NodeProto]
    n: int

    @property
    def reads_windows(self) -> bool:
        return any(self.places.get(name) is not None for name in self.node.input)

    def name(self, number: int) -> str:
        return self.node.input[number] if number < len(self.node.input) else ""

    def axis(self, number: int = 0) -> int | None:
        """Return the batch axis of an input."""
        return self.places.get(self.name(number))

    def shape(self, number: int = 0) -> list[int]:
        return self.shapes[self.name(number)]

    def attribute(self, name: str, default: Any) -> Any:
        for one in self.node.attribute:
            if one.name == name:
                return helper.get_attribute_value(one)
        return default

    def constant(self, number: int) -> list[int] | None:
        """Return the integers of a constant input; None where the input is not given."""
        name = self.name(number)
        if not name:
            return None
        if name not in self.values:
            raise Lost
        return [int(value) for value in self.values[name].ravel()]

    def first(self, axis: int) -> Places:
        return {self.node.output[0]: axis}

    def only_first_reads(self) -> None:
        """Require that no input but the first depends on windows or has a row for each."""
        if any(self.places.get(name) is not None for name in self.node.input[1:]):
            raise Lost


def constants(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    """Return the constants of a graph whose values are there."""
    found = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if math.prod(tensor.dims) <= SMALL
    }
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            value = helper.get_attribute_value(attribute)
            found[node.output[0]] = (
                numpy_helper.to_array(value) if attribute.name == "value" else np.asarray(value)
            )
    return found


def wrap(axis: int, rank: int) -> int:
    return axis + rank if axis < 0 else axis


def fits(step: Step, name: str, axis: int, size: int) -> None:
    """Require of a tensor with or without windows that it has one row, or one for each window."""
    shape = step.shapes[name]
    if len(shape) < -axis:
        return
    if step.places.get(name) is not None:
        if shape[axis] != size:
            raise Lost
    elif shape[axis] != 1 and not _equal_rows(step, name, axis):
        raise Lost


def _equal_rows(step: Step, name: str, axis: int) -> bool:
    """Return whether all rows of a tensor that reads no window are equal along an axis.

    Args:
        step: The operator that reads the tensor.
        name: The tensor.
        axis: Counted from the last one, which is -1.
    """
    shape = step.shapes.get(name)
    if shape is not None and (len(shape) < -axis or shape[axis] == 1):
        return True
    maker = step.makers.get(name)
    if maker is None:
        values = step.values.get(name)
        if values is None or not values.size:
            return False
        return bool((values == values.take([0], axis=axis)).all())
    if maker.op_type == "ConstantOfShape":
        return True
    if maker.op_type == "Expand":
        return _equal_rows(step, maker.input[0], axis)
    by_entry = maker.op_type in _BY_ENTRY or (maker.op_type == "MatMul" and axis < -2)
    return by_entry and all(_equal_rows(step, one, axis) for one in maker.input)


def batch_of(step: Step, number: int = 0) -> int:
    axis = step.axis(number)
    if axis is None:
        raise Lost
    return axis


def lose() -> NoReturn:
    raise Lost
