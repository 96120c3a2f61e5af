"""An entry of the zoo from an ONNX file that other software wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from safetensors.numpy import save

from zooctl.catalog.entry import ONNX, PROBE
from zooctl.catalog.new_card import card_text
from zooctl.errors import ManyErrors, VerificationError, ZooError
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference import examine_in_child
from zooctl.inference.adopt.probe import MOST_WINDOWS, probe_size, probe_windows
from zooctl.inference.adopt.staging import refuse_existing, staged
from zooctl.inference.adopt.verify import initialisers
from zooctl.inference.device.session import Predictions
from zooctl.inference.graph.structure import parse_model
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest, Manifest, tensor_digest, write_manifest
from zooctl.schema.strict_yaml import loads, parse
from zooctl.sequence.onehot import Codes


class Adopted(NamedTuple):
    """A new entry.

    Attributes:
        card: Its card.
        expected: Predictions of its probe, ``(n, n_tracks, n_bins)``.
    """

    card: Card
    expected: Predictions


def run_probe(model: bytes, card: Card, most: int) -> tuple[Codes, Predictions]:
    """Run a model on at most so many windows, in a child process; return them and predictions.

    Raises:
        UnsafeError: The graph is refused (see ``examine_in_child.examine``).
        VerificationError: It contradicts the card, windows depend on each other, or its
            predictions are not finite.
    """
    n = min(most, probe_size(card.geometry, card.n_tracks))
    inputs = probe_windows(card.input_length, n)
    expected = examine_in_child.examine(model, card, inputs)
    if not np.isfinite(expected).all():
        raise VerificationError("the model predicts numbers that are not finite")
    return inputs, expected


def write_entry(
    root: Path,
    model: bytes,
    facts: Mapping[str, Any],
    *,
    force: bool = False,
    most: int = MOST_WINDOWS,
) -> Adopted:
    """Write card, manifest, probe and graph of a model, all of them or none.

    The model is run on its probe before anything is written.

    Args:
        root: Folder with ``model_cards/`` and ``zoo/``.
        model: Serialised ONNX model in the zoo's layout.
        facts: The card, without the digests of the weights (see ``catalog.new_card.card_fields``).
        force: Replace card, probe and graph that are there.
        most: Windows of the probe, at most.

    Raises:
        InputError: There is such an entry already, or the facts make no card.
        UnsafeError: The graph is refused.
        VerificationError: The graph contradicts the facts.
    """
    digest = FileDigest(sha256=hashlib.sha256(model).hexdigest(), size=len(model))
    name = str(facts["name"])
    text = card_text(facts, {ONNX: digest})
    card = _read(text, root / "model_cards" / f"{name}.yaml")
    refuse_existing(root, name, force=force)
    inputs, expected = run_probe(model, card, most)
    with staged(root, name, force=force) as work:
        contents = {
            work / "model_cards" / f"{name}.yaml": text.encode(),
            work / "zoo" / name / ONNX: model,
        }
        for target, content in contents.items():
            with atomic_output(target, force=True) as temporary:
                temporary.write_bytes(content)
        write_probe(work / "zoo" / name / PROBE, inputs, expected)
        write_manifest_of(work, name, model)
    return Adopted(card, expected)


def _read(text: str, path: Path) -> Card:
    """Parse a card that is not written yet; its errors name no file."""
    try:
        return parse(Card, loads(text, path))
    except ZooError as error:
        for part in error.errors if isinstance(error, ManyErrors) else (error,):
            part.path = part.line = None
        raise


def write_probe(path: Path, inputs: Codes, expected: NDArray[np.float32]) -> None:
    """Write the windows of a probe, and their predictions."""
    # safetensors writes an array's memory as it lies, whatever its strides.
    tensors = {"inputs": inputs, "expected": expected}
    content = save({name: np.ascontiguousarray(value) for name, value in tensors.items()})
    with atomic_output(path, force=True) as temporary:
        temporary.write_bytes(content)


def write_manifest_of(
    root: Path, name: str, model: bytes, absent: Mapping[str, FileDigest] | None = None
) -> Manifest:
    """Write the manifest of an entry that other software trained.

    Args:
        root: Folder with ``model_cards/`` and ``zoo/``.
        name: The entry.
        model: Its graph with weights.
        absent: Path to the pin of each file that is not on disk.
    """
    opsets = {opset.domain: opset.version for opset in parse_model(model).opset_import}
    return write_manifest(
        root,
        name,
        tensor_digest=tensor_digest(initialisers(model)),
        opset=opsets[""],
        exporter={"onnx": onnx.__version__},
        absent=absent,
    )
