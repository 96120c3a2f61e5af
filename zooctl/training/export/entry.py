"""Write an entry of the zoo from a finished run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnx
import onnxscript
import torch
from safetensors.numpy import load as load_numpy
from safetensors.torch import load_file

from zooctl.catalog.card_text import with_weights
from zooctl.catalog.new_card import card_text, fields_from_recipe
from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.adopt.networks.builder import opset_of
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest, tensor_digest, write_manifest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import loads, parse
from zooctl.training.data.dataset import Dataset
from zooctl.training.export.export import export, other_inputs, trained_network
from zooctl.training.export.probe import probe_of_all_inputs, sequence_probe
from zooctl.training.loop.run_folder import resume_hint


def write_entry(
    root: Path,
    recipe: Recipe,
    run: Path,
    dataset: Dataset,
    *,
    environment: str,
    recorded: bytes | None = None,
) -> float:
    """Export the best epoch of a run into ``zoo/<name>/`` and update its card.

    Args:
        root: Folder with ``model_cards/``, ``recipes/`` and ``zoo/``.
        recipe: Of the run.
        run: Folder with ``best.safetensors``.
        dataset: The recipe's data; the probe's windows are cut from its test split.
        environment: Digest of the training's software.
        recorded: Record of that software, written beside the weights as ``environment.json``.

    Returns:
        Largest difference between torch and onnxruntime on the probe (see ``check_parity``).

    Raises:
        VerificationError: They disagree.
        InputError: The run has no finished epoch.
    """
    weights = run / "best.safetensors"
    if not weights.exists():
        raise InputError("run has no finished epoch", path=run, hint=resume_hint(run))
    net = trained_network(recipe, dataset, load_file(weights))
    exported = export(net, recipe, dataset.trunk)
    make = probe_of_all_inputs if other_inputs(recipe) else sequence_probe
    probe, difference = make(recipe, dataset, net, exported.onnx)
    files = {
        "model.onnx": exported.onnx,
        "model.safetensors": exported.safetensors,
        "probe.safetensors": probe,
    }
    if recorded is not None:
        files["environment.json"] = recorded
    card = root / "model_cards" / f"{recipe.name}.yaml"
    # The card is composed and validated before any file is written.
    text = _card_text(card, recipe, environment, files)
    folder = root / "zoo" / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in [*((folder / name, data) for name, data in files.items()), (card, text)]:
        with atomic_output(path, force=True) as temporary:
            temporary.write_bytes(content)
    write_manifest(
        root,
        recipe.name,
        tensor_digest=tensor_digest(load_numpy(exported.safetensors)),
        opset=opset_of(exported.onnx),
        exporter={
            "torch": str(torch.__version__),
            "onnx": onnx.__version__,
            "onnxscript": onnxscript.__version__,
        },
    )
    return difference


def _card_text(
    path: Path, recipe: Recipe, environment: str, contents: Mapping[str, bytes]
) -> bytes:
    """Return the card with the digests of these weights, or a draft of one."""
    files = {
        name: FileDigest(
            sha256=hashlib.sha256(contents[name]).hexdigest(), size=len(contents[name])
        )
        for name in ("model.onnx", "model.safetensors")
    }
    if path.exists():
        old = path.read_text(encoding="utf-8")
        text = with_weights(old, environment=environment, seed=recipe.seed, files=files)
    else:
        text = card_text(fields_from_recipe(recipe, environment=environment), files)
    parse(Card, loads(text, path))
    return text.encode()
