"""Layers of Keras as nodes of a graph, by the rules of its documentation.

Keras has positions before channels; the graph has channels first, so that kernels are transposed.
A two-dimensional layer of height 1 is one along positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zooctl.errors import InputError
from zooctl.inference.adopt.networks.builder import GraphBuilder, Value

# Keras' own, against division by 0.
_EPSILON = 1e-7

Config = Mapping[str, Any]
Shapes = Mapping[str, tuple[str, tuple[int, ...]]]
"""Name of a layer's own weight, as ``kernel``, to its name in the graph and its shape."""

_ACTIVATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "elu": ("Elu", {}),
    "selu": ("Selu", {}),
    "softplus": ("Softplus", {}),
    "exponential": ("Exp", {}),
    "softmax": ("Softmax", {"axis": 1}),
}


def activate(builder: GraphBuilder, x: Value, name: str, layer: str) -> Value:
    """Add an activation by Keras' name.

    Raises:
        InputError: There is none of that name.
    """
    if name == "linear":
        return x
    if name not in _ACTIVATIONS:
        expected = ", ".join(sorted(_ACTIVATIONS))
        raise InputError("activation is not known", field=layer, got=name, expected=expected)
    op, attributes = _ACTIVATIONS[name]
    return builder.each(op, x, **attributes)


def _width(values: Sequence[int], layer: str) -> int:
    """Return the size of a kernel along positions; it has no height.

    Raises:
        InputError: It has.
    """
    if len(values) == 2 and values[0] != 1:
        raise InputError("a two-dimensional layer is higher than 1", field=layer, got=values)
    return int(values[-1])


def _conv(builder: GraphBuilder, xs: Sequence[Value], config: Config, own: Shapes) -> Value:
    layer = config["name"]
    name, shape = own["kernel"]
    if len(shape) == 4:
        kernel = builder.weight(name, shape, (3, 2, 0, 1))
        kernel = builder.add("Squeeze", kernel, builder.constant(np.array([2])))
    else:
        kernel = builder.weight(name, shape, (2, 1, 0))
    bias = builder.weight(*own["bias"]) if config.get("use_bias", True) else None
    if config.get("data_format", "channels_last") != "channels_last":
        raise InputError("channels lie before positions", field=layer, got=config["data_format"])
    if config["padding"] not in ("same", "valid"):
        raise InputError("padding is not known", field=layer, got=config["padding"])
    output = builder.conv(
        xs[0],
        kernel,
        bias,
        width=_width(config["kernel_size"], layer),
        dilation=int(config.get("dilation_rate", [1])[-1]),
        stride=int(config["strides"][-1]),
        same=config["padding"] == "same",
        group=int(config.get("groups", 1)),
    )
    return activate(builder, output, config["activation"], layer)


