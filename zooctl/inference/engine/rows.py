"""Rows of positions to compute in each segment, for windows at given places of one sequence.

A window's position is *free* where it feels no edge: then it depends on the sequence alone, and
windows at one phase (their first base modulo the stride) share it. Each segment computes::

    shared   one row a phase, of the free positions that any window needs
    left     a row a window that needs positions at its left edge, from that edge on
    right    the same at its right edge
    own      a row a window, of all that it needs of it, in place of the three above

Rows of a kind are as long as each other. A row begins and ends with positions that feel its own
ends; they are not read, unless the row's end is the window's, when they are right.

All is integers here, worked out backwards from the bins that are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zooctl.inference.engine.segments import Segment

Kind = Literal["shared", "left", "right", "own"]
Range = tuple[int, int]

# Short rows cost more for each position than long ones.
_ROW = 16
MOVE = 8
"""To put a value into a row costs as much as so many multiplications."""


@dataclass(frozen=True)
class Piece:
    """Values that lie beside each other in one row of what the segment before made.

    Attributes:
        kind: Kind of the rows.
        row: Number of the row among them.
        start: First value.
        stop: Value after the last.
    """

    kind: Kind
    row: int
    start: int
    stop: int


@dataclass(frozen=True)
class Group:
    """Rows of one kind in one segment.

    Attributes:
        keys: Of each row, its phase (the first base of a window at it), or its window's number.
        starts: Position of the source that each begins at, counted in its window.
        length: Positions of the source in each.
        made: Positions of the output in each.
    """

    keys: tuple[int, ...]
    starts: tuple[int, ...]
    length: int
    made: int


@dataclass(frozen=True)
class Stage:
    """A segment's rows.

    Attributes:
        segment: The segment.
        groups: Its rows by kind.
    """

    segment: Segment
    groups: Mapping[Kind, Group]

    @property
    def cost(self) -> float:
        """Multiplications, about, for one sequence."""
        return sum(
            cost_of(self.segment, len(group.keys), group.length) for group in self.groups.values()
        )


def cost_of(segment: Segment, n_rows: int, length: int) -> float:
    """Return the multiplications of rows of a segment, and as many as their making costs."""
    return (segment.work + MOVE * segment.values) * n_rows * (length + _ROW)


def plain_cost(segments: Sequence[Segment]) -> float:
    """Return the multiplications of a window by itself, on the same scale."""
    return sum(segment.work * (segment.given.size + _ROW) for segment in segments)


@dataclass
class Needed:
    """Positions of a tensor that are needed: of windows by number, and free ones by phase."""

    of_window: dict[int, Range] = field(default_factory=dict)
    of_phase: dict[int, Range] = field(default_factory=dict)

    def add(self, phase: bool, key: int, low: int, high: int) -> None:
        ranges = self.of_phase if phase else self.of_window
        old = ranges.get(key, (low, high))
        ranges[key] = (min(old[0], low), max(old[1], high))


@dataclass(frozen=True)
class Layout:
    """All rows of a computation.

    Attributes:
        stages: Segments in order.
        offsets: First base of each window.
        read: First base that is read, and the one after the last; they may lie beyond windows.
        needed: Bins of each window, from the first to the one after the last.
    """

    stages: tuple[Stage, ...]
    offsets: tuple[int, ...]
    read: Range
    needed: tuple[Range, ...]

    @property
    def cost(self) -> float:
        """Multiplications, about."""
        return sum(stage.cost for stage in self.stages)

    def pieces(self, number: int, phase: bool, key: int, low: int, high: int) -> list[Piece]:
        """Return where the values lie that a stage, or what comes after the last, reads.

        Args:
            number: Number of the stage that reads; its source is what the stage before made.
            phase: Whether free positions of a phase are read, else those of a window.
            key: The phase, or the window's number.
            low: First position of the tensor that the stage before made, counted in the window.
            high: Position after the last.
        """
        first = key if phase else self.offsets[key]
        if number == 0:
            return [Piece("shared", 0, first + low - self.read[0], first + high - self.read[0])]
        stage = self.stages[number - 1]
        own = stage.groups.get("own")
        if own is not None:
            return [_piece(stage, "own", key, low, high)]
        made = stage.segment.made
        assert made is not None, "only a window of its own goes beyond a frontier"
        left, right = (low, high) if phase else (made.left, made.size - made.right)
        found = []
        if low < left:
            found.append(_piece(stage, "left", key, low, min(high, left)))
        start, stop = max(low, left), min(high, max(left, right))
        if start < stop:
            moved = first // made.stride
            found.append(_piece(stage, "shared", first % made.stride, start + moved, stop + moved))
        if high > max(left, right):
            found.append(_piece(stage, "right", key, max(low, left, right), high))
        return found


def _piece(stage: Stage, kind: Kind, key: int, low: int, high: int) -> Piece:
    """Return the piece of a row that holds positions, counted from the row's own window."""
    group, reach = stage.groups[kind], stage.segment.reach
    row = group.keys.index(key)
    start = group.starts[row] // (1 if reach is None else reach.stride)
    return Piece(kind, row, low - start, high - start)


