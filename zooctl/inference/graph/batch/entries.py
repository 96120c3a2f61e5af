"""Rules for operators that compute: entry by entry, along axes, and products."""

from __future__ import annotations

from collections.abc import Sequence

from zooctl.inference.graph.batch.step import Lost, Mixed, Places, Step, batch_of, fits, lose, wrap

_EVAL = "export the model in evaluation mode: model.eval()"
_DIM = "name the axis in the model, as softmax(x, dim=1): axis 0 is the batch"
_MEAN = "name the axes in the model, as x.mean(dim=(1, 2)): axis 0 is the batch"
_NORM = "normalise over channels or positions alone: axis 0 is the batch"
_FACTORS = "the product sums over axis 0, which is the batch: transpose its factors"


def broadcast(step: Step, numbers: Sequence[int] | None = None) -> Places:
    """Operators on one entry of each input at a time, with broadcasting."""
    output = step.shapes[step.node.output[0]]
    rank = len(output)
    taken = range(len(step.node.input)) if numbers is None else numbers
    axes = {
        int(axis) + rank - len(step.shape(number))
        for number in taken
        if (axis := step.axis(number)) is not None
    }
    if len(axes) != 1:
        raise Lost
    axis = axes.pop()
    for number in taken:
        if step.name(number):
            fits(step, step.name(number), axis - rank, output[axis])
    return step.first(axis)


def same(step: Step) -> Places:
    """Operators on one entry at a time, whose other inputs are settings."""
    step.only_first_reads()
    return step.first(batch_of(step))


def within_rows(step: Step) -> Places:
    """Operators whose input has the batch on axis 0 by definition, and fixed weights."""
    step.only_first_reads()
    if batch_of(step) != 0:
        raise Lost
    return step.first(0)


def normalised(step: Step) -> Places:
    """Operators along one axis: softmax and its kin."""
    axis, rank = batch_of(step), len(step.shape())
    if wrap(step.attribute("axis", -1), rank) == axis:
        raise Mixed(_DIM)
    return step.first(axis)


def normalised_behind(step: Step) -> Places:
    """Operators along an axis and all behind it: layer normalisation."""
    step.only_first_reads()
    axis = batch_of(step)
    if wrap(step.attribute("axis", -1), len(step.shape())) <= axis:
        raise Mixed(_NORM)
    return step.first(axis)


def mean_variance(step: Step) -> Places:
    axis, rank = batch_of(step), len(step.shape())
    if axis in {wrap(one, rank) for one in step.attribute("axes", [0, 2, 3])}:
        raise Mixed(_NORM)
    return step.first(axis)


def reduced(step: Step) -> Places:
    """Sums, means, extremes over axes."""
    step.only_first_reads()
    axis, rank = batch_of(step), len(step.shape())
    axes = step.constant(1) if len(step.node.input) > 1 else step.attribute("axes", None)
    if not axes:
        if step.attribute("noop_with_empty_axes", 0):
            return step.first(axis)
        raise Mixed(_MEAN)
    gone = {wrap(one, rank) for one in axes}
    if axis in gone:
        raise Mixed(_MEAN)
    kept = step.attribute("keepdims", 1)
    return step.first(axis if kept else axis - sum(one < axis for one in gone))


def place_of_extreme(step: Step) -> Places:
    axis, gone = batch_of(step), wrap(step.attribute("axis", 0), len(step.shape()))
    if axis == gone:
        raise Mixed(_MEAN)
    return step.first(axis - (gone < axis and not step.attribute("keepdims", 1)))


def cumulated(step: Step) -> Places:
    axes = step.constant(1)
    if axes and wrap(axes[0], len(step.shape())) == batch_of(step):
        raise Mixed("sum along positions, not along axis 0, which is the batch")
    return step.first(batch_of(step))


def top(step: Step) -> Places:
    axis = batch_of(step)
    if wrap(step.attribute("axis", -1), len(step.shape())) == axis:
        raise Mixed("take the largest along positions, not along axis 0, which is the batch")
    return dict.fromkeys(step.node.output, axis)


def product(step: Step) -> Places:
    """Matrix products: rows of the first by columns of the second."""
    left, right = step.shape(0), step.shape(1)
    if min(len(left), len(right)) < 2:
        raise Lost
    rank = max(len(left), len(right))
    ends = []
    for number, shape, contracted in ((0, left, -1), (1, right, -2)):
        axis = step.axis(number)
        if axis is None:
            continue
        if axis - len(shape) == contracted:
            raise Mixed(_FACTORS)
        ends.append((number, axis - len(shape)))
    if len({end for _, end in ends}) != 1:
        raise Lost
    number, end = ends[0]
    if end >= -2:
        # The rows or columns of one factor alone.
        if len(ends) > 1:
            raise Lost
    else:
        fits(step, step.name(1 - number), end, step.shape(number)[end])
    return step.first(rank + end)


def gemm(step: Step) -> Places:
    if step.axis(0) is None or step.axis(1) is not None:
        raise Lost
    if batch_of(step) != (1 if step.attribute("transA", 0) else 0):
        raise Mixed(_FACTORS)
    if step.name(2):
        fits(step, step.name(2), -2, step.shapes[step.node.output[0]][0])
        if step.axis(2) not in (None, 0):
            raise Lost
    return step.first(0)


def einsum(step: Step) -> Places:
    equation = step.attribute("equation", b"").decode().replace(" ", "")
    if "." in equation or "->" not in equation:
        raise Lost
    sources, result = equation.split("->")
    terms = sources.split(",")
    letters = {
        term[int(axis)]
        for number, term in enumerate(terms)
        if (axis := step.axis(number)) is not None
    }
    if len(letters) != 1:
        raise Lost
    letter = letters.pop()
    if letter not in result:
        raise Mixed("the product sums over axis 0, which is the batch: keep its letter")
    for number, term in enumerate(terms):
        if letter in term and (step.axis(number) is None or term.count(letter) > 1):
            raise Lost
    return step.first(result.index(letter))


def recurrent(step: Step) -> Places:
    """LSTM, GRU and RNN: X is (positions, batch, channels), or with layout 1 batch first."""
    first = bool(step.attribute("layout", 0))
    if batch_of(step) != (0 if first else 1):
        raise Mixed("positions and batch are exchanged: batch_first=True")
    if step.axis(1) is not None or step.axis(2) is not None or step.axis(4) is not None:
        raise Lost
    for number in (5, 6):
        if step.name(number):
            fits(step, step.name(number), -3 if first else -2, step.n)
    places = (0, 0, 0) if first else (2, 1, 1)
    return {name: place for name, place in zip(step.node.output, places, strict=False) if name}


def attention(step: Step) -> Places:
    if {step.axis(number) for number in range(3)} != {0} or len(step.node.input) > 4:
        raise Lost
    if step.name(3) and (step.axis(3) is not None or len(step.shape(3)) > 2):
        raise Lost
    return step.first(0)


def rotated(step: Step) -> Places:
    step.only_first_reads()
    return step.first(0) if batch_of(step) == 0 and not step.name(3) else lose()


def batch_normalised(step: Step) -> Places:
    if step.attribute("training_mode", 0):
        raise Mixed(_EVAL)
    return within_rows(step)


def scaled_to_batch(step: Step) -> Places:
    raise Mixed("quantise the model with fixed scales (static quantisation)")


def drops(step: Step) -> None:
    """Dropout in training mode draws other values at every run."""
    if any(bool(one) for one in step.constant(2) or ()):
        raise Mixed(_EVAL)
