"""Graphs that are built layer by layer, against numpy."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value

RNG = np.random.default_rng(4)
KERNEL = RNG.normal(size=(2, 4, 5)).astype(np.float32)
SECOND = RNG.normal(size=(2, 2, 3)).astype(np.float32)
BIAS = np.array([0.5, -1], np.float32)


def run(model: bytes, x: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (values,) = session.run(None, {INPUT: x.astype(np.float32)})
    return np.asarray(values)


def convolve(x: np.ndarray, kernel: np.ndarray, dilation: int) -> np.ndarray:
    """Slowly: as many positions out as in, zeros outside."""
    reach = (kernel.shape[2] - 1) * dilation // 2
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach)))
    out = np.zeros((len(x), len(kernel), x.shape[2]))
    for p in range(x.shape[2]):
        for tap in range(kernel.shape[2]):
            out[:, :, p] += padded[:, :, p + tap * dilation] @ kernel[:, :, tap].T
    return out


def network(*, unpadded: bool, crop: int) -> bytes:
    """Two convolutions of reach 2 and 3, the second added to the first, then cropped."""
    builder = GraphBuilder(unpadded=unpadded)
    first = builder.conv(
        Value(INPUT), builder.weight("k", KERNEL.shape), builder.weight("b", (2,)), width=5
    )
    second = builder.conv(first, builder.weight("s", SECOND.shape), None, width=3, dilation=3)
    total = builder.crop(builder.join("Add", first, second), crop)
    graph = builder.finish(total, 2, input_length=None, n_bins=None)
    return put_weights(graph, {"k": KERNEL, "b": BIAS, "s": SECOND})


def test_leaving_out_padding_changes_no_number() -> None:
    x = RNG.normal(size=(2, 4, 40))
    first = convolve(x, KERNEL, 1) + BIAS[:, None]
    expected = (first + convolve(first, SECOND, 3))[:, :, 7:-7]
    for unpadded in (False, True):
        got = run(network(unpadded=unpadded, crop=7), x)
        assert got.shape == (2, 2, 26)
        assert np.abs(got - expected).max() < 1e-5


def test_a_crop_that_would_show_padding() -> None:
    assert network(unpadded=True, crop=5)
    with pytest.raises(InputError, match="a crop that shows padding"):
        network(unpadded=True, crop=4)
    builder = GraphBuilder(unpadded=True)
    value = builder.conv(Value(INPUT), builder.weight("k", KERNEL.shape), None, width=5)
    with pytest.raises(InputError, match="not cropped"):
        builder.finish(value, 2, input_length=None, n_bins=None)


def test_weights_are_turned_and_constants_are_one() -> None:
    builder = GraphBuilder()
    kernel = builder.weight("keras", (5, 4, 2), (2, 1, 0))
    out = builder.conv(Value(INPUT), kernel, None, width=5)
    assert builder.constant(np.array([1])) == builder.constant(np.array([1]))
    assert builder.constant(np.array([1])) != builder.constant(np.array([1.0]))
    graph = builder.finish(out, 2, input_length=None, n_bins=None)
    x = RNG.normal(size=(1, 4, 12))
    model = put_weights(graph, {"keras": np.ascontiguousarray(KERNEL.transpose(2, 1, 0))})
    assert np.abs(run(model, x) - convolve(x, KERNEL, 1)).max() < 1e-5
