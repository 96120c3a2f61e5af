"""An entry of the zoo from an ONNX file that other software wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors.numpy import save

from zooctl.catalog.entry import ONNX, PROBE
from zooctl.catalog.new_card import card_text
from zooctl.errors import InputError, ManyErrors, VerificationError, ZooError
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.adopt.verify import initialisers
from zooctl.inference.graph.check import parse_model
from zooctl.inference.session import Predictions, Session
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest, Manifest, tensor_digest, write_manifest
from zooctl.schema.strict_yaml import loads, parse
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry

# Bytes of a probe, inputs and outputs together.
_PROBE_BYTES = 300_000
_SEED = 20221205


@dataclass(frozen=True)
class Interface:
    """An ONNX file in the zoo's layout, with its lengths.

    Attributes:
        model: The graph: ``(batch, 4, input_length)`` in,
            ``(batch, n_tracks, n_bins)`` out.
        input_length: Bases read.
        n_bins: Values a track.
        changes: Operators added for that layout, in words.
    """

    model: bytes
    input_length: int
    n_bins: int
    changes: tuple[str, ...]


def read_interface(model: bytes, n_tracks: int) -> Interface:
    """Read the lengths of an ONNX file, and convert it to the zoo's layout.

    One input and one output are expected. Bases may lie before or behind positions, and tracks
    before or behind bins; an output of two axes has one bin. Nothing of the file is run.

    Args:
        model: Serialised ONNX model, float one-hot of A, C, G, T in, any batch size.
        n_tracks: Tracks that it predicts.

    Raises:
        VerificationError: Not an ONNX model.
        InputError: Another interface.
    """
    proto = parse_model(model)
    graph = proto.graph
    for kind, values in (("input", graph.input), ("output", graph.output)):
        if len(values) != 1:
            names = ", ".join(value.name for value in values) or "none"
            raise InputError(f"the graph needs exactly one {kind}", got=names)
    changes = []
    bases = _sizes(graph.input[0])
    if len(bases) != 3 or 4 not in bases[1:] or not all(bases[1:]) or bases[0]:
        raise InputError(
            "the input is no batch of one-hot sequence of fixed length",
            got=_text(bases),
            expected="(batch, 4, input_length) or (batch, input_length, 4), batch left open",
            hint="export the model with a dynamic batch axis and one length of sequence",
        )
    if bases[1] != 4:
        _transpose_input(graph, bases[1])
        changes.append(f"bases before positions: (batch, {bases[1]}, 4) in")
    n_bins = _fit_output(graph, n_tracks, changes)
    if changes:
        model = bytes(proto.SerializeToString(deterministic=True))
    return Interface(model, bases[1] if bases[1] != 4 else bases[2], n_bins, tuple(changes))


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


def probe_windows(input_length: int, n: int) -> Codes:
    """Return random windows for the probe of a model without a genome.

    Random sequence of every GC content, the same with runs of N, one base throughout, and reverse
    complements; equal arguments give equal windows.

    >>> probe_windows(145, 16).shape
    (16, 145)
    >>> probe_windows(3, 4)[0]  # unknown throughout
    array([4, 4, 4], dtype=uint8)
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    gc = np.linspace(0.05, 0.95, n)[:, None]
    draw = rng.random((2, n, input_length))
    codes = np.where(draw[0] < gc, 1 + (draw[1] < 0.5), 3 * (draw[1] < 0.5)).astype(np.uint8)
    fixed = np.repeat(np.arange(N + 1, dtype=np.uint8)[:, None], input_length, axis=1)
    masked = codes[1::4].copy()
    for window in masked:
        first = int(rng.integers(0, input_length))
        window[first : first + int(rng.integers(1, input_length // 2 + 2))] = N
    parts = [fixed[-(n // 4) :], masked, reverse_complement(codes[::8]), codes]
    return np.concatenate(parts)[:n]


def probe_size(geometry: Geometry, n_tracks: int) -> int:
    """Return the number of windows in a probe of some 300 kB, 4 to 512."""
    window = geometry.input_length + 4 * n_tracks * geometry.n_bins
    return max(4, min(512, _PROBE_BYTES // window))


def run_probe(model: bytes, card: Card) -> tuple[Codes, Predictions]:
    """Run a model on its probe's windows; return windows and predictions.

    Raises:
        UnsafeError: The graph is refused (see ``graph.check.compose``).
        VerificationError: It contradicts the card, or its predictions are not finite.
    """
    session = Session(
        model,
        geometry=card.geometry,
        n_tracks=card.n_tracks,
        unknown_base=card.unknown_base,
        device="cpu",
    )
    inputs = probe_windows(card.input_length, probe_size(card.geometry, card.n_tracks))
    expected = session.predict(inputs)
    if not np.isfinite(expected).all():
        raise VerificationError("the model predicts numbers that are not finite", path=ONNX)
    return inputs, expected


def write_entry(
    root: Path, model: bytes, facts: Mapping[str, Any], *, here: bool = True, force: bool = False
) -> Card:
    """Write card, manifest, probe and graph of a model.

    The model is run on its probe before anything is written.

    Args:
        root: Folder with ``model_cards/`` and ``zoo/``.
        model: Serialised ONNX model in the zoo's layout.
        facts: The card, without the digests of the weights (see ``catalog.new_card.card_fields``).
        here: Whether to keep the graph; False where it is converted from published weights, whose
            address is among the facts.
        force: Replace card, probe and graph that are there.

    Raises:
        InputError: There is such an entry already, or the facts make no card.
        UnsafeError: The graph is refused.
        VerificationError: The graph contradicts the facts.
    """
    digest = FileDigest(sha256=hashlib.sha256(model).hexdigest(), size=len(model))
    name = str(facts["name"])
    path = root / "model_cards" / f"{name}.yaml"
    folder = root / "zoo" / name
    text = card_text(facts, {ONNX: digest})
    card = _read(text, path)
    if not force and (path.exists() or folder.exists()):
        raise InputError("there is such a model already", path=path, hint="--force replaces it")
    inputs, expected = run_probe(model, card)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {path: text.encode(), folder / PROBE: _probe_bytes(inputs, expected)}
    if here:
        contents[folder / ONNX] = model
    for target, content in contents.items():
        with atomic_output(target, force=True) as temporary:
            temporary.write_bytes(content)
    _write_manifest(root, name, model, {} if here else {f"zoo/{name}/{ONNX}": digest})
    return card


def _read(text: str, path: Path) -> Card:
    """Parse a card that is not written yet; its errors name no file."""
    try:
        return parse(Card, loads(text, path))
    except ZooError as error:
        for part in error.errors if isinstance(error, ManyErrors) else (error,):
            part.path = part.line = None
        raise


def _probe_bytes(inputs: Codes, expected: NDArray[np.float32]) -> bytes:
    # safetensors writes an array's memory as it lies, whatever its strides.
    tensors = {"inputs": inputs, "expected": expected}
    return bytes(save({name: np.ascontiguousarray(value) for name, value in tensors.items()}))


def _write_manifest(
    root: Path, name: str, model: bytes, elsewhere: Mapping[str, FileDigest]
) -> Manifest:
    opsets = {opset.domain: opset.version for opset in parse_model(model).opset_import}
    return write_manifest(
        root,
        name,
        tensor_digest=tensor_digest(initialisers(model)),
        opset=opsets[""],
        exporter={"onnx": onnx.__version__},
        absent=elsewhere,
    )
