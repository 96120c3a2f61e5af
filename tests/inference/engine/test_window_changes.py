"""Alternatives of a window, block by block, against the same windows predicted as a whole."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_graphs import Layer, graph_of, layers, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.window_changes import BLOCK, WindowChanges, change_gain
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.windows import Geometry

LENGTH = 48
OPTIONS = SessionOptions(device="cpu", threads=1)


@settings(max_examples=100, deadline=None)
@given(layers(), st.integers(0, 2**16), st.integers(0, LENGTH // BLOCK - 1), st.booleans())
def test_changed_windows_are_windows_alone(
    found: list[Layer], seed: int, block: int, dense: bool
) -> None:
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, 5, (2, LENGTH), dtype=np.uint8)
    codes = windows[[1] * 7]
    first = block * BLOCK
    codes[np.arange(7), first + rng.integers(0, BLOCK, 7)] = rng.integers(0, 4, 7)
    model = graph_of(found, LENGTH, seed, dense=dense)
    expected = run_graph(model, {"sequence": onehot(codes)})
    # Bins need not tile the window here: only its length is looked at.
    geometry = Geometry(LENGTH, LENGTH, LENGTH, LENGTH)
    network = FollowedNetwork(model, geometry, expected.shape[1], 0.0)
    way = change_gain(network)
    assume(way is not None)
    assert way is not None
    changes = WindowChanges(network, way[1], OPTIONS)
    own, contexts = changes.windows(windows)
    np.testing.assert_allclose(
        own, run_graph(model, {"sequence": onehot(windows)}), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        changes.predict(codes, block, contexts[1]), expected, rtol=1e-5, atol=1e-6
    )
