"""Positions of a tensor, and one operator with the positions of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zooctl.inference.graph.batch.step import Step


@dataclass(frozen=True)
class Positions:
    """Positions of a tensor along the sequence.

    Position i reads the bases from ``first + i * stride`` on, ``width`` of them, as far as they
    are in the window.

    Attributes:
        axis: Axis of the positions.
        size: Their number.
        stride: Bases from one to the next.
        first: First base that position 0 reads; negative where it reads padding.
        width: Bases that a position reads.
        left: Positions at the left that may feel the window's edge.
        right: The same at the right.
    """

    axis: int
    size: int
    stride: int
    first: int
    width: int
    left: int = 0
    right: int = 0

    def slid(self, extent: int, step: int, before: int, size: int) -> Positions:
        """Return the positions behind a kernel that slides along these.

        Args:
            extent: Positions from the kernel's first to its last, both included.
            step: Positions that it moves on.
            before: Positions of padding at the left; negative where some are left out.
            size: Number of results.
        """
        last_free = (self.size - self.right - extent + before) // step
        return Positions(
            self.axis,
            size,
            self.stride * step,
            self.first - before * self.stride,
            self.width + (extent - 1) * self.stride,
            min(size, max(0, -(-(self.left + before) // step))),
            min(size, max(0, size - 1 - last_free)),
        )


class Mixing(Exception):
    """An operator reads all positions, or is not followed; the text says which."""


@dataclass(frozen=True)
class Follow:
    """One operator and the positions of its inputs.

    Attributes:
        step: The operator and the shapes and constants around it.
        positions: Positions of the tensors before it; a tensor that reads no base has none.
    """

    step: Step
    positions: Mapping[str, Positions]

    def of(self, number: int = 0) -> Positions:
        """Return the positions of an input."""
        found = self.positions.get(self.step.name(number))
        if found is None:
            raise Mixing("is not followed")
        return found

    def only_first(self) -> Positions:
        """Return the positions of the first input, which alone may have some."""
        if any(name in self.positions for name in self.step.node.input[1:]):
            raise Mixing("is not followed")
        return self.of(0)

    def outputs(self, positions: Positions) -> dict[str, Positions]:
        """Return positions for all outputs; each keeps the size that its shape states."""
        names = [name for name in self.step.node.output if name]
        for name in names:
            if self.step.shapes[name][positions.axis] != positions.size:
                raise Mixing("is not followed")
        return dict.fromkeys(names, positions)
