"""Alternatives computed where they differ, against their windows one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_graphs import Layer, graph_of, layers, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine.alternatives import SharedAlternatives
from zooctl.inference.engine.cone import find_cone
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.rows import ways
from zooctl.inference.engine.shared import SharedWindows
from zooctl.sequence.windows import Geometry

LENGTH = 48


@settings(max_examples=120, deadline=None)
@given(
    layers(),
    st.integers(0, 2**16),
    st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True),
    st.floats(0, 1),
    st.floats(0.1, 1),
    st.integers(0, 77),
    st.integers(1, 4),
    st.integers(0, 1_000),
    st.booleans(),
)
def test_alternatives_are_windows_alone(
    found: list[Layer],
    seed: int,
    places: list[int],
    share: float,
    width: float,
    changed: int,
    size: int,
    way: int,
    dense: bool,
) -> None:
    offsets = [place - min(places) for place in places]
    span = max(offsets) + LENGTH
    first = changed % (span - size + 1)
    rng = np.random.default_rng(seed)
    references = rng.integers(0, 5, (3, span), dtype=np.uint8)
    codes = references[[0, 1, 1, 2]]
    codes[:, first : first + size] = rng.integers(0, 4, (4, size), dtype=np.uint8)

    model = graph_of(found, LENGTH, seed, dense=dense)
    windows = np.stack([codes[:, at : at + LENGTH] for at in offsets], axis=1)
    flat = run_graph(model, {"sequence": onehot(windows.reshape(-1, LENGTH))})
    expected = flat.reshape(4, len(offsets), *flat.shape[1:])

    n_bins = flat.shape[-1]
    taken = max(1, round(width * n_bins))
    needed = [
        (low, low + taken)
        for low in (round(share * (n_bins - taken) * (n % 2)) for n in range(len(offsets)))
    ]
    geometry = Geometry(LENGTH, LENGTH, LENGTH, LENGTH)
    network = FollowedNetwork(model, geometry, flat.shape[1], 0.0)
    all_ways = ways(network.chains, offsets, needed)
    cone = find_cone(all_ways[way % len(all_ways)], (first, first + size))
    assume(cone is not None)
    assert cone is not None
    shared = SharedWindows(network, cone.layout, cone=cone, device="cpu", threads=1, batch_size=8)
    _, contexts = shared.references(references, None)
    alternatives = SharedAlternatives(network, cone, 3, device="cpu", threads=1)
    outputs = alternatives.run(codes, [contexts[row] for row in (0, 1, 1, 2)], None)
    for number, (low, high) in enumerate(needed):
        np.testing.assert_allclose(
            outputs[:, number], expected[:, number, :, low:high], rtol=1e-5, atol=1e-6
        )
