"""Layers as Keras documents them, in numpy; values are ``(n, positions, channels)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
}


def conv1d(x: Array, config: Mapping[str, Any], own: Mapping[str, Array]) -> Array:
    kernel, (rate,), (stride,) = own["kernel"], config["dilation_rate"], config["strides"]
    width = (len(kernel) - 1) * rate + 1
    if config["padding"] == "same":
        left = (width - 1) // 2
        x = np.pad(x, ((0, 0), (left, width - 1 - left), (0, 0)))
    starts = range(0, x.shape[1] - width + 1, stride)
    out = np.stack(
        [sum(x[:, s + t * rate] @ kernel[t] for t in range(len(kernel))) for s in starts], axis=1
    )
    return ACTIVATIONS[config["activation"]](out + own.get("bias", 0))


def pool(x: Array, config: Mapping[str, Any], how: Callable[..., Array]) -> Array:
    (size,), (stride,) = config["pool_size"], config["strides"]
    starts = range(0, x.shape[1] - size + 1, stride)
    return np.stack([how(x[:, s : s + size], axis=1) for s in starts], axis=1)


def layer(kind: str, xs: list[Array], config: Mapping[str, Any], own: Mapping[str, Array]) -> Array:
    """Return one layer's output."""
    x = xs[0]
    if kind == "Conv1D":
        return conv1d(x, config, own)
    if kind == "BatchNormalization":
        scaled = (x - own["moving_mean"]) / np.sqrt(own["moving_variance"] + config["epsilon"])
        return scaled * own["gamma"] + own["beta"]
    if kind == "Dense":
        return ACTIVATIONS[config["activation"]](x @ own["kernel"] + own["bias"])
    if kind == "LeakyReLU":
        return np.where(x > 0, x, config["alpha"] * x)
    left, right = config.get("cropping", (0, 0))
    simple: dict[str, Callable[[], Array]] = {
        "Activation": lambda: ACTIVATIONS[config["activation"]](x),
        "ReLU": lambda: np.maximum(x, 0),
        "Add": lambda: np.sum(xs, axis=0),
        "Average": lambda: np.mean(xs, axis=0),
        "Maximum": lambda: np.max(xs, axis=0),
        "Concatenate": lambda: np.concatenate(xs, axis=-1),
        "MaxPooling1D": lambda: pool(x, config, np.max),
        "AveragePooling1D": lambda: pool(x, config, np.mean),
        "GlobalMaxPooling1D": lambda: x.max(1),
        "GlobalAveragePooling1D": lambda: x.mean(1),
        "Cropping1D": lambda: x[:, left : x.shape[1] - right],
        "Flatten": lambda: x.reshape(len(x), -1),
        "Dropout": lambda: x,
    }
    return simple[kind]()
