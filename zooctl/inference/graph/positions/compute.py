"""Rules for operators that compute: entry by entry, with kernels, along axes, and products."""

from __future__ import annotations

from dataclasses import dataclass, replace

from zooctl.inference.graph.batch.step import Step, wrap
from zooctl.inference.graph.positions.reach import Follow, Mixing, Positions


def same(follow: Follow) -> dict[str, Positions]:
    """Operators on one entry at a time, and along axes that come first by definition."""
    return follow.outputs(follow.only_first())


def by_channel(follow: Follow) -> dict[str, Positions]:
    """Operators on channels, which lie on axis 1 by definition."""
    if follow.of().axis == 1 or follow.step.attribute("training_mode", 0):
        raise Mixing("normalises over positions")
    return same(follow)


def joined(follow: Follow, along: int | None = None) -> dict[str, Positions]:
    """Operators on one entry of each input: the bases that any of them reads."""
    step = follow.step
    rank = len(step.shapes[step.node.output[0]])
    given = [(name, follow.positions[name]) for name in step.node.input if name in follow.positions]
    found = given[0][1]
    for name, other in given:
        if other.axis + rank - len(step.shapes[name]) != found.axis + rank - len(
            step.shapes[given[0][0]]
        ) or (other.size, other.stride) != (found.size, found.stride):
            raise Mixing("joins positions that do not lie beside each other")
        first = min(found.first, other.first)
        end = max(found.first + found.width, other.first + other.width)
        found = replace(
            found,
            first=first,
            width=end - first,
            left=max(found.left, other.left),
            right=max(found.right, other.right),
        )
    axis = found.axis + rank - len(step.shapes[given[0][0]])
    for name in step.node.input:
        if name and name not in follow.positions and not is_even(step, name, axis - rank, along):
            raise Mixing("joins constants that differ by position")
    return follow.outputs(replace(found, axis=axis))


def is_even(step: Step, name: str, axis: int, along: int | None = None) -> bool:
    """Return whether a tensor that reads no base has one value at all positions.

    Args:
        step: The operator that reads it.
        name: The tensor.
        axis: Axis of positions, counted from the last, which is -1.
        along: Axis that inputs are put together along, where they are not broadcast.
    """
    shape = step.shapes.get(name)
    if along is not None or shape is None:
        return False
    if len(shape) < -axis or shape[axis] == 1:
        return True
    if name in step.values:
        values = step.values[name]
        return bool(values.size and (values == values.take([0], axis=axis)).all())
    maker = step.makers.get(name)
    if maker is None:
        return False
    if maker.op_type == "ConstantOfShape":
        return True
    if maker.op_type == "MatMul":
        return is_even(step, maker.input[1 if axis == -1 else 0], axis)
    by_entry = maker.op_type in ("Add", "Cast", "Div", "Expand", "Identity", "Mul", "Neg", "Sub")
    inputs = maker.input[:1] if maker.op_type == "Expand" else maker.input
    return by_entry and all(is_even(step, one, axis) for one in inputs)


@dataclass(frozen=True)
class Kernel:
    """A kernel along positions: its extent, its step and its padding, all in positions."""

    extent: int
    step: int
    before: int


def kernel_of(step: Step, axis: int, size: int) -> Kernel:
    """Return the kernel of a convolution or pool along the axis of positions."""
    place = axis - 2
    weights = step.node.op_type.startswith("Conv")
    kernel = step.shape(1)[2:] if weights else list(step.attribute("kernel_shape", []))
    n = len(kernel)
    if not 0 <= place < n:
        raise Mixing("sums over positions")
    dilation = list(step.attribute("dilations", [1] * n))[place]
    stride = list(step.attribute("strides", [1] * n))[place]
    extent = (kernel[place] - 1) * dilation + 1
    mode = step.attribute("auto_pad", b"NOTSET").decode()
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        total = max(0, (-(-size // stride) - 1) * stride + extent - size)
        return Kernel(extent, stride, (total + (mode == "SAME_LOWER")) // 2)
    before = 0 if mode == "VALID" else list(step.attribute("pads", [0] * 2 * n))[place]
    return Kernel(extent, stride, before)


def slid(follow: Follow) -> dict[str, Positions]:
    """Convolutions and pools."""
    given, step = follow.only_first(), follow.step
    if len(step.node.output) > 1 and step.node.output[1]:
        raise Mixing("says where its maxima lie")
    kernel = kernel_of(step, given.axis, given.size)
    size = step.shapes[step.node.output[0]][given.axis]
    return follow.outputs(given.slid(kernel.extent, kernel.step, kernel.before, size))


def normalised(follow: Follow) -> dict[str, Positions]:
    given = follow.only_first()
    if wrap(follow.step.attribute("axis", -1), len(follow.step.shape())) == given.axis:
        raise Mixing("normalises over positions")
    return follow.outputs(given)


def normalised_behind(follow: Follow) -> dict[str, Positions]:
    given = follow.only_first()
    if wrap(follow.step.attribute("axis", -1), len(follow.step.shape())) <= given.axis:
        raise Mixing("normalises over positions")
    return follow.outputs(given)


def reduced(follow: Follow) -> dict[str, Positions]:
    given, step = follow.only_first(), follow.step
    rank = len(step.shape())
    axes = step.constant(1) if len(step.node.input) > 1 else step.attribute("axes", None)
    gone = {wrap(one, rank) for one in axes or range(rank)}
    if gone & {0, given.axis}:
        raise Mixing("takes all positions together")
    kept = step.attribute("keepdims", 1)
    axis = given.axis if kept else given.axis - sum(one < given.axis for one in gone)
    return follow.outputs(replace(given, axis=axis))


def product(follow: Follow) -> dict[str, Positions]:
    """Dense layers over channels."""
    step = follow.step
    number = 0 if step.name(0) in follow.positions else 1
    given, shape = follow.of(number), step.shape(number)
    other = step.name(1 - number)
    if other in follow.positions:
        raise Mixing("multiplies positions by positions")
    contracted = len(shape) - (1 if number == 0 else 2)
    if given.axis == contracted:
        raise Mixing("sums over positions")
    if len(step.shape(1 - number)) != 2 or given.axis < len(shape) - 2:
        raise Mixing("is not followed")
    return follow.outputs(given)


def einsum(follow: Follow) -> dict[str, Positions]:
    step = follow.step
    equation = step.attribute("equation", b"").decode().replace(" ", "")
    numbers = [n for n, name in enumerate(step.node.input) if name in follow.positions]
    if "." in equation or "->" not in equation or len(numbers) != 1:
        raise Mixing("is not followed")
    sources, result = equation.split("->")
    terms, given = sources.split(","), follow.of(numbers[0])
    letter, batch = terms[numbers[0]][given.axis], terms[numbers[0]][0]
    if letter not in result:
        raise Mixing("sums over positions")
    if result[0] != batch or any(sources.count(one) > 1 for one in (letter, batch)):
        raise Mixing("is not followed")
    return follow.outputs(replace(given, axis=result.index(letter)))


def whole(follow: Follow) -> dict[str, Positions]:
    raise Mixing("reads all positions")