def lay_out(
    chains: Iterable[Sequence[Segment]], offsets: Sequence[int], needed: Sequence[Range]
) -> Layout:
    """Return the cheapest rows that give the bins asked for (arguments as of ``ways``)."""
    return min(ways(chains, offsets, needed), key=lambda one: one.cost)


def ways(
    chains: Iterable[Sequence[Segment]], offsets: Sequence[int], needed: Sequence[Range]
) -> list[Layout]:
    """Return all rows that give the bins asked for, by cuts and by where windows part.

    Args:
        chains: The network, cut in several ways (``segments.cut``).
        offsets: First base of each window on a sequence, from 0.
        needed: First bin of each window that is asked for, and the one after the last.
    """
    tried = (
        _lay(segments, offsets, needed, own_from)
        for segments in chains
        for own_from in range(len(segments) + 1)
    )
    return [layout for layout in tried if layout is not None]


def _lay(
    segments: Sequence[Segment], offsets: Sequence[int], needed: Sequence[Range], own_from: int
) -> Layout | None:
    """Return rows that windows share before a segment, and have of their own from it on."""
    if own_from > len(segments) - (segments[-1].reach is None):
        return None
    wanted = Needed(dict(enumerate(needed)))
    stages: list[Stage] = []
    for number in reversed(range(len(segments))):
        segment = segments[number]
        lay = _own if number >= own_from else _shared
        groups = lay(segment, wanted, offsets)
        stages.append(Stage(segment, groups))
        wanted = _demand(segment, groups)
    reads = [
        (offsets[key] + low, offsets[key] + high) for key, (low, high) in wanted.of_window.items()
    ]
    reads += [(key + low, key + high) for key, (low, high) in wanted.of_phase.items()]
    read = (min(low for low, _ in reads), max(high for _, high in reads))
    return Layout(tuple(stages[::-1]), tuple(offsets), read, tuple(needed))


def _demand(segment: Segment, groups: Mapping[Kind, Group]) -> Needed:
    """Return what rows read, counted in positions of what the segment before makes."""
    wanted = Needed()
    for kind, group in groups.items():
        for key, start in zip(group.keys, group.starts, strict=True):
            low = start + segment.skipped
            wanted.add(kind == "shared", key, low, low + group.length)
    return wanted


def _own(segment: Segment, wanted: Needed, offsets: Sequence[int]) -> dict[Kind, Group]:
    """Return a row for each window."""
    reach, size = segment.reach, segment.given.size
    keys = tuple(wanted.of_window)
    if reach is None:
        return {"own": Group(keys, (0,) * len(keys), size, 0)}
    longest = max(high - low for low, high in wanted.of_window.values())
    made = min(reach.size, longest + reach.left + reach.right)
    starts = [
        max(0, min(low - reach.left, reach.size - made)) for low, _ in wanted.of_window.values()
    ]
    return {"own": _group(segment, keys, starts, made)}


def _shared(segment: Segment, wanted: Needed, offsets: Sequence[int]) -> dict[Kind, Group]:
    """Return rows of free positions, and of what feels the edges."""
    reach, made = segment.reach, segment.made
    assert reach is not None
    assert made is not None
    free, left, right = Needed(), Needed(), Needed()
    for key, (low, high) in wanted.of_phase.items():
        moved = key // made.stride
        free.add(True, key % made.stride, low + moved, high + moved)
    from_right = max(made.left, made.size - made.right)
    for key, (low, high) in wanted.of_window.items():
        if low < made.left:
            left.add(False, key, low, min(high, made.left))
        if high > from_right:
            right.add(False, key, max(low, from_right), high)
        start, stop = max(low, made.left), min(high, from_right)
        if start < stop:
            moved = offsets[key] // made.stride
            free.add(True, offsets[key] % made.stride, start + moved, stop + moved)
    groups: dict[Kind, Group] = {}
    if free.of_phase:
        keys = tuple(sorted(free.of_phase))
        ranges = [free.of_phase[key] for key in keys]
        longest = max(high - low for low, high in ranges) + reach.left + reach.right
        groups["shared"] = _group(segment, keys, [low - reach.left for low, _ in ranges], longest)
    # No row is so short that all of it feels its ends, unless the window is.
    least = min(reach.size, reach.left + 1 + reach.right)
    if left.of_window:
        end = max(high for _, high in left.of_window.values()) + reach.right
        keys = tuple(left.of_window)
        groups["left"] = _group(segment, keys, [0] * len(keys), min(reach.size, max(least, end)))
    if right.of_window:
        start = min(low for low, _ in right.of_window.values()) - reach.left
        start = max(0, min(start, reach.size - least))
        keys = tuple(right.of_window)
        groups["right"] = _group(segment, keys, [start] * len(keys), reach.size - start)
    return groups


def _group(segment: Segment, keys: Iterable[int], starts: Iterable[int], made: int) -> Group:
    """Return rows that begin at positions of the output and make so many of it."""
    reach = segment.reach
    assert reach is not None
    length = segment.given.size - reach.stride * (reach.size - made)
    return Group(tuple(keys), tuple(one * reach.stride for one in starts), length, made)
