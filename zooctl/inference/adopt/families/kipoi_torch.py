"""Networks of PyTorch that Kipoi holds as code, told here as lists of layers.

Basset: Kelley et al. 2016 (doi:10.1101/gr.200535.115). DeepSEA: Zhou and Troyanskaya 2015
(doi:10.1038/nmeth.3547), whose bases are A, G, C, T, and whose ``predict`` is the mean of both
strands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value

_EPSILON = 1e-5


class KipoiNetwork(NamedTuple):
    """A network.

    Attributes:
        layers: Kinds in order; a number pools over so many positions.
        kernels: Widths of its convolutions, by which it is recognised.
        bases: Order of the channels, as indices of A, C, G, T.
        both_strands: Whether predictions of both strands are averaged.
    """

    layers: tuple[str | int, ...]
    kernels: tuple[int, ...]
    bases: tuple[int, ...] = (0, 1, 2, 3)
    both_strands: bool = False


def _basset(pools: Sequence[int]) -> tuple[str | int, ...]:
    convolved = [one for pool in pools for one in ("conv", "norm", "relu", pool)]
    return (*convolved, "flatten", *(("dense", "norm", "relu") * 2), "dense", "sigmoid")


FORMS: Mapping[str, KipoiNetwork] = {
    "Basset": KipoiNetwork(_basset((3, 4, 4)), (19, 11, 7)),
    "DeepSEA": KipoiNetwork(
        (
            *("conv", "threshold", 4, "conv", "threshold", 4, "conv", "threshold"),
            *("flatten", "dense", "threshold", "dense", "sigmoid"),
        ),
        (8, 8, 8),
        (0, 2, 1, 3),
        both_strands=True,
    ),
}
"""Name to the network; sizes are those of the weights."""


def convert_torch(weights: Weights, length: int) -> bytes:
    """Return the graph of a state dict of one of the forms, ``(batch, tracks)`` out.

    The weights' names don't matter, only their order: those of each layer stand together.

    Raises:
        InputError: Its layers are those of no form.
    """
    layers = _parameters(weights)
    widths = tuple(max(own["weight"][1][2:]) for own in layers if len(own["weight"][1]) > 2)
    form = next((form for form in FORMS.values() if form.kernels == widths), None)
    takes = 0 if form is None else sum(one in ("conv", "norm", "dense") for one in form.layers)
    if form is None or takes != len(layers):
        raise InputError(
            "not a network of PyTorch that is known",
            path=weights.source,
            got=f"{len(layers)} layers, convolutions of {', '.join(map(str, widths))} bp",
            expected=", ".join(FORMS),
        )
    builder = GraphBuilder()
    strands = [_order(builder, Value(INPUT), form.bases)]
    if form.both_strands:
        strands.append(_turned(builder, strands[0], length))
    made = [_network(builder, form, layers, strand) for strand in strands]
    output = made[0] if len(made) == 1 else builder.join("Mean", *made)
    n = layers[-1]["weight"][1][0]
    column = builder.each("Unsqueeze", output, builder.constant(np.array([2])))
    graph = builder.finish(column, n, input_length=length, n_bins=1)
    return put_weights(graph, weights.tensors)


Parameters = Mapping[str, tuple[str, tuple[int, ...]]]


def _parameters(weights: Weights) -> list[Parameters]:
    """Return the parameters of each layer by their last names, in the order of the layers."""

    def key(name: str) -> list[int | str]:
        return [int(one) if one.isdigit() else one for one in name.split(".")[:-1]]

    found: dict[str, dict[str, tuple[str, tuple[int, ...]]]] = {}
    numbered = [name for name in weights.tensors if re.search(r"\d", name) and "." in name]
    for name in sorted(numbered, key=lambda one: [str(part).zfill(6) for part in key(one)]):
        layer, _, own = name.rpartition(".")
        found.setdefault(layer, {})[own] = (name, weights.tensors[name].shape)
    return [own for own in found.values() if "weight" in own]


def _order(builder: GraphBuilder, x: Value, bases: Sequence[int]) -> Value:
    if list(bases) == sorted(bases):
        return x
    return builder.each("Gather", x, builder.constant(np.array(bases)), axis=1)


def _turned(builder: GraphBuilder, x: Value, length: int) -> Value:
    """Return the other strand; both A with T and C with G lie opposite in A, G, C, T, too."""
    bases = builder.constant(np.arange(4)[::-1].copy())
    positions = builder.constant(np.arange(length)[::-1].copy())
    return builder.each("Gather", builder.each("Gather", x, bases, axis=1), positions, axis=2)


def _network(
    builder: GraphBuilder, form: KipoiNetwork, layers: Sequence[Parameters], x: Value
) -> Value:
    left = list(layers)
    for kind in form.layers:
        if isinstance(kind, int):
            x = builder.each("MaxPool", x, kernel_shape=[kind], strides=[kind])
        elif kind == "conv":
            x = _conv(builder, x, left.pop(0))
        elif kind == "norm":
            own = left.pop(0)
            parts = [
                builder.weight(*own[name])
                for name in ("weight", "bias", "running_mean", "running_var")
            ]
            x = builder.batch_norm(x, parts, _EPSILON)
        elif kind == "dense":
            own = left.pop(0)
            kernel = builder.weight(*own["weight"], (1, 0))
            product = builder.each("MatMul", x, kernel)
            x = builder.each("Add", product, builder.weight(*own["bias"]))
        elif kind == "threshold":
            # torch.nn.Threshold(0, 1e-6): what is not above 0 becomes 1e-6.
            above = builder.add("Greater", x.name, builder.constant(np.float32(0)))
            x = Value(builder.add("Where", above, x.name, builder.constant(np.float32(1e-6))))
        else:
            op = {"relu": "Relu", "sigmoid": "Sigmoid", "flatten": "Flatten"}[kind]
            x = builder.each(op, x)
    return x


def _conv(builder: GraphBuilder, x: Value, own: Parameters) -> Value:
    """Add an unpadded convolution; one of two dimensions has one axis of size 1."""
    name, shape = own["weight"]
    kernel = builder.weight(name, shape)
    if len(shape) == 4:
        flat = 2 if shape[2] == 1 else 3
        kernel = builder.add("Squeeze", kernel, builder.constant(np.array([flat])))
    return builder.conv(x, kernel, builder.weight(*own["bias"]), width=max(shape[2:]), same=False)
