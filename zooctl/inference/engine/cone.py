"""The cone of a change: what can differ between two sequences that differ at a few bases.

The rows of a layout are computed for the reference. For an alternative that replaces bases between
two fixed places, a part of each row is enough: the positions that read a replaced base, and beside
them what their operators read. The values there come from the reference's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zooctl.inference.engine.rows import Kind, Layout, Range, Stage, cost_of


@dataclass(frozen=True)
class Patch:
    """The part of one kind of rows that is computed again.

    Attributes:
        rows: Numbers of the rows that change.
        starts: Of each, the first position of the row that is read.
        length: Positions that are read.
        origins: Of each, the first position of the row's output that is made.
        made: Positions of the output that are made.
        changed: Of each, the positions of the row's output that change.
    """

    rows: tuple[int, ...]
    starts: tuple[int, ...]
    length: int
    origins: tuple[int, ...]
    made: int
    changed: tuple[Range, ...]


@dataclass(frozen=True)
class Cone:
    """All that is computed for an alternative.

    Attributes:
        layout: The rows of the reference.
        replaced: Bases that may differ, counted as the layout's offsets.
        patches: Of each stage, its patches by kind of rows.
    """

    layout: Layout
    replaced: Range
    patches: tuple[Mapping[Kind, Patch], ...]

    @property
    def cost(self) -> float:
        """Multiplications, about, on the scale of ``Layout.cost``."""
        return sum(
            cost_of(stage.segment, len(patch.rows), patch.length)
            for stage, patches in zip(self.layout.stages, self.patches, strict=True)
            for patch in patches.values()
        )

    @property
    def read(self) -> Range:
        """First base that is read of the alternative, and the one after the last."""
        first, stage = self.layout.read[0], self.layout.stages[0]
        ends = []
        for kind, patch in self.patches[0].items():
            group = stage.groups[kind]
            for row, start in zip(patch.rows, patch.starts, strict=True):
                key = group.keys[row]
                (piece,) = self.layout.pieces(
                    0, kind == "shared", key, group.starts[row], group.starts[row] + 1
                )
                ends.append(first + piece.start + start)
        longest = max(patch.length for patch in self.patches[0].values())
        return min(ends), max(ends) + longest


def find_cone(layout: Layout, replaced: Range) -> Cone | None:
    """Return what is computed for alternatives that replace bases in a range.

    None where no window reads them.
    """
    patches = []
    for stage in layout.stages:
        found = {kind: _patch(layout, stage, kind, replaced) for kind in stage.groups}
        patches.append({kind: patch for kind, patch in found.items() if patch is not None})
    return Cone(layout, replaced, tuple(patches)) if patches[0] else None


def _patch(layout: Layout, stage: Stage, kind: Kind, replaced: Range) -> Patch | None:
    """Return the part of one kind of rows that changes; None where nothing does."""
    segment, group = stage.segment, stage.groups[kind]
    made, reach = segment.made, segment.reach
    if made is None or reach is None:
        rows = tuple(range(len(group.keys)))
        nothing = (0,) * len(rows)
        # Behind a frontier all is made again; the length of what is made is not known here.
        return Patch(rows, nothing, group.length, nothing, group.made, ((0, 0),) * len(rows))
    changed = {}
    for row, (key, start) in enumerate(zip(group.keys, group.starts, strict=True)):
        first = (key if kind == "shared" else layout.offsets[key]) + made.first
        low = -((first + made.width - 1 - replaced[0]) // made.stride)
        high = (replaced[1] - 1 - first) // made.stride + 1
        origin = start // reach.stride
        low, high = max(0, low - origin), min(group.made, high - origin)
        if low < high:
            changed[row] = (low, high)
    if not changed:
        return None
    longest = max(high - low for low, high in changed.values())
    size = min(group.made, longest + reach.left + reach.right)
    origins = [max(0, min(low - reach.left, group.made - size)) for low, _ in changed.values()]
    return Patch(
        tuple(changed),
        tuple(origin * reach.stride for origin in origins),
        group.length - reach.stride * (group.made - size),
        tuple(origins),
        size,
        tuple(changed.values()),
    )
