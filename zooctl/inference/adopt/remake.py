"""Files of an entry whose weights stay with their authors: made from its card and their files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.card_text import CardText
from zooctl.catalog.entry import GRAPH, ONNX, PROBE
from zooctl.catalog.origin.convert import published_files, read_files
from zooctl.errors import InputError, VerificationError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.pinned import digest_of
from zooctl.files.weights.hdf5 import read_architecture
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.files.weights.published import tensor_name
from zooctl.inference import examine_in_child
from zooctl.inference.adopt.adopt import write_manifest_of, write_probe
from zooctl.inference.adopt.probe import probe_windows
from zooctl.inference.adopt.published import GRAPHS, PublishedFile
from zooctl.schema.card import Card, load_card
from zooctl.schema.manifest import FileDigest

_PROBE_WINDOWS = 4
_PROBE_BYTES = 200_000


class Remade(NamedTuple):
    """The graph of a published model.

    Attributes:
        graph: Without weights, as the entry ships it.
        model: With the weights of the authors' files.
    """

    graph: bytes
    model: bytes


def remake_graph(card: Card) -> Remade:
    """Make the graph of a published model from the files that its card names.

    Raises:
        InputError: No such model is known, or its files are not here.
        ZooError: As ``origin.convert``.
    """
    if card.name not in GRAPHS or card.weights is None:
        expected = ", ".join(sorted(GRAPHS))
        raise InputError("not a published model that is known", got=card.name, expected=expected)
    origins = card.weights.published
    files: dict[str, PublishedFile] = {}
    tensors: dict[str, NDArray[np.float32]] = {}
    found = list(published_files(card))
    for own, (origin, path, content) in zip(read_files(found), found, strict=True):
        stated = read_architecture(content, path) if origin.format == "keras_hdf5" else None
        files[origin.file] = PublishedFile(own, stated)
        head = origin.file if len(origins) > 1 else None
        tensors |= {tensor_name(head, name): values for name, values in own.items()}
    graph = GRAPHS[card.name](files)
    return Remade(graph, put_weights(graph, tensors))


def remake(root: Path, name: str) -> FileDigest:
    """Write graph without weights, probe, manifest and the digest on the card of an entry.

    Args:
        root: Folder with ``model_cards/`` and ``zoo/``.
        name: A published model; its card is there, written by a person.

    Returns:
        The pin of the graph with weights, which is kept in the cache and nowhere else.

    Raises:
        ZooError: As ``remake_graph``; or the graph contradicts the card.
    """
    path = root / "model_cards" / f"{name}.yaml"
    card = load_card(path)
    graph, model = remake_graph(card)
    digest = FileDigest(sha256=digest_of(model), size=len(model))
    window = card.input_length + 4 * card.n_tracks * card.geometry.n_bins
    inputs = probe_windows(card.input_length, max(_PROBE_WINDOWS, min(64, _PROBE_BYTES // window)))
    expected = examine_in_child.examine(model, card, inputs)
    if not np.isfinite(expected).all():
        raise VerificationError("the model predicts numbers that are not finite")
    text = CardText(path.read_text("utf-8"))
    for field, value in (("sha256", digest.sha256), ("size", digest.size)):
        text.set("weights", "files", 0, field, value)
    folder = root / "zoo" / name
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(str(text), "utf-8")
    with atomic_output(folder / GRAPH, force=True) as temporary:
        temporary.write_bytes(graph)
    write_probe(folder / PROBE, inputs, expected)
    write_manifest_of(root, name, model, absent={f"zoo/{name}/{ONNX}": digest})
    return digest
