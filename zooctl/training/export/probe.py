"""The probe of a trained network: windows with its predictions, beside torch's own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from safetensors.numpy import save as save_numpy
from torch import nn

from zooctl.errors import InputError
from zooctl.inference.device.session import Session, run_graph
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes
from zooctl.sequence.variant_pairs import LONGEST
from zooctl.sequence.windows import gather
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.feed import onehot
from zooctl.training.data.sampling import Chunks, blocks, tile
from zooctl.training.data.windows import split_regions, variant_cores
from zooctl.training.export.export import (
    check_parity,
    graph_inputs,
    torch_outputs,
    torch_predictions,
)
from zooctl.training.export.on_trunk import INPUT
from zooctl.training.export.probe_windows import (
    LEAST_PAIRS,
    ProbeWindows,
    add_variants,
    probe_windows,
)

# Most windows of a probe whose other inputs take several numbers a base.
_MOST = 128


def sequence_probe(
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
    windows = _probe(recipe, dataset)
    expected = session.predict(windows.codes)
    if dataset.trunk is None:
        by_torch = torch_predictions(net, windows.codes, recipe.unknown_base)
    else:
        by_torch = torch_outputs(net, {INPUT: dataset.trunk.raw(windows.codes)})
    return probe_bytes(windows, expected), check_parity(by_torch, expected)


def probe_of_all_inputs(
    recipe: Recipe, dataset: Dataset, net: nn.Module, graph: bytes
) -> tuple[bytes, float]:
    """Return the probe of a network with other inputs, and torch's largest difference from it.

    Its windows are those that training would cut from the test split, from all samples or variants:
    the other inputs are measured, so there are no synthetic edge cases. Both alleles of a pair have
    the measurements of the reference; windows of variants, which hold both, have no pairs.
    """
    batch, longer = _probe_batch(recipe, dataset)
    windows = ProbeWindows(batch.codes, np.empty((0, 2), np.int32))
    inputs = graph_inputs(batch, recipe.unknown_base)
    if batch.alternative is None:
        rows = np.arange(len(longer))[: max(LEAST_PAIRS, len(longer) // 8)]
        windows = add_variants(batch.codes, rows, longer[rows], dataset.geometry, recipe.seed)
        own = np.concatenate([np.arange(len(batch.codes)), windows.pairs[:, 0]])
        inputs = {name: array[own] for name, array in inputs.items()}
        inputs[INPUT] = onehot(windows.codes, recipe.unknown_base).numpy()
    expected = run_graph(graph, inputs)
    # Relative to the largest value of all windows: an effect is a difference and may be near 0.
    whole = (1, len(recipe.targets), -1)
    difference = check_parity(torch_outputs(net, inputs).reshape(whole), expected.reshape(whole))
    others = {name: array for name, array in inputs.items() if name != INPUT}
    return probe_bytes(windows, expected, others), difference


def _probe_batch(recipe: Recipe, dataset: Dataset) -> tuple[TrainingBatch, Codes]:
    """Return up to 128 windows of the test split, drawn by the run's seed, and longer ones.

    The first half are those of the highest targets, in any sample. The longer windows have
    ``LONGEST`` more bases on the right.
    """
    rng = np.random.Generator(np.random.PCG64(recipe.seed))
    regions, geometry = split_regions(recipe.split.test, dataset), dataset.geometry
    if dataset.variants is None:
        places = tile(dataset, regions, geometry.core_length)
    else:
        places = variant_cores(dataset.variants, geometry, regions, margin=0)
    if not len(places):
        raise InputError("no window for the probe", field="split.test")
    drawn = rng.permutation(len(places))
    if dataset.variants is None:
        drawn = drawn[np.argsort(-_heights(dataset, places)[drawn], kind="stable")]
        drawn = np.concatenate([drawn[: _MOST // 2], rng.permutation(drawn[_MOST // 2 :])])
    places = places.take(drawn[:_MOST])
    names = [places.chroms[i] for i in places.chrom]
    samples = np.arange(len(places)) % dataset.n_samples
    starts = places.start - geometry.input_flank
    longer = [
        gather(dataset.codes[name], starts[row : row + 1], geometry.input_length + LONGEST)
        for row, name in enumerate(names)
    ]
    return dataset.batch(names, starts, samples, places.variant), np.concatenate(longer)


def _heights(dataset: Dataset, places: Chunks) -> np.ndarray:
    """Return the highest known target of each place in any sample, ``(n,)``; 0 for none."""
    heights = np.zeros(len(places), np.float32)
    for rows, chrom, starts in blocks(places):
        heights[rows] = np.nan_to_num(dataset.targets(chrom, starts), nan=0.0).max(axis=(1, 2))
    return heights


def _probe(recipe: Recipe, dataset: Dataset) -> ProbeWindows:
    """Return windows of the test split, among them peaks of the first track, and pairs."""
    geometry = recipe.window.geometry
    regions = split_regions(recipe.split.test, dataset)
    peaks = {}
    for chrom, start, end in regions:
        first, last = start + geometry.input_length, end - geometry.input_length
        n_cores = (last - first) // geometry.core_length
        signal = dataset.target[chrom][0, first : first + n_cores * geometry.core_length]
        heights = signal.reshape(n_cores, -1).max(axis=1)
        highest = np.argsort(-heights, kind="stable")[: min(256, np.count_nonzero(heights > 0))]
        peaks[chrom] = first + highest * geometry.core_length + geometry.core_length // 2
    codes = {chrom: dataset.codes[chrom] for chrom in peaks}
    return probe_windows(codes, peaks, regions, geometry, recipe.seed)


def probe_bytes(
    windows: ProbeWindows, expected: np.ndarray, others: Mapping[str, np.ndarray] | None = None
) -> bytes:
    """Return a probe file: ``inputs``, ``expected`` float32, ``pairs`` if any, other inputs."""
    tensors = {**(others or {}), "inputs": windows.codes, "expected": expected.astype(np.float32)}
    if len(windows.pairs):
        tensors["pairs"] = windows.pairs
    # safetensors writes the raw buffer and ignores strides.
    return bytes(save_numpy({name: np.ascontiguousarray(t) for name, t in tensors.items()}))
