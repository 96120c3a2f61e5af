"""Graphs with more places to cut them: tensors that lie side by side as one.

An ensemble, or a network with a second path along its trunk such as SpliceAI's sum of skips, has no
tensor that everything behind depends on. Where a few tensors are all that the rest reads, they are
cropped to the positions that they have in common, put together on the axis of channels, and split
again, so that there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from zooctl.inference.graph.batch.step import Step, constants
from zooctl.inference.graph.positions.follow import PositionMap
from zooctl.inference.graph.positions.layout import slice_along
from zooctl.inference.graph.positions.reach import Mixing

# Positions that are read beside each that is made, since the last such place.
_EVERY = 64
_MOST = 16


@dataclass
class _Packer:
    """A model in the making.

    Attributes:
        found: Positions of the model.
        packed: The new model, whose operators are added one by one.
        renamed: Tensor to its name in the new model.
        cropped: Tensor to the positions that it lost at its left.
        n: Places so far.
    """

    found: PositionMap
    packed: onnx.ModelProto
    renamed: dict[str, str]
    cropped: dict[str, int]
    n: int = 0

    def copy(self, node: onnx.NodeProto) -> None:
        """Add an operator."""
        copied = self.packed.graph.node.add()
        copied.CopyFrom(node)
        copied.input[:] = [self.renamed.get(name, name) for name in node.input]
        lost = self.cropped.get(node.input[0], 0) if node.input else 0
        if lost:
            axis = self.found.positions[node.input[0]].axis
            start, size = _kept(self.found, node)
            ends = (start - lost, start - lost + size, axis)
            for place, value in enumerate(ends, start=1):
                name = f"zooctl/{node.output[0]}/{place}"
                tensor = numpy_helper.from_array(np.array([value], dtype=np.int64), name)
                self.packed.graph.initializer.append(tensor)
                copied.input[place:] = [*copied.input[place:place], name]
            del copied.input[4:]

    def put_together(self, names: list[str], crops: dict[str, tuple[int, int]]) -> None:
        """Add operators that crop tensors, put them together and split them."""
        prefix, graph = f"zooctl/pack{self.n}", self.packed.graph
        inputs = []
        for place, name in enumerate(names):
            start, size = crops[name]
            given = self.renamed.get(name, name)
            start -= self.cropped.get(name, 0)
            ends = [
                numpy_helper.from_array(np.array([value], dtype=np.int64), f"{prefix}/{place}/{n}")
                for n, value in enumerate((start, start + size, 2))
            ]
            graph.initializer.extend(ends)
            cut = [f"{prefix}/cut{place}"]
            graph.node.append(helper.make_node("Slice", [given, *(e.name for e in ends)], cut))
            inputs += cut
            self.cropped[name] = crops[name][0]
            self.renamed[name] = f"{prefix}/{place}"
        sizes = np.array([self.found.shapes[name][1] for name in names], dtype=np.int64)
        graph.initializer.append(numpy_helper.from_array(sizes, f"{prefix}/sizes"))
        outputs = [self.renamed[name] for name in names]
        graph.node.append(helper.make_node("Concat", inputs, [f"{prefix}/all"], axis=1))
        parts = [f"{prefix}/all", f"{prefix}/sizes"]
        graph.node.append(helper.make_node("Split", parts, outputs, axis=1))
        self.n += 1


def pack(proto: onnx.ModelProto, found: PositionMap) -> onnx.ModelProto:
    """Return a model with tensors put together and split; the same one where none need be.

    Args:
        proto: A checked model.
        found: Its positions.
    """
    nodes = _by_depth(proto)
    needed = _needed(nodes, proto.graph.output[0].name, found)
    readers: dict[str, list[int]] = {}
    for number in sorted(needed):
        for name in nodes[number].input:
            readers.setdefault(name, []).append(number)
    packed = onnx.ModelProto()
    packed.CopyFrom(proto)
    del packed.graph.node[:]
    packer = _Packer(found, packed, {}, {})
    live, width = {proto.graph.input[0].name}, 1
    for number, node in enumerate(nodes):
        packer.copy(node)
        if number not in needed:
            continue
        live.update(name for name in node.output if name)
        live = {name for name in live if readers.get(name, [-1])[-1] > number}
        # Behind the last operator nothing is read any more.
        if not live or not live <= set(found.positions):
            continue
        reads = max((found.positions[name].width for name in live), default=width)
        if len(live) == 1:
            width = reads
        elif node.op_type in ("Add", "Sum") and len(live) <= _MOST:
            stride = found.positions[node.output[0]].stride
            behind = {name: [nodes[n] for n in readers[name] if n > number] for name in live}
            crops = _crops(found, behind) if reads - width >= _EVERY * stride else None
            if crops is not None:
                packer.put_together(sorted(live), crops)
                width = reads
    return packed if packer.n else proto


def _by_depth(proto: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return operators by their longest way from the input, so that branches go side by side.

    Slices stand right before the first operator that reads them: they only make tensors shorter.
    """
    nodes = list(proto.graph.node)
    depth: dict[str, float] = {}
    first: dict[str, float] = {}
    ranked: list[float] = []
    for node in nodes:
        own = 1 + max((depth.get(name, 0.0) for name in node.input), default=0.0)
        depth.update(dict.fromkeys(node.output, own))
        ranked.append(own)
        for name in node.input:
            first[name] = min(first.get(name, own), own)
    for number, node in enumerate(nodes):
        if node.op_type == "Slice" and node.output[0] in first:
            ranked[number] = max(ranked[number], first[node.output[0]] - 0.5)
    return [nodes[number] for number in sorted(range(len(nodes)), key=ranked.__getitem__)]


