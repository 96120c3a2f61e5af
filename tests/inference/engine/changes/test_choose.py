"""Changes of a window in every way, against the same windows predicted as a whole."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_graphs import Layer, graph_of, layers, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.changes.choose import change_ways
from zooctl.inference.engine.changes.windows import BLOCK
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.windows import Geometry

LENGTH = 48
OPTIONS = SessionOptions(device="cpu", threads=1)


@settings(max_examples=40, deadline=None)
@given(layers(), st.integers(0, 2**16), st.integers(0, LENGTH // BLOCK - 1), st.booleans())
def test_changed_windows_are_windows_alone(
    found: list[Layer], seed: int, block: int, dense: bool
) -> None:
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, 5, (2, LENGTH), dtype=np.uint8)
    codes = windows[[1] * 7]
    replaced = block * BLOCK + rng.integers(0, BLOCK, 7)
    bases = rng.integers(0, 4, 7).astype(np.uint8)
    codes[np.arange(7), replaced] = bases
    model = graph_of(found, LENGTH, seed, dense=dense)
    expected = run_graph(model, {"sequence": onehot(codes)})
    # Bins need not tile the window here: only its length is looked at.
    geometry = Geometry(LENGTH, LENGTH, LENGTH, LENGTH)
    network = FollowedNetwork(model, geometry, expected.shape[1], 0.0)
    ways = change_ways(network)
    assume(ways)
    for way in ways:
        changes = way.open(network, OPTIONS)
        own, contexts = changes.windows.predict(windows)
        np.testing.assert_allclose(
            own, run_graph(model, {"sequence": onehot(windows)}), rtol=1e-5, atol=1e-6
        )
        made = changes.predict(windows[1], replaced, bases, contexts[1])
        np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6)
        # One alone has the bits that it has beside others.
        alone = changes.predict(windows[1], replaced[-1:], bases[-1:], contexts[1])
        np.testing.assert_array_equal(alone[0], made[-1])
