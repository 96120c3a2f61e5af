"""Enformer and Borzoi, of the packages that hold them in PyTorch.

Enformer: Avsec et al. 2021 (doi:10.1038/s41592-021-01252-x), enformer-pytorch 0.8. Borzoi: Linder
et al. 2025 (doi:10.1038/s41588-024-02053-6), borzoi-pytorch 0.5. Convolutions and pooling to
positions of 128 bp, a transformer, and a prediction of the window's middle in bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.families.entry import Converted
from zooctl.inference.adopt.families.torch_layers import TorchLayers
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.adopt.networks.transformer import (
    add_transformer,
    central_features,
    enformer_features,
)
from zooctl.sequence.windows import Geometry

_ENFORMER_BINS, _BORZOI_BINS = 896, 6_144
_BORZOI_POSITIONS = 4_096
_BORZOI_UNCROPPED = 16_384 - 32
ENFORMER_EPSILON, BORZOI_EPSILON = 1e-5, 1e-3
ENFORMER = "Avsec et al. 2021, doi:10.1038/s41592-021-01252-x"
BORZOI = "Linder et al. 2025, doi:10.1038/s41588-024-02053-6"
# Names under which a state dict of Enformer has its parts a second time.
_TRUNK = {"stem": 1, "conv_tower": 2, "transformer": 4, "final_pointwise": 6}


class Bins(NamedTuple):
    """Bins of a network.

    Attributes:
        positions: Of its whole input.
        kept: Of its output, the middle.
    """

    positions: int
    kept: int


def convert_enformer(
    weights: Weights,
    *,
    organism: str = "human",
    input_length: int = 196_608,
    n_bins: int | None = None,
    only: Sequence[int] | None = None,
) -> Converted:
    """Convert an Enformer of enformer-pytorch.

    Args:
        weights: Its state dict, or ``model.safetensors`` with ``config.json`` beside it.
        organism: Head, as ``human`` or ``mouse``.
        input_length: Bases that it reads.
        n_bins: Bins of its output; by default as its configuration says.
        only: Tracks to keep, counted from 0; all by default.

    Raises:
        InputError: It lacks a tensor, or the lengths do not fit.
    """
    weights = weights.renamed(_without_trunk(weights))
    parts = TorchLayers(GraphBuilder(), weights, ENFORMER_EPSILON)
    if n_bins is None:
        n_bins = int(weights.values.get("target_length", _ENFORMER_BINS))
    original = bool(weights.values.get("use_tf_gamma"))
    x, bins = enformer_trunk(parts, input_length, n_bins, by_distance=original)
    facts = {
        "title": f"Enformer, tracks of {organism}",
        "citation": ENFORMER,
    }
    head = f"_heads.{organism}.0"
    return _finish(parts, head, x, organism, input_length, bins, only, facts)


def enformer_trunk(
    parts: TorchLayers, input_length: int, n_bins: int, *, by_distance: bool
) -> tuple[Value, Bins]:
    """Add an Enformer to its last activation.

    Args:
        parts: Of its names in enformer-pytorch.
        input_length: Bases that it reads.
        n_bins: Bins of its middle that are kept; below 0 for all.
        by_distance: Form of its features (see ``enformer_features``).

    Returns:
        ``(batch, channels, bins)``, and the bins.

    Raises:
        InputError: It lacks a tensor, or the lengths do not fit.
    """
    builder, weights = parts.builder, parts.weights
    x = parts.conv("stem.0", Value(INPUT))
    x = builder.join("Add", x, _enformer_block(parts, "stem.1.fn", x))
    x, length = _attention_pool(parts, "stem.2", x, input_length)
    number = 0
    while f"conv_tower.{number}.0.0.weight" in weights.tensors:
        x = _enformer_block(parts, f"conv_tower.{number}.0", x)
        x = builder.join("Add", x, _enformer_block(parts, f"conv_tower.{number}.1.fn", x))
        x, length = _attention_pool(parts, f"conv_tower.{number}.2", x, length)
        number += 1
    n_features = weights.shape("transformer.0.0.fn.1.to_rel_k.weight")[1]
    features = enformer_features(length, n_features, by_distance=by_distance)
    x = add_transformer(builder, weights.tensors, parts.turn(x), features, epsilon=ENFORMER_EPSILON)
    x, kept = _middle(parts, parts.turn(x), length, n_bins)
    x = gelu(builder, _enformer_block(parts, "final_pointwise.1", x))
    return x, Bins(length, kept)


def _without_trunk(weights: Weights) -> dict[str, Any]:
    """Return the tensors without the names that they have a second time."""
    found = {}
    for name, values in weights.tensors.items():
        for part, number in _TRUNK.items():
            name = (
                name.replace(f"_trunk.{number}.", f"{part}.", 1)
                if name.startswith("_trunk.")
                else name
            )
        found[name] = values
    return found


def gelu(builder: GraphBuilder, x: Value) -> Value:
    """Add Enformer's activation, x * sigmoid(1.702 x)."""
    scaled = builder.each("Mul", x, builder.constant(np.float32(1.702)))
    return builder.join("Mul", builder.each("Sigmoid", scaled), x)


