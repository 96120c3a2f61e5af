"""BPNet and ChromBPNet, of bpnet-lite's state dicts and ChromBPNet's own HDF5.

Avsec et al. 2021 (doi:10.1038/s41588-021-00782-6); Pampari et al. 2025 (ChromBPNet,
doi:10.1101/2024.12.25.630221); Schreiber's bpnet-lite 1.1. A wide convolution, dilated ones that
are added to what they read, a wide one for the profile, and a mean over positions for the counts.
Control tracks are read as zeros, as bpnet-lite's wrapper gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import Tensors, Weights
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

# Positions beside the profile that the mean of the counts includes, on each side.
_COUNTS_BESIDE = 37


class BpnetForm(NamedTuple):
    """A form of the network.

    Attributes:
        activated: Whether a convolution is added to what was activated before (bpnet-lite's BPNet),
            or to what was not (BasePairNet, as basepairmodels has it).
        empty_control: log of the control's counts where the control is empty.
    """

    activated: bool
    empty_control: float


FORMS: Mapping[str, BpnetForm] = {
    "BPNet": BpnetForm(True, 0.0),
    "BasePairNet": BpnetForm(False, float(np.log(2))),
}
"""Name of bpnet-lite's class to the form of its network."""

_BPNET = "Avsec et al. 2021, doi:10.1038/s41588-021-00782-6"
_CHROMBPNET = "Pampari et al. 2025, doi:10.1101/2024.12.25.630221"
_FACTS: Mapping[str, Any] = {
    "intended_use": "Predicts the reads of an assay at each base of a window from its sequence, "
    "and how a variant changes their number and their places.",
    "limits": ["Of one experiment; says nothing of other cells or assays."],
}


def _counted(weights: Weights, pattern: str) -> int:
    n = 0
    while pattern.format(n) in weights.tensors:
        n += 1
    return n


def reach(weights: Weights, head: str = "") -> int:
    """Return the positions on each side that a network reads beside one of its profile."""
    layers = _counted(weights, f"{head}rconvs.{{}}.weight")
    wide = sum(weights.shape(f"{head}{name}.weight")[2] // 2 for name in ("iconv", "fconv"))
    return int(wide + 2 ** (layers + 1) - 2)


def add_bpnet(
    builder: GraphBuilder,
    weights: Weights,
    length: int,
    trimming: int,
    form: BpnetForm,
    head: str = "",
) -> ProfileAndCounts:
    """Add one network of bpnet-lite's names.

    Args:
        builder: The graph; unpadded only if ``trimming`` is at least the network's reach.
        weights: State dict.
        length: Bases that it reads.
        trimming: Positions taken off each side.
        form: The network's form.
        head: Beginning of its tensors' names.
    """
    layers = _counted(weights, f"{head}rconvs.{{}}.weight")
    x = _conv(builder, weights, f"{head}iconv", Value(INPUT))
    if form.activated:
        x = builder.each("Relu", x)
    for number in range(layers):
        read = x if form.activated else builder.each("Relu", x)
        made = _conv(builder, weights, f"{head}rconvs.{number}", read, 2 ** (number + 1))
        x = builder.join("Add", x, builder.each("Relu", made) if form.activated else made)
    if not form.activated:
        x = builder.each("Relu", x)
    filters = weights.shape(f"{head}iconv.weight")[0]
    profile = _conv(builder, weights, f"{head}fconv", x, channels=filters)
    logits = builder.crop(profile, trimming)
    seen = builder.crop(x, max(trimming - _COUNTS_BESIDE, 0))
    mean = builder.each("ReduceMean", seen, builder.constant(np.array([2])), keepdims=0)
    outputs, wide = weights.shape(f"{head}linear.weight")
    kernel = builder.weight(f"{head}linear.weight", (outputs, wide))
    if wide > filters:
        control = np.full((1, wide - filters), form.empty_control, np.float32)
        kernel, beside = (
            _columns(builder, kernel, *ends) for ends in ((0, filters), (filters, wide))
        )
        offset = builder.add("MatMul", beside, builder.constant(control.T))
        row = builder.add("Reshape", offset, builder.constant(np.array([1, -1])))
    counts = builder.each("MatMul", mean, builder.add("Transpose", kernel, perm=[1, 0]))
    if wide > filters:
        counts = builder.each("Add", counts, row)
    if f"{head}linear.bias" in weights.tensors:
        counts = builder.each("Add", counts, builder.weight(f"{head}linear.bias", (outputs,)))
    channels = weights.shape(f"{head}fconv.weight")[0]
    return ProfileAndCounts(logits, counts, (channels,), length - 2 * trimming)


def _columns(builder: GraphBuilder, matrix: str, first: int, last: int) -> str:
    ends = (builder.constant(np.array([end])) for end in (first, last, 1))
    return builder.add("Slice", matrix, *ends)


def _conv(
    builder: GraphBuilder,
    weights: Weights,
    name: str,
    x: Value,
    dilation: int = 1,
    channels: int | None = None,
) -> Value:
    """Add a convolution; of more input channels than there are, the rest are zero controls."""
    shape = weights.shape(f"{name}.weight")
    kernel = builder.weight(f"{name}.weight", shape)
    if channels is not None and shape[1] > channels:
        kernel = _columns(builder, kernel, 0, channels)
    bias = f"{name}.bias"
    own = builder.weight(bias, (shape[0],)) if bias in weights.tensors else None
    return builder.conv(x, kernel, own, width=shape[2], dilation=dilation)


def convert_bpnet(
    weights: Weights,
    *,
    head: Head = "coverage",
    output_length: int = 1_000,
    trimming: int | None = None,
    form: str = "BPNet",
) -> Converted:
    """Convert a BPNet of bpnet-lite.

    Args:
        weights: State dict of its class ``BPNet`` or ``BasePairNet``.
        head: Kind of the tracks.
        output_length: bp predicted.
        trimming: bp taken off each side; the class's default otherwise.
        form: A key of ``FORMS``.

    Raises:
        InputError: It lacks a tensor.
    """
    layers = _counted(weights, "rconvs.{}.weight")
    if trimming is None:
        trimming = 47 + 2 ** (layers + 1) - 2 if form == "BPNet" else 2**layers
    length = output_length + 2 * trimming
    builder = GraphBuilder(unpadded=trimming >= reach(weights))
    outputs = add_bpnet(builder, weights, length, trimming, FORMS[form])
    filters = weights.shape("iconv.weight")[0]
    controls = weights.shape("fconv.weight")[1] - filters
    facts = dict(_FACTS, title=f"BPNet of {filters} filters and {layers} layers", citation=_BPNET)
    if controls:
        facts["limits"] = [
            *_FACTS["limits"],
            f"Was trained with {controls} control tracks, which are read as zeros here.",
        ]
    return _converted(builder, outputs, weights, length, head, facts)


def convert_chrombpnet(
    weights: Weights,
    *,
    head: Head = "coverage",
    output_length: int = 1_000,
    with_bias: bool = False,
) -> Converted:
    """Convert a ChromBPNet: the bias of the enzyme taken out, or left in.

    Args:
        weights: State dict of bpnet-lite's class ``ChromBPNet``, or of its accessibility model
            alone; or ChromBPNet's own HDF5, without its bias.
        head: Kind of the tracks.
        output_length: bp predicted.
        with_bias: Add the bias model's logits and counts, as the measured reads have them.

    Raises:
        InputError: It lacks a tensor, or the bias model reads less than the other.
    """
    if any(name.startswith("model_weights/") for name in weights.tensors):
        weights = weights.renamed(_from_keras(weights))
    head_of = "accessibility." if "accessibility.iconv.weight" in weights.tensors else ""
    trimming = reach(weights, head_of)
    length = output_length + 2 * trimming
    builder = GraphBuilder(unpadded=True)
    outputs = add_bpnet(builder, weights, length, trimming, FORMS["BPNet"], head_of)
    if with_bias:
        outputs = _with_bias(builder, outputs, weights, length)
    title = f"ChromBPNet, {'with the' if with_bias else 'without its'} enzyme's bias"
    facts = dict(_FACTS, title=title, citation=_CHROMBPNET)
    if with_bias:
        facts["limits"] = [
            *_FACTS["limits"],
            "Predicts the enzyme's preference for sequence, too, which is no biology.",
        ]
    return _converted(builder, outputs, weights, length, head, facts)


def _with_bias(
    builder: GraphBuilder, outputs: ProfileAndCounts, weights: Weights, length: int
) -> ProfileAndCounts:
    """Add the bias model's logits, and its counts to the counts."""
    trimming = reach(weights, "bias.")
    bias = add_bpnet(builder, weights, length, trimming, FORMS["BPNet"], "bias.")
    beside = (bias.length - outputs.length) // 2
    if beside < 0:
        raise InputError(
            "the bias model reads farther than the accessibility model",
            path=weights.source,
            got=f"{trimming} bp",
            expected=f"at most {(length - outputs.length) // 2} bp",
        )
    logits = builder.join("Add", outputs.logits, builder.crop(bias.logits, beside))
    both = [builder.each("Exp", one.counts) for one in (outputs, bias)]
    return outputs._replace(logits=logits, counts=builder.each("Log", builder.join("Add", *both)))


def _converted(
    builder: GraphBuilder,
    outputs: ProfileAndCounts,
    weights: Weights,
    length: int,
    head: Head,
    facts: Mapping[str, Any],
) -> Converted:
    geometry = head_geometry(length, outputs.length, head)
    tracks = head_tracks(outputs.groups, head)
    graph = builder.finish(
        add_head(builder, outputs, head), len(tracks), input_length=length, n_bins=geometry.n_bins
    )
    pairs = {"strand_pairs": strand_pairs(tracks)}
    model = put_weights(graph, weights.tensors)
    return Converted(model, geometry, tracks, SCALES[head], {**facts, **pairs})


# ChromBPNet's own names of layers, behind a prefix that the whole model and its parts differ in.
_KERAS = {
    "iconv": "bpnet_1st_conv",
    "rconvs.{}": "bpnet_{}conv",
    "fconv": "{head}prof_out_precrop",
    "linear": "{head}logcount_predictions",
}


def _from_keras(weights: Weights) -> Tensors:
    """Return the tensors of ChromBPNet's HDF5 by bpnet-lite's names, in PyTorch's layout."""
    prefix = "wo_bias_" if any("wo_bias_bpnet_1st" in name for name in weights.tensors) else ""
    head = "bpnet_" if prefix else ""
    found: dict[str, np.ndarray] = {}
    number = 0
    pairs = [(ours, theirs) for ours, theirs in _KERAS.items() if "{}" not in ours]
    while (
        f"model_weights/{prefix}bpnet_{number + 1}conv/{prefix}bpnet_{number + 1}conv/kernel:0"
        in (weights.tensors)
    ):
        pairs.append((f"rconvs.{number}", f"bpnet_{number + 1}conv"))
        number += 1
    for ours, theirs in pairs:
        layer = prefix + theirs.format(head=head)
        weights.shape(f"model_weights/{layer}/{layer}/kernel:0")
        kernel = weights.tensors[f"model_weights/{layer}/{layer}/kernel:0"]
        found[f"{ours}.weight"] = np.ascontiguousarray(kernel.T)
        bias = weights.tensors.get(f"model_weights/{layer}/{layer}/bias:0")
        if bias is not None:
            found[f"{ours}.bias"] = bias
    return found
