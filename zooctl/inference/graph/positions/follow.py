"""Positions of every tensor of a graph: interval arithmetic over its operators.

Each operator's rule (``positions.rules``) says which positions of its inputs an output position
reads. So for every tensor follows how far apart its positions lie, which bases each of them reads,
and which may feel the window's edges, where zeros stand for sequence. The first operator that
reads all positions at once is the frontier; behind it positions have no meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx

from zooctl.inference.graph.batch.step import Lost, Step, constants
from zooctl.inference.graph.positions.reach import Follow, Mixing, Positions
from zooctl.inference.graph.positions.rules import RULES
from zooctl.inference.graph.shapes import infer_window, shapes_of

# Windows of the batch whose shapes are followed: a prime that no network has as a size.
_WINDOWS = 1_009


@dataclass(frozen=True)
class PositionMap:
    """The findings on a graph.

    Attributes:
        graph: With the shapes of all tensors; large weights have no values.
        shapes: Sizes of tensors for ``n`` windows.
        n: Windows that shapes are for.
        positions: Tensor to its positions, for tensors before the frontier that read bases.
        behind: Tensors behind the frontier.
        frontier: The first operator that reads all positions, and why; empty if there is none.
        step_of: An operator by number with all that is known around it.
    """

    graph: onnx.GraphProto
    shapes: Mapping[str, list[int]]
    n: int
    positions: Mapping[str, Positions]
    behind: frozenset[str]
    frontier: str

    @property
    def output(self) -> Positions | None:
        """Positions of the output; None behind a frontier."""
        return self.positions.get(self.graph.output[0].name)

    @property
    def last(self) -> Positions:
        """Positions of the output, or of the last tensor before the frontier."""
        return self.output or list(self.positions.values())[-1]


def follow_positions(proto: onnx.ModelProto, input_length: int) -> PositionMap:
    """Follow positions from a graph's input to its output.

    Args:
        proto: A checked model of one input ``(batch, 4, input_length)`` and one output.
        input_length: Bases in a window.

    Raises:
        UnsafeError: As ``shapes.infer_window``.
    """
    graph = infer_window(proto, input_length, _WINDOWS)
    start = {graph.input[0].name: Positions(2, input_length, 1, 0, 1)}
    return follow_from(graph, start, graph.node)


def follow_from(
    graph: onnx.GraphProto, start: Mapping[str, Positions], nodes: Sequence[onnx.NodeProto]
) -> PositionMap:
    """Follow positions through some operators.

    Args:
        graph: With the shapes of all tensors for ``_WINDOWS`` windows.
        start: Positions of tensors that are known; the first is what others are counted in.
        nodes: The operators, in order.
    """
    shapes, values = shapes_of(graph), constants(graph)
    makers = {name: node for node in graph.node for name in node.output}
    positions = dict(start)
    behind: set[str] = set()
    frontier = ""
    for node in nodes:
        if node.op_type in ("Shape", "Size"):
            continue
        if behind.intersection(node.input):
            behind.update(name for name in node.output if name)
            continue
        if not any(name in positions for name in node.input):
            continue
        step = Step(node, shapes, {}, values, makers, _WINDOWS)
        try:
            positions.update(_apply(Follow(step, positions)))
        except Mixing as mixing:
            frontier = frontier or f"{node.op_type} {mixing}"
            behind.update(name for name in node.output if name)
    return PositionMap(graph, shapes, _WINDOWS, positions, frozenset(behind), frontier)


def _apply(follow: Follow) -> dict[str, Positions]:
    rule = RULES.get(follow.step.node.op_type)
    if rule is None:
        raise Mixing("is not followed")
    try:
        return rule(follow)
    except (Lost, KeyError, IndexError, ValueError):
        raise Mixing("is not followed") from None
