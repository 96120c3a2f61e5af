"""Lengths and layout of an ONNX file that other software wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from zooctl.errors import InputError, UnsafeError
from zooctl.inference.adopt.mend import choose_output, drop_axes, widen
from zooctl.inference.adopt.repair import refuse_with_cure, repair
from zooctl.inference.graph.check import MAX_VALUES
from zooctl.inference.graph.structure import parse_model


@dataclass(frozen=True)
class Interface:
    """An ONNX file in the zoo's layout, with its lengths.

    Attributes:
        model: The graph: ``(batch, 4, input_length)`` in,
            ``(batch, n_tracks, n_bins)`` out.
        input_length: Bases read.
        n_bins: Values a track.
        changes: Operators added for that layout, in words.
        repairs: Parts left out or renamed, in words; they change no prediction.
    """

    model: bytes
    input_length: int
    n_bins: int
    changes: tuple[str, ...]
    repairs: tuple[str, ...] = ()


def read_interface(
    model: bytes, n_tracks: int, path: Path | None = None, *, output: str | None = None
) -> Interface:
    """Read the lengths of an ONNX file, and convert it to the zoo's layout.

    One input is expected. Bases may lie before or behind positions, and tracks before or behind
    bins, each with an axis of size 1 more; an output of two axes has one bin. float16 becomes
    float32. Nothing of the file is run.

    Args:
        model: Serialised ONNX model, float one-hot of A, C, G, T in, any batch size.
        n_tracks: Tracks that it predicts.
        path: Its file, for the commands in hints.
        output: The output to keep, where there are several.

    Raises:
        InputError: Not an ONNX model, or another interface.
        UnsafeError: Weights beside the file, or an old operator set; the hint is the command that
            mends it.
    """
    proto = parse_model(model)
    refuse_with_cure(proto, path or Path("model.onnx"))
    graph = proto.graph
    repairs = (*repair(proto), *choose_output(graph, output))
    if len(graph.input) != 1:
        names = ", ".join(value.name for value in graph.input) or "none"
        raise InputError("the graph needs exactly one input", got=names)
    changes = [*widen(proto), *drop_axes(graph)]
    bases = _sizes(graph.input[0])
    if len(bases) != 3 or 4 not in bases[1:] or not all(bases[1:]) or bases[0]:
        raise InputError(
            "the input is no batch of one-hot sequence of fixed length",
            got=_text(bases),
            expected="(batch, 4, input_length) or (batch, input_length, 4), batch left open",
            hint="export the model with a dynamic batch axis and one length of sequence",
        )
    _check_length("input", 4 * max(bases[1:]))
    if bases[1] != 4:
        _transpose_input(graph, bases[1])
        changes.append(f"bases before positions: (batch, {bases[1]}, 4) in")
    n_bins = _fit_output(graph, n_tracks, changes)
    _check_length("output", n_tracks * n_bins)
    if changes or repairs:
        model = bytes(proto.SerializeToString(deterministic=True))
    return Interface(
        model, bases[1] if bases[1] != 4 else bases[2], n_bins, tuple(changes), repairs
    )


def _check_length(side: str, values: int) -> None:
    """Refuse lengths that no window has, before windows are drawn."""
    if values > MAX_VALUES:
        raise UnsafeError(
            f"the {side} is too large for one window",
            got=f"{values:,} values",
            expected=f"at most {MAX_VALUES:,}",
        )


def _sizes(value: onnx.ValueInfoProto) -> list[int]:
    """Return the sizes of a value's axes, 0 where one is open."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _text(sizes: Sequence[int]) -> str:
    return f"({', '.join(str(size or '?') for size in sizes)})"


def _transpose_input(graph: onnx.GraphProto, input_length: int) -> None:
    """Make the graph take bases before positions."""
    name = graph.input[0].name
    source = f"zooctl/{name}"
    node = helper.make_node("Transpose", [source], [name], name="zooctl/bases", perm=[0, 2, 1])
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([node, *nodes])
    kind = graph.input[0].type.tensor_type.elem_type
    value = helper.make_tensor_value_info(source, kind, ["batch", 4, input_length])
    graph.input[0].CopyFrom(value)


def _fit_output(graph: onnx.GraphProto, n_tracks: int, changes: list[str]) -> int:
    """Make the graph return tracks before bins; return the number of bins."""
    tracks = _sizes(graph.output[0])
    inner = tracks[1:]
    if len(tracks) not in (2, 3) or n_tracks not in inner or not all(inner) or tracks[0]:
        raise InputError(
            f"the output is no batch of {n_tracks} track{'s' * (n_tracks > 1)}",
            got=_text(tracks),
            expected="(batch, tracks), (batch, tracks, bins) or (batch, bins, tracks)",
            hint="--tracks names each track, in the order of the output",
        )
    if len(inner) == 1:
        _append(graph, "Unsqueeze", [n_tracks, 1])
        changes.append(f"one bin a track: (batch, {n_tracks}) out")
        return 1
    if inner[0] == n_tracks:
        return inner[1]
    _append(graph, "Transpose", [n_tracks, inner[0]])
    changes.append(f"tracks before bins: (batch, {inner[0]}, {n_tracks}) out")
    return inner[0]


def _append(graph: onnx.GraphProto, operator: str, inner: Sequence[int]) -> None:
    """Add a node that gives the graph's output another shape."""
    name = graph.output[0].name
    result = f"zooctl/{name}"
    if operator == "Unsqueeze":
        graph.initializer.append(numpy_helper.from_array(np.array([2]), "zooctl/last"))
        node = helper.make_node(operator, [name, "zooctl/last"], [result], name="zooctl/tracks")
    else:
        node = helper.make_node(operator, [name], [result], name="zooctl/tracks", perm=[0, 2, 1])
    graph.node.append(node)
    kind = graph.output[0].type.tensor_type.elem_type
    graph.output[0].CopyFrom(helper.make_tensor_value_info(result, kind, ["batch", *inner]))
