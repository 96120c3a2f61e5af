"""A graph cut into a chain of segments, at tensors that everything behind them depends on.

A cut lies before each operator that thins positions out (a pool of stride 4 leaves every fourth),
so that behind it windows at distances that are multiples of the stride still share positions; and
at crops, which are no work but another count of positions. Further cuts may be asked for: little
feels an edge in the first layers of a deep network, in its last layers perhaps all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from zooctl.inference.graph.batch.step import Step, constants
from zooctl.inference.graph.positions.follow import PositionMap, follow_from
from zooctl.inference.graph.positions.layout import slice_along
from zooctl.inference.graph.positions.reach import Mixing, Positions


@dataclass(frozen=True)
class Segment:
    """Operators from one tensor to another.

    Attributes:
        source: The tensor it reads.
        output: The tensor it makes.
        nodes: Its operators that read bases, in order.
        given: Positions of ``source``, in bases of the window.
        made: Positions of ``output``, in bases; None behind a frontier.
        reach: Positions of ``output`` counted in positions of ``source``; None behind a frontier.
        skipped: Positions of the output before this one that come before the first of ``source``.
        work: Multiplications for a position of ``source``.
        values: Values of a position of ``source``.
    """

    source: str
    output: str
    nodes: tuple[onnx.NodeProto, ...]
    given: Positions
    made: Positions | None
    reach: Positions | None
    skipped: int
    work: float
    values: int


def cut(found: PositionMap, every: int | None = None) -> tuple[Segment, ...]:
    """Return a graph as a chain of segments; one without cuts is a single one.

    Args:
        found: The graph's positions.
        every: Cut also where a segment reads so many positions more than one for each that it
            makes; by default, nowhere else.
    """
    nodes = _needed(found)
    necks = _necks(found, nodes)
    segments = []
    source, first, skipped = necks[0][0], 0, 0
    for (tensor, number), (following, end) in itertools.pairwise(necks):
        if number == first:
            continue
        made = found.positions.get(following)
        given = found.positions[tensor]
        crop = _crop(found, nodes[number:end], given)
        thinned = made is None or made.stride > given.stride
        grown = given.width - found.positions[source].width
        wide = every is not None and grown >= every * given.stride
        if crop is None and not (thinned or wide):
            continue
        segments.append(_segment(found, nodes[first:number], source, tensor, skipped))
        source, first, skipped = (tensor, number, 0) if crop is None else (following, end, crop)
    output = found.graph.output[0].name
    segments.append(_segment(found, nodes[first:], source, output, skipped))
    return tuple(segments)


def _segment(
    found: PositionMap, nodes: Sequence[onnx.NodeProto], source: str, output: str, skipped: int
) -> Segment:
    given = found.positions[source]
    own = Positions(given.axis, given.size, 1, 0, 1)
    reach = follow_from(found.graph, {source: own}, nodes).positions.get(output)
    made = found.positions.get(output)
    work = sum(_work(found, node) for node in nodes) / given.size
    values = math.prod(found.shapes[source]) // (found.n * given.size)
    return Segment(source, output, tuple(nodes), given, made, reach, skipped, work, values)


def _needed(found: PositionMap) -> list[onnx.NodeProto]:
    """Return the operators that read bases and that the output depends on, in order."""
    based = {*found.positions, *found.behind}
    needed = {found.graph.output[0].name}
    kept = []
    for node in reversed(found.graph.node):
        if needed.intersection(node.output) and based.intersection(node.output):
            kept.append(node)
            needed.update(name for name in node.input if name in based)
    return kept[::-1]


def _necks(found: PositionMap, nodes: Sequence[onnx.NodeProto]) -> list[tuple[str, int]]:
    """Return tensors that all behind them depends on, each with the number of operators before it.

    The first is the graph's input, and the last its output.
    """
    based = {*found.positions, *found.behind}
    last = {name: number for number, node in enumerate(nodes) for name in node.input}
    live = {found.graph.input[0].name}
    necks = [(found.graph.input[0].name, 0)]
    for number, node in enumerate(nodes):
        live = {name for name in live if last.get(name, -1) > number}
        live.update(name for name in node.output if last.get(name, -1) > number and name in based)
        if len(live) == 1 and (name := next(iter(live))) in found.positions and name in node.output:
            necks.append((name, number + 1))
    return [*necks, (found.graph.output[0].name, len(nodes))]


def _crop(found: PositionMap, nodes: Sequence[onnx.NodeProto], given: Positions) -> int | None:
    """Return the first position that a Slice keeps, where it is all and crops positions alone."""
    if len(nodes) != 1 or nodes[0].op_type != "Slice":
        return None
    step = Step(nodes[0], found.shapes, {}, constants(found.graph), {}, found.n)
    before, after = list(step.shape()), list(found.shapes[nodes[0].output[0]])
    if before[: given.axis] + before[given.axis + 1 :] != (
        after[: given.axis] + after[given.axis + 1 :]
    ):
        return None
    try:
        start, stride = slice_along(step, given)
    except Mixing:
        return None
    return start if stride == 1 else None


def _work(found: PositionMap, node: onnx.NodeProto) -> float:
    """Return the multiplications of an operator for one window, about."""
    shape = found.shapes[next(filter(None, node.output))]
    n_values = math.prod(shape) / found.n
    if node.op_type == "Conv":
        return float(n_values * math.prod(found.shapes[node.input[1]][1:]))
    if node.op_type in ("Gemm", "MatMul"):
        return float(n_values * max(found.shapes.get(node.input[1], [1])[:1]))
    return float(n_values)
