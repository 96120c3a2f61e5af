"""Cherimoya, of its own checkpoints: sizes and weights in one file.

Schreiber's cherimoya 0.3: a wide convolution, then blocks of a depthwise convolution of three
dilated taps, a normalisation over all positions and channels of the window, and two dense layers
whose result is added to what the block read; profile and counts as BPNet has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.families.entry import Converted
from zooctl.inference.adopt.families.heads import (
    SCALES,
    Head,
    ProfileAndCounts,
    add_head,
    head_geometry,
    head_tracks,
    strand_pairs,
)
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value

_EPSILON = 1e-3
_STATE = "state_dict."
_EXPERIMENT = re.compile(r"ENCSR[0-9]{3}[A-Z]{3}")
_FOLD = re.compile(r"fold[_-]?([0-9]+)")

# Chromosomes of the first fold, as the configuration published with CATv1 names them; those of the
# other folds are not in it.
_CATV1_VALIDATION, _CATV1_TEST = ("chr8", "chr20"), ("chr1", "chr3", "chr6")
_HG38 = tuple(f"chr{one}" for one in (*range(1, 23), "X", "Y"))


def convert_cherimoya(
    weights: Weights, *, head: Head = "coverage", output_length: int = 1_000
) -> Converted:
    """Convert a Cherimoya; what its address says of experiment and fold goes on the card.

    Args:
        weights: As ``Cherimoya.save`` writes them.
        head: Kind of the tracks.
        output_length: bp predicted.

    Raises:
        InputError: It is no checkpoint of Cherimoya, or lacks a tensor.
    """
    config = weights.values.get("config")
    if not isinstance(config, dict) or not {"n_layers", "trimming"} <= config.keys():
        raise InputError(
            "not a checkpoint of Cherimoya", path=weights.source, expected="config and state_dict"
        )
    own = weights.renamed({n.removeprefix(_STATE): v for n, v in weights.tensors.items()})
    length = output_length + 2 * int(config["trimming"])
    builder = GraphBuilder()
    outputs = _network(builder, own, config, length)
    geometry = head_geometry(length, output_length, head)
    tracks = head_tracks(outputs.groups, head)
    graph = builder.finish(
        add_head(builder, outputs, head), len(tracks), input_length=length, n_bins=geometry.n_bins
    )
    facts = {**_facts(weights, config), "strand_pairs": strand_pairs(tracks)}
    return Converted(put_weights(graph, own.tensors), geometry, tracks, SCALES[head], facts)


def _network(
    builder: GraphBuilder, weights: Weights, config: Mapping[str, Any], length: int
) -> ProfileAndCounts:
    filters = weights.shape("iconv.weight")[0]
    first = _wide(builder, weights, "iconv", Value(INPUT))
    x = builder.each("Gelu", first, approximate="tanh")
    for number in range(int(config["n_layers"])):
        x = _block(builder, weights, number, filters, float(config["residual_scale"]), x)
    trimming = int(config["trimming"])
    logits = builder.crop(_wide(builder, weights, "fconv", x, filters), trimming)
    seen = builder.crop(x, trimming)
    mean = builder.each("ReduceMean", seen, builder.constant(np.array([2])), keepdims=0)
    groups, wide = weights.shape("linear.weight")
    kernel = builder.weight("linear.weight", (groups, wide))
    if wide > filters:  # log(1 + 0) of an empty control is 0
        kernel = _columns(builder, kernel, filters)
    turned = builder.add("Transpose", kernel, perm=[1, 0])
    product = builder.each("MatMul", mean, turned)
    counts = builder.each("Add", product, builder.weight("linear.bias", (groups,)))
    widths = tuple(int(one) for one in config["signal_groups"])
    return ProfileAndCounts(logits, counts, widths, length - 2 * trimming)


def _columns(builder: GraphBuilder, matrix: str, n: int) -> str:
    return builder.add("Slice", matrix, *(builder.constant(np.array([end])) for end in (0, n, 1)))


def _wide(
    builder: GraphBuilder, weights: Weights, name: str, x: Value, channels: int | None = None
) -> Value:
    """Add a convolution along positions; of more input channels, the rest are zero controls."""
    shape = weights.shape(f"{name}.weight")
    kernel = builder.weight(f"{name}.weight", shape)
    if channels is not None and shape[1] > channels:
        kernel = _columns(builder, kernel, channels)
    return builder.conv(x, kernel, builder.weight(f"{name}.bias", shape[:1]), width=shape[2])


def _block(
    builder: GraphBuilder, weights: Weights, number: int, filters: int, scale: float, x: Value
) -> Value:
    """Add a block to what it reads."""
    name = f"blocks.{number}"
    taps = builder.add(
        "Transpose", builder.weight(f"{name}.conv_weight", (3, filters)), perm=[1, 0]
    )
    kernel = builder.add("Unsqueeze", taps, builder.constant(np.array([1])))
    y = builder.conv(x, kernel, None, width=3, dilation=2**number, group=filters)
    y = _normalised(builder, y)
    for layer, op in (("linear1", "Gelu"), ("linear2", None)):
        shape = weights.shape(f"{name}.{layer}.weight")
        matrix = builder.weight(f"{name}.{layer}.weight", shape)
        pointwise = builder.add("Unsqueeze", matrix, builder.constant(np.array([2])))
        y = builder.conv(y, pointwise, None, width=1)
        y = builder.each(op, y, approximate="tanh") if op else y
    scaled = builder.each("Mul", y, builder.constant(np.float32(scale)))
    return builder.join("Add", x, scaled)


def _normalised(builder: GraphBuilder, x: Value) -> Value:
    """Normalise over positions and channels of a window together."""
    axes = builder.constant(np.array([1, 2]))
    centred = builder.join("Sub", x, builder.each("ReduceMean", x, axes, keepdims=1))
    square = builder.join("Mul", centred, centred)
    variance = builder.each("ReduceMean", square, axes, keepdims=1)
    sum_ = builder.each("Add", variance, builder.constant(np.float32(_EPSILON)))
    return builder.join("Div", centred, builder.each("Sqrt", sum_))


def _facts(weights: Weights, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what checkpoint and address say for the card; CATv1's have experiment and fold."""
    experiment, fold = _EXPERIMENT.search(weights.source), _FOLD.search(weights.source)
    of = f" of {experiment[0]}" if experiment else ""
    part = f", fold {fold[1]}" if fold else ""
    sizes = f"{config['n_filters']} filters and {config['n_layers']} blocks"
    facts: dict[str, Any] = {
        "title": f"Cherimoya{of}{part}: {sizes}",
        "citation": "Schreiber, cherimoya (MIT), github.com/jmschrei/cherimoya",
        "authors": ["Jacob Schreiber"],
        "intended_use": "Predicts the reads of an assay at each base of a window from its "
        "sequence, and how a variant changes their number and their places.",
        "limits": ["Of one experiment; says nothing of other cells or assays."],
    }
    if config["n_control_tracks"]:
        facts["limits"].append("Was trained with control tracks, which are read as zeros here.")
    if experiment:
        empty = ("url", "sha256", "size")
        data = {"id": "signal", "accession": experiment[0], "licence": "LicenseRef-ENCODE-open"}
        facts["training_data"] = [{**data, **dict.fromkeys(empty)}]
        facts["reasons"] = {
            f"training_data.*.{field}": "The checkpoint names the experiment alone."
            for field in empty
        }
        if fold and fold[1] == "0":
            held = (*_CATV1_VALIDATION, *_CATV1_TEST)
            facts["split"] = {
                "train": [chrom for chrom in _HG38 if chrom not in held],
                "validation": list(_CATV1_VALIDATION),
                "test": list(_CATV1_TEST),
            }
        elif fold:
            facts["reasons"]["split"] = (
                f"Fold {fold[1]} of its authors' chromosomes; the checkpoint does not list them."
            )
    return facts