def _batch_norm(builder: GraphBuilder, xs: Sequence[Value], config: Config, own: Shapes) -> Value:
    n = own["moving_mean"][1]
    plain = {"gamma": np.ones(n, np.float32), "beta": np.zeros(n, np.float32)}
    parts = [
        builder.weight(*own[part]) if part in own else builder.constant(plain[part])
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    return builder.batch_norm(xs[0], parts, float(config["epsilon"]))


def _pool(builder: GraphBuilder, xs: Sequence[Value], config: Config, op: str) -> Value:
    layer = config["name"]
    if config["padding"] != "valid":
        raise InputError("pooling with padding", field=layer, got=config["padding"])
    size = _width(config["pool_size"], layer)
    stride = int((config["strides"] or config["pool_size"])[-1])
    _require_whole(xs[0], layer)
    return builder.each(op, xs[0], kernel_shape=[size], strides=[stride])


def _require_whole(x: Value, layer: str) -> None:
    if x.lacks:
        raise InputError("padding is seen by what follows", field=layer)


def _dense(builder: GraphBuilder, xs: Sequence[Value], config: Config, own: Shapes) -> Value:
    product = builder.each("MatMul", xs[0], builder.weight(*own["kernel"]))
    if config.get("use_bias", True):
        product = builder.each("Add", product, builder.weight(*own["bias"]))
    return activate(builder, product, config["activation"], config["name"])


def _flatten(builder: GraphBuilder, xs: Sequence[Value], config: Config) -> Value:
    """Flatten positions before channels, as Keras has them."""
    _require_whole(xs[0], config["name"])
    return builder.each("Flatten", builder.each("Transpose", xs[0], perm=[0, 2, 1]), axis=1)


def _over_positions(op: str, builder: GraphBuilder, xs: Sequence[Value], config: Config) -> Value:
    _require_whole(xs[0], config["name"])
    return builder.each(op, xs[0], builder.constant(np.array([2])), keepdims=0)


def _crop(builder: GraphBuilder, xs: Sequence[Value], config: Config) -> Value:
    left, right = config["cropping"]
    if left != right:
        raise InputError("a crop of two widths", field=config["name"], got=(left, right))
    return builder.crop(xs[0], left)


def _leaky(config: Config) -> float:
    return float(config.get("alpha", config.get("negative_slope", 0.3)))


def _masked_mean(builder: GraphBuilder, xs: Sequence[Value], config: Config) -> Value:
    """Return the mean over known bases; of MMSplice (Cheng et al. 2019)."""
    x, sequence = xs
    _require_whole(x, config["name"])
    known = builder.add("ReduceMax", sequence.name, builder.constant(np.array([1])), keepdims=1)
    positions = builder.constant(np.array([2]))
    total = builder.add("ReduceSum", builder.add("Mul", x.name, known), positions, keepdims=0)
    count = builder.add("ReduceSum", known, positions, keepdims=0)
    some = builder.add("Max", count, builder.constant(np.float32(_EPSILON)))
    return Value(builder.add("Div", total, some))


def _concatenate(builder: GraphBuilder, xs: Sequence[Value], config: Config) -> Value:
    """Join channels; values that are always the same come last, and each row gets them."""
    varying = [x for x in xs if x.fixed is None]
    joined = varying[0] if len(varying) == 1 else builder.join("Concat", *varying, axis=1)
    fixed = [x.fixed for x in xs if x.fixed is not None]
    if not fixed:
        return joined
    if xs[-len(fixed)].fixed is None:
        raise InputError("a fixed input lies between others", field=config["name"])
    row = np.concatenate(fixed, axis=1)
    pads = builder.constant(np.array([0, 0, 0, row.shape[1]]))
    padded = builder.each("Pad", joined, pads, builder.constant(np.float32(0)))
    if not row.any():
        return padded
    raise InputError("a fixed input other than 0 in a concatenation", field=config["name"])


Layer = Callable[[GraphBuilder, Sequence[Value], Config, Shapes], Value]

LAYERS: Mapping[str, Layer] = {
    "Conv1D": _conv,
    "Conv2D": _conv,
    "Convolution1D": _conv,
    "BatchNormalization": _batch_norm,
    "Dense": _dense,
    "Activation": lambda b, xs, c, _: activate(b, xs[0], c["activation"], c["name"]),
    "ReLU": lambda b, xs, c, _: activate(b, xs[0], "relu", c["name"]),
    "LeakyReLU": lambda b, xs, c, _: b.each("LeakyRelu", xs[0], alpha=_leaky(c)),
    "Add": lambda b, xs, c, _: b.join("Sum", *xs),
    "Average": lambda b, xs, c, _: b.join("Mean", *xs),
    "Maximum": lambda b, xs, c, _: b.join("Max", *xs),
    "Concatenate": lambda b, xs, c, _: _concatenate(b, xs, c),
    # Of concise, a library for sequence: a convolution that checks its four channels.
    "ConvDNA": _conv,
    "GlobalAveragePooling1D_Mask0": lambda b, xs, c, _: _masked_mean(b, xs, c),
    "Cropping1D": lambda b, xs, c, _: _crop(b, xs, c),
    "MaxPooling1D": lambda b, xs, c, _: _pool(b, xs, c, "MaxPool"),
    "MaxPooling2D": lambda b, xs, c, _: _pool(b, xs, c, "MaxPool"),
    "AveragePooling1D": lambda b, xs, c, _: _pool(b, xs, c, "AveragePool"),
    "GlobalMaxPooling1D": lambda b, xs, c, _: _over_positions("ReduceMax", b, xs, c),
    "GlobalAveragePooling1D": lambda b, xs, c, _: _over_positions("ReduceMean", b, xs, c),
    "Flatten": lambda b, xs, c, _: _flatten(b, xs, c),
    "Dropout": lambda b, xs, c, _: xs[0],
    "SpatialDropout1D": lambda b, xs, c, _: xs[0],
    "GaussianNoise": lambda b, xs, c, _: xs[0],
}
"""Keras' name of a layer to the function that adds its nodes."""