def _needed(nodes: list[onnx.NodeProto], output: str, found: PositionMap) -> set[int]:
    """Return the numbers of the operators that read bases and that the output depends on."""
    based = {*found.positions, *found.behind}
    names, needed = {output}, set()
    for number, node in reversed(list(enumerate(nodes))):
        if names.intersection(node.output) and based.intersection(node.output):
            needed.add(number)
            names.update(name for name in node.input if name in based)
    return needed


def _crops(
    found: PositionMap, behind: dict[str, list[onnx.NodeProto]]
) -> dict[str, tuple[int, int]] | None:
    """Return first and number of the positions of each tensor to keep; None where they differ.

    A tensor loses only positions that all that reads it leaves out.
    """
    sizes = {name: found.positions[name] for name in behind}
    least = min(one.size for one in sizes.values())
    if len({one.stride for one in sizes.values()}) > 1:
        return None
    crops = {}
    for name, one in sizes.items():
        if one.axis != 2 or len(found.shapes[name]) != 3:
            return None
        lost = one.size - least
        start = lost // 2
        if lost and not _leave_out(found, behind[name], start, start + least):
            return None
        crops[name] = (start, least)
    return crops


def _leave_out(found: PositionMap, nodes: Iterable[onnx.NodeProto], first: int, last: int) -> bool:
    """Return whether operators read nothing of a tensor but positions within a range."""
    for node in nodes:
        if node.op_type != "Slice":
            return False
        try:
            start, size = _kept(found, node)
        except Mixing:
            return False
        if start < first or start + size > last:
            return False
    return True


def _kept(found: PositionMap, node: onnx.NodeProto) -> tuple[int, int]:
    """Return first and number of the positions that a Slice keeps.

    Raises:
        Mixing: It thins positions out, or crops another axis, too.
    """
    given = found.positions[node.input[0]]
    step = Step(node, found.shapes, {}, constants(found.graph), {}, found.n)
    start, stride = slice_along(step, given)
    before, after = list(step.shape()), list(found.shapes[node.output[0]])
    size = after[given.axis]
    before[given.axis] = after[given.axis] = 0
    if stride != 1 or before != after:
        raise Mixing("is not followed")
    return start, size
