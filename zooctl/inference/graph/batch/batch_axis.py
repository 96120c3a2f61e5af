"""The batch axis of every tensor of a graph, and the operators that mix windows along it.

A prediction must depend on its own window alone. Where the batch lies in each tensor follows from
the operators (``batch.rules``), without running them. That proves most graphs; it refuses those
whose operators mix windows for certain (a mean over the batch, normalisation in training mode);
the rest is left to predictions (``inference.device.session``).
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from zooctl.errors import VerificationError
from zooctl.inference.graph.batch.rules import DRAWING, RULES
from zooctl.inference.graph.batch.step import Lost, Mixed, Places, Step, constants
from zooctl.inference.graph.shapes import infer_window, shapes_of

# Windows of the batch whose shapes are followed: a prime that no network has as a size, so that
# an axis of so many, or a multiple, is the batch's; small enough for sizes to be followed.
_WINDOWS = 1_009


@dataclass(frozen=True)
class Independence:
    """The findings on a graph's batch axis.

    Attributes:
        proven: Whether the operators prove that no window depends on another.
        lost: The first operator behind which the batch axis is not known, in words; empty if none.
    """

    proven: bool
    lost: str = ""


def follow_batch(proto: onnx.ModelProto, input_length: int) -> Independence:
    """Follow the batch axis from a graph's input to its output.

    Args:
        proto: A checked model of one input and one output.
        input_length: Bases in a window.

    Raises:
        VerificationError: An operator mixes the windows of a batch; the error names it, and the
            hint the usual cure.
        UnsafeError: As ``shapes.infer_window``.
    """
    graph = infer_window(proto, input_length, _WINDOWS)
    shapes, values = shapes_of(graph), constants(graph)
    places: Places = {graph.input[0].name: 0}
    needed = _needed(graph)
    makers = {name: node for node in graph.node for name in node.output}
    lost = ""
    unknown: set[str] = set()
    for number, node in enumerate(graph.node):
        if not needed.intersection(node.output):
            continue
        step = Step(node, shapes, places, values, makers, _WINDOWS)
        try:
            if unknown.intersection(node.input):
                raise Lost
            if node.op_type in DRAWING:
                DRAWING[node.op_type](step)
            found = RULES[node.op_type](step) if step.reads_windows else {}
        except Mixed as mixed:
            raise mixes(_name(node, number), mixed.hint) from None
        except (Lost, KeyError, IndexError, ValueError):
            lost = lost or _name(node, number)
            unknown.update(node.output)
            continue
        places.update(dict.fromkeys(node.output))
        places.update(found)
        if found:  # else it reads no base
            unknown.update(name for name in node.output if name and name not in found)
    output = graph.output[0].name
    shape = shapes.get(output)
    if lost or places.get(output) != 0 or shape is None or shape[0] != _WINDOWS:
        return Independence(proven=False, lost=lost)
    return Independence(proven=True)


def mixes(where: str, hint: str | None, got: object = None) -> VerificationError:
    """Return the error for a graph whose windows depend on one another."""
    return VerificationError(
        "the prediction of a window depends on the other windows of its batch",
        got=" ".join(str(part) for part in (where, got) if part),
        expected="predictions that depend on their own window alone",
        hint=hint,
    )


def _name(node: onnx.NodeProto, number: int) -> str:
    """Return an operator in words, with its name or else its place in the file."""
    return f"{node.op_type} {node.name!r}" if node.name else f"{node.op_type}, operator {number}"


def _needed(graph: onnx.GraphProto) -> set[str]:
    """Return the names of the tensors that the output depends on."""
    needed = {graph.output[0].name}
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(name for name in node.input if name)
    return needed
