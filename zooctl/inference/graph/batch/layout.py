"""Rules for operators that move axes and entries."""

from __future__ import annotations

import math

from zooctl.inference.graph.batch.entries import broadcast
from zooctl.inference.graph.batch.step import Lost, Places, Step, batch_of, fits, lose, wrap


def transposed(step: Step) -> Places:
    rank = len(step.shape())
    perm = list(step.attribute("perm", list(reversed(range(rank)))))
    return step.first(perm.index(batch_of(step)))


def reshaped(step: Step) -> Places:
    """Keep the batch where as many entries stand before it as did, and a multiple of n on it."""
    axis, shape, result = batch_of(step), step.shape(), step.shapes[step.node.output[0]]
    before = math.prod(shape[:axis])
    for place, size in enumerate(result):
        if math.prod(result[:place]) == before and size and size % step.n == 0:
            return step.first(place)
    raise Lost


def unsqueezed(step: Step) -> Places:
    axes = step.constant(1)
    rank = len(step.shape()) + len(axes or ())
    new = {wrap(one, rank) for one in axes or ()}
    old = [place for place in range(rank) if place not in new]
    return step.first(old[batch_of(step)])


def squeezed(step: Step) -> Places:
    shape, axes = step.shape(), step.constant(1)
    gone = (
        {place for place, size in enumerate(shape) if size == 1}
        if axes is None
        else {wrap(one, len(shape)) for one in axes}
    )
    return step.first(
        [place for place in range(len(shape)) if place not in gone].index(batch_of(step))
    )


def joined(step: Step) -> Places:
    output = step.shapes[step.node.output[0]]
    along = wrap(step.attribute("axis", 0), len(output))
    axes = {step.axis(number) for number in range(len(step.node.input))} - {None}
    axis = axes.pop()
    if axes or axis is None or axis == along:
        raise Lost
    for name in step.node.input:
        fits(step, name, axis - len(output), output[axis])
    return step.first(axis)


def split(step: Step) -> Places:
    axis = batch_of(step)
    if wrap(step.attribute("axis", 0), len(step.shape())) == axis:
        raise Lost
    return dict.fromkeys(step.node.output, axis)


def kept_whole(step: Step) -> Places:
    """Operators that change axes separately: the batch's must keep its size."""
    step.only_first_reads()
    axis = batch_of(step)
    if step.attribute("coordinate_transformation_mode", b"") == b"tf_crop_and_resize":
        raise Lost
    if step.shape()[axis] != step.shapes[step.node.output[0]][axis]:
        raise Lost
    return step.first(axis)


def sliced(step: Step) -> Places:
    """As ``kept_whole``; backwards, the batch would keep its size and change its order."""
    steps, axes = step.constant(4), step.constant(3)
    shape = step.shape()
    named = range(len(steps or ())) if axes is None else [wrap(a, len(shape)) for a in axes]
    if steps and any(s < 0 and a == batch_of(step) for s, a in zip(steps, named, strict=True)):
        raise Lost
    return kept_whole(step)


def padded(step: Step) -> Places:
    pads, axes, rank = step.constant(1), step.constant(3), len(step.shape())
    named = range(rank) if axes is None else [wrap(one, rank) for one in axes]
    half = len(pads or ()) // 2
    at = dict(zip(named, zip((pads or [])[:half], (pads or [])[half:], strict=True), strict=True))
    if any(at.get(batch_of(step), (0, 0))):
        raise Lost
    return kept_whole(step)


def gathered(step: Step) -> Places:
    along = wrap(step.attribute("axis", 0), len(step.shape()))
    data, indices = step.axis(0), step.axis(1)
    if data is None and indices is not None:
        return step.first(along + indices)
    if data is None or indices is not None or data == along:
        raise Lost
    return step.first(data if data < along else data - 1 + len(step.shape(1)))


def expanded(step: Step) -> Places:
    return broadcast(step, [0])


def one_hot(step: Step) -> Places:
    axis, rank = batch_of(step), len(step.shape()) + 1
    return step.first(axis + (wrap(step.attribute("axis", -1), rank) <= axis))


def triangle(step: Step) -> Places:
    return step.first(batch_of(step)) if batch_of(step) < len(step.shape()) - 2 else lose()


def no_windows(step: Step) -> Places:
    """Shapes say nothing of the bases."""
    return {}