def _enformer_block(parts: TorchLayers, name: str, x: Value) -> Value:
    return parts.conv(f"{name}.2", gelu(parts.builder, parts.norm(f"{name}.0", x)))


def _attention_pool(parts: TorchLayers, name: str, x: Value, length: int) -> tuple[Value, int]:
    """Return means of two neighbours, weighted by a softmax of a convolution, and their number."""
    if length % 2:
        raise InputError(
            "the input has no whole number of positions", got=length, expected="an even number"
        )
    builder, half = parts.builder, length // 2
    n, _, *_ = shape = parts.weights.shape(f"{name}.to_attn_logits.weight")
    matrix = builder.weight(f"{name}.to_attn_logits.weight", shape)
    kernel = builder.add("Squeeze", matrix, builder.constant(np.array([3])))
    logits = builder.conv(x, kernel, None, width=1)
    pairs = builder.constant(np.array([0, n, half, 2]))
    shares = builder.each("Softmax", builder.each("Reshape", logits, pairs), axis=3)
    product = builder.join("Mul", builder.each("Reshape", x, pairs), shares)
    last = builder.constant(np.array([3]))
    return builder.each("ReduceSum", product, last, keepdims=0), half


def _middle(parts: TorchLayers, x: Value, length: int, n_bins: int) -> tuple[Value, int]:
    """Return the middle of the positions, and their number."""
    if n_bins < 0:
        return x, length
    if length < n_bins:
        raise InputError(
            "fewer positions than bins of the output",
            path=parts.weights.source,
            got=f"{length:,} positions",
            expected=f"at least {n_bins:,}",
        )
    beside = (length - n_bins + 1) // 2
    return parts.builder.crop(x, beside), length - 2 * beside


def convert_borzoi(
    weights: Weights,
    *,
    organism: str = "human",
    input_length: int = 524_288,
    n_bins: int | None = None,
    only: Sequence[int] | None = None,
) -> Converted:
    """Convert a Borzoi of borzoi-pytorch; its form with flash attention is not known.

    Args:
        weights: Its state dict, or ``model.safetensors`` with ``config.json`` beside it.
        organism: Head, ``human`` or ``mouse``.
        input_length: Bases that it reads.
        n_bins: Bins of its output; by default as its configuration says.
        only: Tracks to keep, counted from 0; all by default.

    Raises:
        InputError: It lacks a tensor, has flash attention, or the lengths do not fit.
    """
    config = weights.values
    if config.get("flashed") or any(".mha." in name for name in weights.tensors):
        raise InputError(
            "a Borzoi with flash attention", path=weights.source, expected="one without"
        )
    parts = TorchLayers(GraphBuilder(), weights, BORZOI_EPSILON)
    if n_bins is None:
        centre = config.get("return_center_bins_only", True)
        n_bins = int(config.get("bins_to_return", _BORZOI_BINS)) if centre else _BORZOI_UNCROPPED
    x, bins = borzoi_trunk(parts, input_length, n_bins, n_trained=_BORZOI_POSITIONS)
    facts = {
        "title": f"Borzoi, tracks of {organism}",
        "citation": BORZOI,
        "limits": [
            "Coverage on the squashed scale of its training (0.01 times the reads, to the power of "
            "3/4, softly clipped above 384)."
        ],
    }
    return _finish(parts, f"{organism}_head", x, organism, input_length, bins, only, facts)


