"""Rows of a replaced base: in each segment the positions that it can change, and no more.

A row makes as many positions as one base changes at most, from the first that it changes on. Its
kernels read nothing beyond it, so it has no ends that feel wrong; where it reaches over the
window's, zeros stand, as the network's own padding puts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.inference.engine.images import SLIDE, attributes_of
from zooctl.inference.engine.rows import MOVE, Layout, Range, cost_of
from zooctl.inference.engine.segments import Segment
from zooctl.inference.graph.positions.compute import joined, same
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.inference.graph.positions.rules import RULES

# Operators that make zeros of zeros.
_KEEP_ZEROS = frozenset(
    [
        "Abs",
        "Celu",
        "Dropout",
        "Elu",
        "Gelu",
        "Identity",
        "LeakyRelu",
        "Mish",
        "Relu",
        "Selu",
        "Softsign",
        "Swish",
        "Tanh",
    ]
)


@dataclass(frozen=True)
class BaseRows:
    """Rows of one segment.

    Attributes:
        segment: The segment.
        kept: First position of the source that is kept of the window, and the one after the last.
        stop: Position of the source from which on zeros are read.
        length: Positions of the source that a row reads.
        made: Positions of the output that a row makes; 0 behind a frontier.
    """

    segment: Segment
    kept: Range
    stop: int
    length: int
    made: int

    @property
    def cost(self) -> float:
        """Multiplications of a row, about, on the scale of ``rows.cost_of``."""
        segment = self.segment
        if segment.reach is None:
            return cost_of(segment, 1, self.length)
        made = segment.work * segment.reach.stride * self.made
        return made + MOVE * segment.values * self.length

    def firsts(self, replaced: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first position of the output that each replaced base changes, or one before.

        It may lie before the window.
        """
        made = self.segment.made
        if made is None:
            return np.zeros_like(replaced)
        return -((made.first + made.width - 1 - replaced) // made.stride)

    def columns(self, replaced: NDArray[np.int64], before: BaseRows | None) -> NDArray[np.int32]:
        """Return which columns a row reads.

        Columns are what is kept of the window's source, then what the segment before made, row by
        row, then one of zeros; in the first segment only bases of rows, then zeros.

        Args:
            replaced: Bases, ``(n,)``.
            before: Rows of the segment before; None in the first.

        Returns:
            ``(n, length)``.
        """
        at, rows = self.reads(replaced), np.arange(len(replaced))[:, None]
        is_known = (at >= 0) & (at < self.stop)
        if before is None:
            found, zeros = rows * self.length + np.arange(self.length), at.size
        else:
            low, high = self.kept
            column = at + self.segment.skipped - before.firsts(replaced)[:, None]
            is_made = (column >= 0) & (column < before.made)
            is_known &= is_made | ((at >= low) & (at < high))
            found = np.where(is_made, high - low + rows * before.made + column, at - low)
            zeros = high - low + len(rows) * before.made
        return np.where(is_known, found, zeros).astype(np.int32)

    def reads(self, replaced: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of the source that each row reads, ``(n, length)``."""
        reach = self.segment.reach
        first = np.zeros_like(replaced)
        if reach is not None:
            first = self.firsts(replaced) * reach.stride + reach.first
        return first[:, None] + np.arange(self.length)


def lay_base_rows(found: PositionMap, layout: Layout) -> tuple[BaseRows, ...] | None:
    """Return the rows of a replaced base in each segment; None where an operator has none.

    Operators have rows where they work entry by entry, or slide along positions without padding;
    the first that slides over neighbours may be padded.

    Args:
        found: The network's positions.
        layout: A window's own rows.
    """
    laid = []
    for stage in layout.stages:
        segment, group = stage.segment, stage.groups["own"]
        stop = _stop(found, segment)
        if stop is None:
            return None
        made, reach = segment.made, segment.reach
        kept = (group.starts[0], group.starts[0] + group.length)
        if made is None or reach is None:
            laid.append(BaseRows(segment, kept, stop, segment.given.size, 0))
            continue
        n = (made.width - 1) // made.stride + 1
        laid.append(BaseRows(segment, kept, stop, (n - 1) * reach.stride + reach.width, n))
    return tuple(laid)


class _Tensor(NamedTuple):
    """A tensor of a segment: operators that slid before it, their steps, and zeros for zeros."""

    slid: int
    step: int
    keeps_zeros: bool


def _stop(found: PositionMap, segment: Segment) -> int | None:
    """Return the position of the source from which on zeros are read; None where none is known."""
    if segment.given.axis != 2 or len(found.shapes[segment.source]) != 3:
        return None
    if segment.reach is None:
        return segment.given.size
    stop = segment.given.size
    known = {segment.source: _Tensor(0, 1, keeps_zeros=True)}
    for node in segment.nodes:
        read = [known[name] for name in node.input if name in known]
        (output,) = [name for name in node.output if name][:1]
        if len({(one.slid, one.step) for one in read}) != 1 or not _is_plain(found, node, output):
            return None
        (slid, step, _), keeps_zeros = read[0], all(one.keeps_zeros for one in read)
        rule = RULES.get(node.op_type)
        if node.op_type in SLIDE:
            attributes = attributes_of(node)
            if any(attributes.get("pads", ())):
                if not keeps_zeros or node.op_type != "Conv":
                    return None
                stop = found.positions[node.input[0]].size * step
            thinned = attributes.get("strides", [1])[0]
            apart = node.op_type != "Conv" and attributes["kernel_shape"] == [thinned]
            known[output] = _Tensor(slid + 1, step * thinned, keeps_zeros and apart)
        elif rule is same:
            known[output] = _Tensor(slid, step, keeps_zeros and node.op_type in _KEEP_ZEROS)
        elif rule is joined or node.op_type == "BatchNormalization":
            known[output] = _Tensor(slid, step, keeps_zeros=False)
        else:
            return None
    return stop


def _is_plain(found: PositionMap, node: onnx.NodeProto, output: str) -> bool:
    """Return whether an operator has one output, positions on axis 2 of 3, and plain attributes."""
    positions, attributes = found.positions.get(output), attributes_of(node)
    return (
        positions is not None
        and positions.axis == 2
        and len(found.shapes[output]) == 3
        and not any(node.output[1:])
        and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
        and not attributes.get("ceil_mode", 0)
        and (node.op_type == "Conv" or attributes.get("dilations", [1]) == [1])
    )
