"""Operators on rows against the same operators on images of one line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import toy_graphs
from onnx import helper
from toy_graphs import Builder, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.images import fits_image
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows

LENGTH = 40
WINDOWS = np.random.default_rng(0).integers(0, 5, (3, LENGTH), dtype=np.uint8)


def network_of(build: Callable[[Builder, str], str]) -> FollowedNetwork:
    """A convolution, the operators of a test, and a sigmoid."""
    builder = Builder(LENGTH, seed=0)
    x = builder.add("Conv", "sequence", builder.weight(4, 4, 3), pads=[1, 1])
    return toy_graphs.network_of(builder, build(builder, x))


def padded(builder: Builder, x: str) -> str:
    builder.length += 5
    pads = builder.constant(np.array([0, 0, 2, 0, 0, 3]))
    return builder.add("Pad", x, pads, builder.constant(np.float32(0.5)))


def split(builder: Builder, x: str) -> str:
    builder.nodes.append(
        helper.make_node("Split", [x, builder.constant(np.array([1, 3]))], ["one", "three"], axis=1)
    )
    wide = builder.add("Conv", "three", builder.weight(3, 3, 5), pads=[2, 2])
    return builder.add("Concat", wide, "one", axis=-2)


def softmax(builder: Builder, x: str) -> str:
    return builder.add("Softmax", x, axis=-2)


def cropped(builder: Builder, x: str) -> str:
    builder.length -= 7
    ends = (np.array([3]), np.array([-4]), np.array([-1]))
    return builder.add("Slice", x, *(builder.constant(one) for one in ends))


def scaled(builder: Builder, x: str) -> str:
    x = builder.add("Mul", x, builder.weight(4, 1))
    return builder.add("PRelu", x, builder.weight(1, 4, 1))


def slid_by_same(builder: Builder, x: str) -> str:
    x = builder.add("Conv", x, builder.weight(4, 1, 4), group=4, auto_pad="SAME_UPPER")
    return builder.add("AveragePool", x, kernel_shape=[3], pads=[1, 1], count_include_pad=1)


@pytest.mark.parametrize("build", [padded, split, softmax, cropped, scaled, slid_by_same])
def test_images_have_the_values_of_rows(build: Callable[[Builder, str], str]) -> None:
    network = network_of(build)
    n_bins = network.positions.shapes["tracks"][-1]
    assert fits_image(network.positions, network.chains[0][0])
    shared = SharedWindows(network, network.lay_out([0], [(0, n_bins)]), device="cpu", threads=1)
    np.testing.assert_allclose(
        shared.predict(WINDOWS)[:, 0],
        run_graph(network.model, {"sequence": onehot(WINDOWS)}),
        rtol=1e-5,
        atol=1e-6,
    )


def transposed(builder: Builder, x: str) -> str:
    x = builder.add("Transpose", x, perm=[0, 2, 1])
    return builder.add("Transpose", builder.add("Softmax", x), perm=[0, 2, 1])


def over_positions(builder: Builder, x: str) -> str:
    builder.length = 1
    return builder.add("ReduceMax", x, builder.constant(np.array([2])))


@pytest.mark.parametrize("build", [transposed, over_positions])
def test_other_operators_stay_rows(build: Callable[[Builder, str], str]) -> None:
    network = network_of(build)
    assert not fits_image(network.positions, network.chains[0][-1])
