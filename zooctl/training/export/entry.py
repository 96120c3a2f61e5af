"""Write an entry of the zoo from a finished run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxscript
import torch
from safetensors.numpy import load as load_numpy
from safetensors.torch import load_file
from torch import nn

from zooctl.catalog.card_text import with_weights
from zooctl.catalog.new_card import card_text, fields_from_recipe
from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.inference.adopt.networks.builder import opset_of
from zooctl.inference.device.session import Session, run_graph
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest, tensor_digest, write_manifest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import loads, parse
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.sampling import tile
from zooctl.training.data.windows import split_regions, variant_cores
from zooctl.training.export.export import (
    check_parity,
    export,
    graph_inputs,
    other_inputs,
    probe_bytes,
    probe_windows,
    torch_outputs,
    torch_predictions,
    trained_network,
)
from zooctl.training.export.on_trunk import INPUT
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
    if other_inputs(recipe):
        probe, difference = _probe_of_all_inputs(recipe, dataset, net, exported.onnx)
    else:
        probe, difference = _sequence_probe(recipe, dataset, net, exported.onnx)
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


def _sequence_probe(
    recipe: Recipe, dataset: Dataset, net: nn.Module, graph: bytes
) -> tuple[bytes, float]:
    """Return the probe of a network of sequence alone, and torch's largest difference from it."""
    session = Session(
        graph,
        geometry=recipe.window.geometry,
        n_tracks=len(recipe.targets),
        unknown_base=recipe.unknown_base,
        device="cpu",
        threads=recipe.threads,
    )
    inputs = _probe(recipe, dataset)
    expected = session.predict(inputs)
    if dataset.trunk is None:
        found = torch_predictions(net, inputs, recipe.unknown_base)
    else:
        found = torch_outputs(net, {INPUT: dataset.trunk.raw(inputs)})
    difference = check_parity(found, expected)
    return probe_bytes(inputs, expected), difference


def _probe_of_all_inputs(
    recipe: Recipe, dataset: Dataset, net: nn.Module, graph: bytes
) -> tuple[bytes, float]:
    """Return the probe of a network with other inputs, and torch's largest difference from it.

    Its windows are those that training would cut from the test split, from all samples or variants:
    the other inputs are measured, so there are no synthetic edge cases.
    """
    batch = _probe_batch(recipe, dataset)
    inputs = graph_inputs(batch, recipe.unknown_base)
    expected = run_graph(graph, inputs)
    # Relative to the largest value of all windows: an effect is a difference and may be near 0.
    whole = (1, len(recipe.targets), -1)
    difference = check_parity(torch_outputs(net, inputs).reshape(whole), expected.reshape(whole))
    others = {name: array for name, array in inputs.items() if name != INPUT}
    return probe_bytes(batch.codes, expected, others), difference


def _probe_batch(recipe: Recipe, dataset: Dataset) -> TrainingBatch:
    """Return up to 128 windows of the test split, drawn by the run's seed."""
    rng = np.random.Generator(np.random.PCG64(recipe.seed))
    regions, geometry = split_regions(recipe.split.test, dataset), dataset.geometry
    if dataset.variants is None:
        places = tile(dataset, regions, geometry.core_length)
    else:
        places = variant_cores(dataset.variants, geometry, regions, margin=0)
    if not len(places):
        raise InputError("no window for the probe", field="split.test")
    places = places.take(np.sort(rng.permutation(len(places))[:128]))
    names = [places.chroms[i] for i in places.chrom]
    samples = np.arange(len(places)) % dataset.n_samples
    return dataset.batch(names, places.start - geometry.input_flank, samples, places.variant)


def _probe(recipe: Recipe, dataset: Dataset) -> np.ndarray:
    """Return windows of the test split, among them peaks of the first track."""
    geometry = recipe.window.geometry
    regions = split_regions(recipe.split.test, dataset)
    peaks = {}
    for chrom, start, end in regions:
        first, last = start + geometry.input_length, end - geometry.input_length
        n_cores = (last - first) // geometry.core_length
        signal = dataset.target[chrom][0, first : first + n_cores * geometry.core_length]
        highest = signal.reshape(n_cores, geometry.core_length).max(axis=1).argsort()[::-1][:256]
        peaks[chrom] = first + highest * geometry.core_length + geometry.core_length // 2
    codes = {chrom: dataset.codes[chrom] for chrom in peaks}
    return probe_windows(codes, peaks, regions, geometry.input_length, recipe.seed)


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
