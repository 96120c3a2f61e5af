"""Rules for operators that move axes and entries."""

from __future__ import annotations

import math
from dataclasses import replace

from zooctl.inference.graph.batch.step import Step, wrap
from zooctl.inference.graph.positions.compute import joined
from zooctl.inference.graph.positions.reach import Follow, Mixing, Positions


def cropped(follow: Follow) -> dict[str, Positions]:
    """Slices: of other axes than the batch's, forwards."""
    given, step = follow.only_first(), follow.step
    start, stride = slice_along(step, given)
    size = step.shapes[step.node.output[0]][given.axis]
    return follow.outputs(given.slid(1, stride, -start, size))


def slice_along(step: Step, given: Positions) -> tuple[int, int]:
    """Return first position and step of a Slice along positions."""
    starts, axes, steps = step.constant(1) or [], step.constant(3), step.constant(4)
    rank = len(step.shape())
    named = [wrap(one, rank) for one in axes] if axes is not None else list(range(len(starts)))
    moved = steps or [1] * len(starts)
    found = (0, 1)
    for axis, start, stride in zip(named, starts, moved, strict=True):
        if axis == 0 or stride < 1:
            raise Mixing("is not followed")
        if axis == given.axis:
            found = (min(wrap(start, given.size) if start < 0 else start, given.size), stride)
    return found


def padded(follow: Follow) -> dict[str, Positions]:
    given, step = follow.only_first(), follow.step
    pads, axes = step.constant(1) or [], step.constant(3)
    rank = len(step.shape())
    named = [wrap(one, rank) for one in axes] if axes is not None else list(range(rank))
    half = len(pads) // 2
    by_axis = {axis: (pads[n], pads[half + n]) for n, axis in enumerate(named)}
    before, after = by_axis.get(given.axis, (0, 0))
    reads_more = step.attribute("mode", b"constant") != b"constant"
    if any(by_axis.get(0, (0, 0))) or (reads_more and (before or after)):
        raise Mixing("is not followed")
    return follow.outputs(given.slid(1, 1, before, given.size + before + after))


def put_together(follow: Follow) -> dict[str, Positions]:
    step = follow.step
    rank = len(step.shapes[step.node.output[0]])
    along = wrap(step.attribute("axis", 0), rank)
    if along == 0 or any(
        follow.positions[name].axis == along for name in step.node.input if name in follow.positions
    ):
        raise Mixing("puts positions one behind another")
    return joined(follow, along)


def split(follow: Follow) -> dict[str, Positions]:
    given = follow.only_first()
    along = wrap(follow.step.attribute("axis", 0), len(follow.step.shape()))
    if along in (0, given.axis):
        raise Mixing("cuts positions apart")
    return follow.outputs(given)


def transposed(follow: Follow) -> dict[str, Positions]:
    given, rank = follow.only_first(), len(follow.step.shape())
    perm = list(follow.step.attribute("perm", list(reversed(range(rank)))))
    if perm[0] != 0:
        raise Mixing("moves the batch")
    return follow.outputs(replace(given, axis=perm.index(given.axis)))


def reshaped(follow: Follow) -> dict[str, Positions]:
    """Reshapes that keep the batch on axis 0 and the positions whole."""
    given, step = follow.only_first(), follow.step
    old, new = step.shape(), step.shapes[step.node.output[0]]
    before = math.prod(old[1 : given.axis])
    for axis in range(1, len(new)):
        if math.prod(new[1:axis]) == before and new[axis] == given.size and new[0] == old[0]:
            return follow.outputs(replace(given, axis=axis))
    raise Mixing("puts positions and channels on one axis")


def unsqueezed(follow: Follow) -> dict[str, Positions]:
    given, step = follow.only_first(), follow.step
    axes = step.constant(1) or []
    rank = len(step.shape()) + len(axes)
    new = {wrap(one, rank) for one in axes}
    old = [place for place in range(rank) if place not in new]
    if old[0] != 0:
        raise Mixing("moves the batch")
    return follow.outputs(replace(given, axis=old[given.axis]))


def squeezed(follow: Follow) -> dict[str, Positions]:
    given, step = follow.only_first(), follow.step
    shape, axes = step.shape(), step.constant(1)
    if axes is None:
        raise Mixing("is not followed")
    gone = {wrap(one, len(shape)) for one in axes}
    if gone & {0, given.axis}:
        raise Mixing("takes away the axis of positions")
    return follow.outputs(replace(given, axis=given.axis - sum(one < given.axis for one in gone)))


def gathered(follow: Follow) -> dict[str, Positions]:
    given, step = follow.only_first(), follow.step
    along = wrap(step.attribute("axis", 0), len(step.shape()))
    if along in (0, given.axis):
        raise Mixing("picks positions")
    grown = len(step.shape(1)) - 1
    return follow.outputs(replace(given, axis=given.axis + grown * (along < given.axis)))
