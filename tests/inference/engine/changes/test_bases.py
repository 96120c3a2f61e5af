"""Rows of replaced bases, in networks in the form of Basset, and columns counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import toy_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_graphs import Builder, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.changes.base_rows import lay_base_rows
from zooctl.inference.engine.changes.bases import BaseChanges
from zooctl.inference.engine.changes.windows import BLOCK, way_of
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.options.predict_and_score import SessionOptions

LENGTH = 48
OPTIONS = SessionOptions(device="cpu", threads=1)
Layer = tuple[Any, ...]


@st.composite
def plain_layers(draw: st.DrawFn) -> list[Layer]:
    """Convolutions of all settings, apart or by channel, each with what may follow it."""
    found: list[Layer] = []
    for _ in range(draw(st.integers(1, 3))):
        kernel, dilation = draw(st.integers(1, 7)), draw(st.integers(1, 2))
        pads = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
        found.append(("Conv", kernel, dilation, pads, draw(st.sampled_from((1, 2, 4)))))
        kinds = ("BatchNormalization", "LeakyRelu", "Softplus", "Mul", "MaxPool", "AveragePool")
        found += [
            (kind, draw(st.integers(2, 4)))
            for kind in draw(st.lists(st.sampled_from(kinds), max_size=3))
        ]
    return found


def network_of(found: list[Layer], seed: int) -> FollowedNetwork:
    """The layers as a network; those that find too few positions are left out."""
    builder, x = Builder(LENGTH, seed), "sequence"
    for kind, *sizes in found:
        if kind == "Conv":
            kernel, dilation, pads, groups = sizes
            made = builder.length + sum(pads) - (kernel - 1) * dilation
            if made < 4:
                continue
            builder.length = made
            weights = builder.weight(4, 4 // groups, kernel), builder.weight(4)
            x = builder.add("Conv", x, *weights, dilations=[dilation], pads=pads, group=groups)
        elif kind == "BatchNormalization":
            spread = builder.constant(np.full(4, 1.5, dtype=np.float32))
            x = builder.add(kind, x, *(builder.weight(4) for _ in range(3)), spread)
        elif kind == "Mul":
            x = builder.add(kind, x, builder.weight(4, 1))
        elif kind.endswith("Pool"):
            if builder.length // sizes[0] >= 4:
                builder.length //= sizes[0]
                x = builder.add(kind, x, kernel_shape=sizes, strides=sizes)
        else:
            x = builder.add(kind, x)
    return toy_graphs.network_of(builder, x)


@settings(max_examples=100, deadline=None)
@given(plain_layers(), st.integers(0, 2**16), st.integers(0, LENGTH // BLOCK - 1))
def test_every_base_of_a_block(found: list[Layer], seed: int, block: int) -> None:
    network = network_of(found, seed)
    window = np.random.default_rng(seed).integers(0, 5, LENGTH, dtype=np.uint8)
    replaced, bases = (
        one.ravel() for one in np.indices((BLOCK, 4)) + np.array([block * BLOCK, 0])[:, None, None]
    )
    codes = np.tile(window, (len(replaced), 1))
    codes[np.arange(len(replaced)), replaced] = bases
    expected = run_graph(network.model, {"sequence": onehot(codes)})
    for segments in network.chains:
        way = way_of(network, segments)
        rows = lay_base_rows(network.positions, way.layout)
        if rows is None:
            continue
        changes = BaseChanges(network, way, rows, OPTIONS)
        _, (context,) = changes.windows.predict(window[None])
        made = changes.predict(window, replaced, bases.astype(np.uint8), context)
        np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6)


def test_columns_by_hand() -> None:
    # A kernel of 3, padded by 1; behind a pool of 2 another of 3, padded by 1.
    network = network_of(
        [("Conv", 3, 1, (1, 1), 1), ("MaxPool", 2), ("Conv", 3, 1, (1, 1), 1)], seed=0
    )
    rows = lay_base_rows(network.positions, way_of(network, network.chains[0]).layout)
    assert rows is not None
    first, second = rows
    replaced = np.array([0, 9])
    # Base 9 changes 8 to 10 of the first, which are in pairs 4 and 5; so 3 to 6 of the second.
    assert (first.made, first.length, second.made, second.length) == (3, 5, 4, 12)
    assert first.firsts(replaced).tolist() == [-1, 8]
    assert second.firsts(replaced).tolist() == [-2, 3]
    # The first reads its own bases, or zeros (10) before the window.
    assert first.columns(replaced, None).tolist() == [[10, 10, 2, 3, 4], [5, 6, 7, 8, 9]]
    # The second reads pairs 2 to 7 for base 9: the window's 4 to 7, then 8 to 10 of the row,
    # behind 48 columns of the window and 3 of the other row, then 11 to 15.
    assert second.columns(replaced, first).tolist() == [
        [54] * 6 + [49, 50, 2, 3, 4, 5],
        [4, 5, 6, 7, 51, 52, 53, 11, 12, 13, 14, 15],
    ]
    # Nothing stands behind the window.
    assert second.columns(np.array([47]), first).tolist()[0][-4:] == [51, 51, 51, 51]


def test_no_rows_where_padding_is_not_of_zeros() -> None:
    # A padded kernel reads zeros beside a Softplus that makes 0.69 of them.
    network = network_of(
        [("Conv", 3, 1, (0, 0), 1), ("Softplus", 0), ("Conv", 3, 1, (1, 1), 1)], seed=0
    )
    way = way_of(network, network.chains[0])
    assert len(way.segments) == 1
    assert lay_base_rows(network.positions, way.layout) is None
