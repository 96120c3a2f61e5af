"""Checks of ONNX graphs, and their composition with a front that reads genome codes.

A zoo graph takes float one-hot ``(batch, 4, input_length)`` and returns
``(batch, n_tracks, n_bins)``, so any ONNX user can run it. Before it runs here it is checked and
gets a front and, for sums, a back (see ``front_back``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import onnx
from onnx import TensorProto

from zooctl.errors import UnsafeError, VerificationError
from zooctl.inference.graph.front_back import add_back, add_front
from zooctl.inference.graph.memory import constant_bytes, peak_bytes
from zooctl.inference.graph.shapes import count, infer_window, unknown
from zooctl.inference.graph.structure import parse_model, refuse_unsafe
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.windows import Geometry

MAX_VALUES = 2**28
"""Values of the largest tensor that one window may need: 1 GiB of float32."""
# Bytes that one window may hold at once, and that may be made of constants at loading.
_MAX_HELD = 2**33
_MAX_CONSTANT = 2**31


def compose(
    model: bytes,
    *,
    geometry: Geometry,
    n_tracks: int,
    unknown_base: float,
    summed: Transform | None = None,
) -> bytes:
    """Check a zoo graph and return it with a front that reads uint8 genome codes.

    Args:
        model: Serialised ONNX model, float one-hot in.
        geometry: Window lengths that the card states.
        n_tracks: Tracks that the card lists.
        unknown_base: Value of all four channels at an unknown base.
        summed: Also add a back that undoes this transform and sums over bases.

    Returns:
        Serialised ONNX model: input ``CODES`` and the output unchanged; with a back, inputs
        ``CODES`` and ``SPANS`` and output ``SUMS`` (all of ``front_back``).

    Raises:
        InputError: No ONNX model.
        UnsafeError: Bytes outside of the model, operators that are not on the list
            (``operators.OPERATORS``), no valid graph, or a size without bounds.
        VerificationError: Inputs and outputs that the card does not state.
    """
    proto = parse_model(model)
    refuse_unsafe(proto)
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        raise UnsafeError(f"not a valid ONNX graph: {_first_line(error)}") from error
    source = _check_interface(proto, geometry, n_tracks)
    _check_sizes(proto, geometry, n_tracks)
    add_front(proto.graph, source, geometry.input_length, unknown_base)
    if summed is not None:
        add_back(proto.graph, geometry, n_tracks, summed)
    composed: bytes = proto.SerializeToString()
    return composed


def batch_bytes(model: bytes, input_length: int, n: int) -> int:
    """Return the approximate memory, in bytes, of predicting n windows.

    Args:
        model: As ``compose`` accepted it.
        input_length: Bases to a window.
        n: Windows.

    Raises:
        UnsafeError: They, or half as many, take more than n times the memory of one.
    """
    proto = onnx.ModelProto.FromString(model)
    one = many = peak_bytes(infer_window(proto, input_length))
    for rows in sorted({max(1, n // 2), n} - {1}):
        many = peak_bytes(infer_window(proto, input_length, rows))
        if many > rows * one:
            raise UnsafeError(
                "a window takes more memory the more there are in a batch",
                got=f"{many:,} bytes for {rows} windows",
                expected=f"at most {rows * one:,}",
            )
    return many


def _check_interface(proto: onnx.ModelProto, geometry: Geometry, n_tracks: int) -> str:
    """Return the name of the one-hot input after checking it and the output against the card."""
    graph = proto.graph
    if len(graph.input) > 1:
        raise VerificationError(
            "the network reads more than the sequence",
            got=", ".join(value.name for value in graph.input),
            expected="one input",
            hint="zooctl predicts from sequence alone; onnxruntime runs the graph with its inputs",
        )
    for kind, values in (("input", graph.input), ("output", graph.output)):
        if len(values) != 1:
            raise VerificationError(f"graph has {len(values)} {kind}s", expected="one")
    _check_value("input", graph.input[0], (4, geometry.input_length))
    _check_value("output", graph.output[0], (n_tracks, geometry.n_bins))
    name: str = graph.input[0].name
    made = Counter(output for node in graph.node for output in node.output if output)
    made.update({*(tensor.name for tensor in graph.initializer), name})
    if twice := [one for one, times in made.items() if times > 1 and one != name]:
        raise UnsafeError("two tensors have one name", got=twice[0])
    if name in {tensor.name for tensor in graph.initializer}:
        raise VerificationError("the graph's input has a fixed value", got=name)
    return name


def _check_value(kind: str, value: onnx.ValueInfoProto, inner: Sequence[int]) -> None:
    """Check type and shape of an input or output; sizes that are left open are checked later."""
    tensor = value.type.tensor_type
    if tensor.elem_type != TensorProto.FLOAT:
        got = TensorProto.DataType.Name(tensor.elem_type).lower()
        raise VerificationError(
            f"{kind} {value.name!r} has another type", got=got, expected="float"
        )
    dims = tensor.shape.dim
    shape = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims]
    fits = (
        len(shape) == 3
        and not isinstance(shape[0], int)
        and all(
            isinstance(got, str) or got == want for got, want in zip(shape[1:], inner, strict=True)
        )
    )
    if not fits:
        raise VerificationError(
            f"{kind} {value.name!r} has another shape than the card states",
            got=f"({', '.join(map(str, shape))})",
            expected=f"(batch, {inner[0]}, {inner[1]})",
        )


def _check_sizes(proto: onnx.ModelProto, geometry: Geometry, n_tracks: int) -> None:
    """Check the shapes of one window: all known, none huge, and the output's as stated."""
    inferred = infer_window(proto, geometry.input_length)
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        if count(value) > MAX_VALUES:
            raise UnsafeError(
                f"tensor {value.name!r} is too large for one window",
                got=f"{count(value):,} values",
                expected=f"at most {MAX_VALUES:,}",
            )
    for what, got, limit in (
        ("one window needs too much memory", peak_bytes(inferred), _MAX_HELD),
        ("too much is made of constants", constant_bytes(inferred), _MAX_CONSTANT),
    ):
        if got > limit:
            raise UnsafeError(what, got=f"{got:,} bytes", expected=f"at most {limit:,}")
    if open_sizes := unknown(inferred):
        raise UnsafeError(
            f"tensor {open_sizes[0]!r} has a size that is not known before the graph runs"
        )
    _check_inferred(inferred.output[0], (n_tracks, geometry.n_bins))


def _check_inferred(output: onnx.ValueInfoProto, inner: Sequence[int]) -> None:
    dims = output.type.tensor_type.shape.dim
    known = [(dim.dim_value, want) for dim, want in zip(dims[1:], inner, strict=False)]
    if dims and (len(dims) != 3 or any(got and got != want for got, want in known)):
        raise VerificationError(
            f"output {output.name!r} has another shape than the card states",
            got=f"({', '.join(str(dim.dim_value or '?') for dim in dims)}) for one window",
            expected=f"(1, {inner[0]}, {inner[1]})",
        )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")
