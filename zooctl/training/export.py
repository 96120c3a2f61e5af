"""From trained weights to what a zoo entry ships: ONNX, safetensors and the probe."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from safetensors.numpy import save as save_numpy
from safetensors.torch import save
from torch import nn

from zooctl.catalog.recipe import Recipe
from zooctl.errors import VerificationError
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Integers, gather
from zooctl.training.dataset import Dataset
from zooctl.training.feed import onehot
from zooctl.training.fit import new_network, weights_of
from zooctl.training.nets.control import with_constant_control
from zooctl.training.nets.network import Finished, Network
from zooctl.training.selection import split_regions

# Old enough for runtimes in the field, new enough for what the exporter writes.
OPSET = 20
INPUT, OUTPUT = "sequence", "tracks"


@dataclass(frozen=True)
class Exported:
    """Bytes of the files of an entry."""

    onnx: bytes
    safetensors: bytes


def trained_network(
    recipe: Recipe, dataset: Dataset, weights: dict[str, torch.Tensor]
) -> nn.Module:
    """The network with these weights, to evaluate: from sequence alone to the unit of the card.

    A control is fixed to its mean over the training regions: prediction asks what the sequence
    does where nothing is known about the background.
    """
    trained = new_network(recipe, dataset)
    assert isinstance(trained, Network)
    trained.load_state_dict(weights)
    net: nn.Module = Finished(trained)
    control = dataset.mean(dataset.control, split_regions(recipe.split.train, dataset))
    if len(control):
        net = with_constant_control(net, torch.from_numpy(control))
    return net.eval()


def to_onnx(net: nn.Module, input_length: int) -> bytes:
    """Export a network as one self-contained ONNX graph.

    The graph takes ``sequence``, one-hot ``(batch, 4, input_length)`` float32, and gives
    ``tracks``, ``(batch, n_tracks, n_bins)`` float32; the batch is free.
    """
    example = torch.zeros(2, 4, input_length)
    with warnings.catch_warnings():
        # The exporter warns of its own deprecations.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            net,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_origin(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes of source files: paths of one machine, not the model."""
    graph = model.graph
    for part in [
        model,
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
        *model.functions,
    ]:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.name = "zooctl"


def export(net: nn.Module, input_length: int) -> Exported:
    """Both forms of the weights."""
    return Exported(to_onnx(net, input_length), save(weights_of(net)))


def torch_predictions(net: nn.Module, codes: Codes, unknown_base: float) -> np.ndarray:
    """Predictions ``(n, n_tracks, n_bins)`` of windows of codes ``(n, input_length)``."""
    parts = []
    for first in range(0, len(codes), 64):
        with torch.inference_mode():
            parts.append(net(onehot(codes[first : first + 64], unknown_base)).numpy())
    return np.concatenate(parts)


def check_parity(expected: np.ndarray, got: np.ndarray, tolerance: float = 1e-5) -> float:
    """Largest difference of two predictions, relative to the largest value of each window.

    Raises:
        VerificationError: It is above ``tolerance``.
    """
    scale = np.abs(expected).max(axis=(1, 2), keepdims=True)
    difference = float((np.abs(expected - got) / np.maximum(scale, 1e-12)).max())
    if not difference <= tolerance:
        raise VerificationError(
            "torch and onnxruntime disagree",
            got=f"{difference:.1e}",
            expected=f"<= {tolerance:.0e}",
        )
    return difference


def probe_windows(
    codes: dict[str, Codes],
    peaks: dict[str, Integers],
    regions: tuple[Interval, ...],
    input_length: int,
    seed: int,
) -> Codes:
    """Windows that any machine can check a model on, without a genome: ``(512, input_length)``.

    256 random windows of the test regions, 128 on the given peaks, 64 extreme in GC, and 64 edge
    cases: contig ends, runs of N, one base throughout, reverse complements.

    Args:
        codes: Genome codes of the contigs of ``regions``.
        peaks: Centres of peaks in those regions, by contig.
        regions: Test regions.
        input_length: Bases of a window.
        seed: Seed of the draw.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    pool = np.concatenate(
        [
            gather(
                codes[chrom],
                rng.integers(start, end - input_length, 4096 // len(regions)),
                input_length,
            )
            for chrom, start, end in regions
        ]
    )
    pool = pool[(pool == N).mean(axis=1) < 0.1]
    gc = ((pool == 1) | (pool == 2)).mean(axis=1).argsort()
    on_peaks = np.concatenate(
        [
            gather(codes[chrom], rng.permutation(centres)[:128] - input_length // 2, input_length)
            for chrom, centres in peaks.items()
        ]
    )[:128]
    parts = [pool[:256], on_peaks, pool[gc[:32]], pool[gc[-32:]]]
    rest = 512 - sum(len(part) for part in parts)
    return np.concatenate([*parts, _edge_cases(codes, pool, regions, input_length, rng, rest)])


def _edge_cases(
    codes: dict[str, Codes],
    pool: Codes,
    regions: tuple[Interval, ...],
    input_length: int,
    rng: np.random.Generator,
    count: int,
) -> Codes:
    """``count`` windows at contig ends, with runs of N, of one base, and reverse complements."""
    chrom = regions[0].chrom
    length = len(codes[chrom])
    overhang = np.linspace(-input_length + 1, -1, 8).astype(np.int64)
    ends = np.concatenate([overhang, length + overhang])
    one_base = np.repeat(np.arange(5, dtype=np.uint8)[:, None], input_length, axis=1)
    masked = pool[256 : 256 + 20].copy()
    for window in masked:
        first = rng.integers(0, input_length)
        window[first : first + int(rng.integers(1, input_length // 2))] = N
    fixed = np.concatenate([gather(codes[chrom], ends, input_length), one_base, masked])
    return np.concatenate([fixed, reverse_complement(pool)])[:count]


def probe_bytes(inputs: Codes, expected: np.ndarray) -> bytes:
    """The probe file: ``inputs`` uint8 codes and ``expected`` float32 predictions."""
    # safetensors writes the buffer as it lies, whatever the strides say.
    return bytes(
        save_numpy(
            {
                "inputs": np.ascontiguousarray(inputs),
                "expected": np.ascontiguousarray(expected, dtype=np.float32),
            }
        )
    )
