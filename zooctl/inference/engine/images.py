"""Segments whose rows are computed as lines of images, ``(n, channels, lines, positions)``.

onnxruntime has faster convolutions for two axes than for one: they go through blocks of channels
and not through a copy of each kernel's values. Kernels stay one line high, so nothing else changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from zooctl.inference.engine.constants import evened
from zooctl.inference.engine.segments import Segment
from zooctl.inference.graph.batch.step import wrap
from zooctl.inference.graph.positions.compute import joined, normalised, same
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.inference.graph.positions.rules import RULES

SLIDE = ("AveragePool", "Conv", "LpPool", "MaxPool")
"""Operators with a kernel that slides along positions."""

_RANK = 3
_KERNEL = ("dilations", "kernel_shape", "pads", "strides")


def fits_image(found: PositionMap, segment: Segment) -> bool:
    """Return whether a segment has convolutions, and all its operators take images."""
    return (
        segment.reach is not None
        and _is_row(found, segment.source)
        and any(node.op_type == "Conv" for node in segment.nodes)
        and all(_takes_image(found, node) for node in segment.nodes)
    )


def _is_row(found: PositionMap, name: str) -> bool:
    """Return whether a tensor is ``(n, channels, positions)``."""
    positions = found.positions.get(name)
    return positions is not None and positions.axis == 2 and len(found.shapes[name]) == _RANK


def _takes_image(found: PositionMap, node: onnx.NodeProto) -> bool:
    if not all(name and _is_row(found, name) for name in node.output):
        return False
    if node.op_type in ("Concat", "Split") or RULES.get(node.op_type) is normalised:
        return wrap(attributes_of(node).get("axis", -1), _RANK) == 1
    if node.op_type == "Pad":
        return len(node.input) in (2, 3)
    by_entry = RULES.get(node.op_type) in (same, joined)
    return by_entry or node.op_type in ("BatchNormalization", "Slice", *SLIDE)


def make_lines(node: onnx.NodeProto, padded: bool) -> None:
    """Let an operator for rows work on images, which may be padded as rows are, or not at all."""
    attributes = attributes_of(node)
    if node.op_type in SLIDE:
        for name in _KERNEL:
            if name in attributes:
                attributes[name] = lines_of(name, attributes[name])
        if not padded:
            attributes["pads"] = [0] * 4
    elif "axis" in attributes:
        attributes["axis"] = wrap(attributes["axis"], _RANK)
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())


def lines_of(name: str, values: list[int]) -> list[int]:
    """Return the attribute of a kernel one line high.

    >>> lines_of("strides", [2]), lines_of("pads", [3, 4])
    ([1, 2], [0, 3, 0, 4])
    """
    return [0, values[0], 0, values[1]] if name == "pads" else [1, *values]


def constant_of_lines(node: onnx.NodeProto, place: int, value: NDArray[Any]) -> NDArray[Any]:
    """Return a constant that an operator reads at a place, for images."""
    if node.op_type == "Conv" and place == 1:
        return value[:, :, None]
    if RULES.get(node.op_type) is joined and value.ndim > 1:
        return np.expand_dims(evened(value, -1), -2)
    if node.op_type == "Pad" and place == 1:
        return np.insert(value, (2, 5), 0)
    return value


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes of an operator."""
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}
