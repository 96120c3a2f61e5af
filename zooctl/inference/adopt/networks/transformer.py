"""Transformers with relative positions, as Enformer and Borzoi have them in PyTorch.

Avsec et al. 2021 (doi:10.1038/s41592-021-01252-x): the logits of attention are those of content and
of distance, each with a bias of its own; features of a distance are fixed functions. Values are
``(batch, positions, channels)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import lgamma, log, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.adopt.networks.builder import GraphBuilder, Value

Array = NDArray[np.float32]
Shapes = Mapping[str, NDArray[Any]]
"""Name of a tensor to its values, of which only the shape is used."""


def add_transformer(
    builder: GraphBuilder,
    tensors: Shapes,
    x: Value,
    features: Array,
    *,
    epsilon: float,
    head: str = "transformer",
) -> Value:
    """Add all layers: attention and two dense layers, each added to what it read.

    Args:
        builder: The graph.
        tensors: Under the names of PyTorch, as ``transformer.0.0.fn.1.to_q.weight``.
        x: ``(batch, positions, channels)``.
        features: Of distances from 1 - positions to positions - 1, ``(2 * positions - 1, n)``.
        epsilon: Of the normalisations.
        head: Beginning of the names.
    """
    number = 0
    while f"{head}.{number}.0.fn.0.weight" in tensors:
        attended, dense = (f"{head}.{number}.{part}.fn" for part in (0, 1))
        read = layer_norm(builder, tensors, f"{attended}.0", x, epsilon)
        x = builder.join("Add", x, _attention(builder, tensors, f"{attended}.1", read, features))
        read = layer_norm(builder, tensors, f"{dense}.0", x, epsilon)
        read = builder.each("Relu", linear(builder, tensors, f"{dense}.1", read))
        x = builder.join("Add", x, linear(builder, tensors, f"{dense}.4", read))
        number += 1
    return x


def layer_norm(
    builder: GraphBuilder, tensors: Shapes, name: str, x: Value, epsilon: float
) -> Value:
    """Add a normalisation over channels."""
    parts = [
        builder.weight(f"{name}.{part}", tensors[f"{name}.{part}"].shape)
        for part in ("weight", "bias")
    ]
    return builder.each("LayerNormalization", x, *parts, axis=-1, epsilon=epsilon)


def linear(builder: GraphBuilder, tensors: Shapes, name: str, x: Value) -> Value:
    """Add a dense layer of channels, with its bias if it has one."""
    kernel = builder.weight(f"{name}.weight", tensors[f"{name}.weight"].shape, (1, 0))
    product = builder.each("MatMul", x, kernel)
    bias = f"{name}.bias"
    if bias not in tensors:
        return product
    return builder.each("Add", product, builder.weight(bias, tensors[bias].shape))


def _attention(
    builder: GraphBuilder, tensors: Shapes, name: str, x: Value, features: Array
) -> Value:
    n = (len(features) + 1) // 2
    _, heads, _, width = shape = tensors[f"{name}.rel_content_bias"].shape
    query, key, value = (
        _by_head(builder, linear(builder, tensors, f"{name}.to_{part}", x), n, heads)
        for part in ("q", "k", "v")
    )
    query = builder.each("Mul", query, builder.constant(np.float32(width**-0.5)))
    content, place = (
        builder.each("Add", query, builder.weight(f"{name}.rel_{part}_bias", shape))
        for part in ("content", "pos")
    )
    keys = builder.each("Transpose", key, perm=[0, 1, 3, 2])
    logits = builder.join("MatMul", content, keys)
    distance = Value(builder.constant(features))
    near = linear(builder, tensors, f"{name}.to_rel_k", distance)
    split = builder.constant(np.array([2 * n - 1, heads, width]))
    # (distances, heads, width) to (1, heads, width, distances)
    turned = builder.each("Transpose", builder.each("Reshape", near, split), perm=[1, 2, 0])
    first = builder.each("Unsqueeze", turned, builder.constant(np.array([0])))
    logits = builder.join(
        "Add", logits, _shift(builder, builder.join("MatMul", place, first), n, heads)
    )
    mixed = builder.join("MatMul", builder.each("Softmax", logits, axis=3), value)
    back = builder.each("Transpose", mixed, perm=[0, 2, 1, 3])
    joined = builder.each("Reshape", back, builder.constant(np.array([0, n, -1])))
    return linear(builder, tensors, f"{name}.to_out", joined)


def _by_head(builder: GraphBuilder, x: Value, n: int, heads: int) -> Value:
    """Return ``(batch, heads, positions, width)``."""
    split = builder.each("Reshape", x, builder.constant(np.array([0, n, heads, -1])))
    return builder.each("Transpose", split, perm=[0, 2, 1, 3])


def _shift(builder: GraphBuilder, x: Value, n: int, heads: int) -> Value:
    """Return logits of pairs of positions from those of positions and distances.

    Row i has distance j - i at place n - 1 - i + j, which begins one place earlier in each row:
    read without its first n - 1 values in rows of one value less, all begin at one place.
    """
    flat = builder.each("Reshape", x, builder.constant(np.array([0, heads, n * (2 * n - 1)])))
    ends = (builder.constant(np.array([end])) for end in (n - 1, (n - 1) * (2 * n + 1), 2))
    rows = builder.constant(np.array([0, heads, n, 2 * n - 2]))
    even = builder.each("Reshape", builder.each("Slice", flat, *ends), rows)
    return builder.each("Slice", even, *(builder.constant(np.array([end])) for end in (0, n, 3)))


def _signed(embedding: Array, distances: Array) -> Array:
    """Add the features times the sign of the distance."""
    return np.concatenate([embedding, np.sign(distances)[:, None] * embedding], axis=1)


def _distances(n: int) -> Array:
    return np.arange(1 - n, n, dtype=np.float32)


def central_features(n: int, n_features: int, n_trained: int) -> Array:
    """Return Borzoi's features of distances: whether each lies within growing widths.

    >>> central_features(3, 4, 4096)[:, 1].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]

    Args:
        n: Positions.
        n_features: Features, half of them signed.
        n_trained: Positions that the widths grow up to.
    """
    distances, half = _distances(n), n_features // 2
    rate = np.exp(np.log(n_trained + 1) / half)
    widths = (rate ** np.arange(1, half + 1)).astype(np.float32) - 1
    return _signed((widths > np.abs(distances)[:, None]).astype(np.float32), distances)


def enformer_features(n: int, n_features: int, *, by_distance: bool) -> Array:
    """Return Enformer's features of distances: exponential, central and gamma, plain and signed.

    Args:
        n: Positions.
        n_features: A multiple of 6.
        by_distance: Whether each gamma feature is divided by its largest value of all distances, as
            the original does, or by that of all features at a distance, as enformer-pytorch does
            unless asked for the original's.
    """
    distances, own = _distances(n), n_features // 6
    size = np.abs(distances)[:, None]
    lives = 2 ** np.linspace(3, log2(n), own, dtype=np.float32)
    exponential = np.exp(-np.float32(log(2)) / lives * size)
    central = (2.0 ** np.arange(1, own + 1) - 1 > size).astype(np.float32)
    gamma = _gamma(size, own, n)
    gamma = gamma / gamma.max(axis=0 if by_distance else 1, keepdims=True)
    return _signed(np.concatenate([exponential, central, gamma], axis=1), distances)


def _gamma(size: Array, n_features: int, n: int) -> Array:
    """Return densities of gamma distributions, in the steps and the precision of PyTorch."""
    deviation = n / (2 * n_features)
    mean = np.linspace(n / n_features, n, n_features, dtype=np.float32)
    shape, rate = (mean / np.float32(deviation)) ** 2, mean / np.float32(deviation**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(shape == 1, 0, (shape - 1) * np.log(size))
    norm = np.array([lgamma(one) for one in shape], np.float32) - shape * np.log(rate)
    return np.asarray(np.exp(powers - rate * size - norm) + np.float32(1e-8), np.float32)