def borzoi_trunk(
    parts: TorchLayers, input_length: int, n_bins: int, *, n_trained: int
) -> tuple[Value, Bins]:
    """Add a Borzoi to its last activation.

    Args:
        parts: Of its names in borzoi-pytorch.
        input_length: Bases that it reads.
        n_bins: Bins of its middle that are kept; below 0 for all.
        n_trained: Positions that the widths of its features grow up to.

    Returns:
        ``(batch, channels, bins)``, and the bins.

    Raises:
        InputError: It lacks a tensor, or the lengths do not fit.
    """
    builder, weights = parts.builder, parts.weights
    x = parts.pool(parts.conv("conv_dna.conv_layer", Value(INPUT)))
    for number in (0, 2, 4, 6):
        x = parts.pool(_borzoi_block(parts, f"res_tower.{number}", x))
    fine = _borzoi_block(parts, "res_tower.8", x)
    coarse = _borzoi_block(parts, "unet1.1", parts.pool(fine))
    length = input_length // 128
    if input_length % 128 or not length:
        raise InputError(
            "the input has no whole number of positions",
            got=input_length,
            expected="a multiple of 128",
        )
    n_features = weights.shape("transformer.0.0.fn.1.to_rel_k.weight")[1]
    features = central_features(length, n_features, n_trained)
    x = parts.turn(parts.pool(coarse))
    x = add_transformer(builder, weights.tensors, x, features, epsilon=BORZOI_EPSILON)
    x = parts.turn(x)
    for number, skip in ((1, coarse), (0, fine)):
        x = _twice(parts, _borzoi_block(parts, f"upsampling_unet{number}.0", x))
        x = builder.join("Add", x, _borzoi_block(parts, f"horizontal_conv{number}", skip))
        channels = weights.shape(f"separable{number}.conv_layer.0.weight")[0]
        x = parts.conv(f"separable{number}.conv_layer.0", x, group=channels)
        x = parts.conv(f"separable{number}.conv_layer.1", x)
    x, kept = _middle(parts, x, 4 * length, n_bins)
    x = builder.each("Gelu", _borzoi_block(parts, "final_joined_convs.0", x), approximate="tanh")
    return x, Bins(4 * length, kept)


def _borzoi_block(parts: TorchLayers, name: str, x: Value) -> Value:
    active = parts.builder.each("Gelu", parts.norm(f"{name}.norm", x), approximate="tanh")
    return parts.conv(f"{name}.conv_layer", active)


def _twice(parts: TorchLayers, x: Value) -> Value:
    """Repeat each position."""
    scales = parts.builder.constant(np.array([1, 1, 2], np.float32))
    how = {"mode": "nearest", "nearest_mode": "floor"}
    return parts.builder.each(
        "Resize", x, "", scales, coordinate_transformation_mode="asymmetric", **how
    )


def _finish(
    parts: TorchLayers,
    head: str,
    x: Value,
    organism: str,
    input_length: int,
    bins: Bins,
    only: Sequence[int] | None,
    facts: dict[str, Any],
) -> Converted:
    """Add the head, and return the graph with its window."""
    builder, weights = parts.builder, parts.weights
    shape = weights.shape(f"{head}.weight")
    chosen = list(range(shape[0])) if only is None else list(only)
    if not chosen or min(chosen) < 0 or max(chosen) >= shape[0]:
        raise InputError(
            "no such track", got=max(chosen, default=None), expected=f"0 to {shape[0] - 1}"
        )
    kernel = builder.weight(f"{head}.weight", shape)
    if len(shape) == 2:
        kernel = builder.add("Unsqueeze", kernel, builder.constant(np.array([2])))
    bias = builder.weight(f"{head}.bias", shape[:1])
    if only is not None:
        rows = builder.constant(np.array(chosen))
        kernel, bias = (builder.add("Gather", one, rows, axis=0) for one in (kernel, bias))
    output = builder.each("Softplus", builder.conv(x, kernel, bias, width=1))
    graph = builder.finish(output, len(chosen), input_length=input_length, n_bins=bins.kept)
    bin_size = input_length // bins.positions
    geometry = Geometry(input_length, bins.kept * bin_size, bin_size, bins.kept * bin_size)
    tracks: list[dict[str, str | None]] = [
        {"name": f"{organism}_{n}", "strand": "."} for n in chosen
    ]
    known = {
        "intended_use": "Predicts tracks of many assays from long sequence, "
        "and how a variant changes them.",
        **facts,
    }
    return Converted(put_weights(graph, weights.tensors), geometry, tracks, "signal", known)
