"""Windows predicted together against the same windows predicted one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_graphs import Layer, graph_of, layers, onehot

from zooctl.inference.device.session import run_graph
from zooctl.inference.engine import shared as engine_shared
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import SharedWindows
from zooctl.sequence.windows import Geometry

LENGTH = 48
SEEDS = st.integers(0, 2**16)
Build = Callable[..., bytes]


def _network(model: bytes, n_tracks: int, n_bins: int) -> FollowedNetwork:
    # Bins need not tile the window here: lengths of input and output are only looked at by sums.
    return FollowedNetwork(model, Geometry(LENGTH, LENGTH, LENGTH, LENGTH), n_tracks, 0.0)


def _compare(
    model: bytes, codes: np.ndarray, offsets: list[int], share: float, width: float
) -> None:
    """Compare some bins of all windows with the loop over windows."""
    windows = np.stack([codes[:, at : at + LENGTH] for at in offsets], axis=1)
    flat = run_graph(model, {"sequence": onehot(windows.reshape(-1, LENGTH))})
    expected = flat.reshape(len(codes), len(offsets), *flat.shape[1:])
    n_bins = flat.shape[-1]
    taken = max(1, round(width * n_bins))
    lows = [
        round(share * (n_bins - taken)) if n % 2 else n_bins - taken for n in range(len(offsets))
    ]
    network = _network(model, flat.shape[1], n_bins)
    layout = network.lay_out(offsets, [(low, low + taken) for low in lows])
    shared = SharedWindows(network, layout, device="cpu", threads=1)
    found = shared.predict(codes)
    for number, low in enumerate(lows):
        np.testing.assert_allclose(
            found[:, number], expected[:, number, :, low : low + taken], rtol=1e-5, atol=1e-6
        )


@settings(max_examples=120, deadline=None)
@given(
    layers(),
    SEEDS,
    st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True),
    st.floats(0, 1),
    st.floats(0, 1),
    st.booleans(),
)
def test_windows_together_are_windows_alone(
    found: list[Layer], seed: int, places: list[int], share: float, width: float, dense: bool
) -> None:
    offsets = [place - min(places) for place in places]
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 5, (3, max(offsets) + LENGTH), dtype=np.uint8)
    _compare(graph_of(found, LENGTH, seed, dense=dense), codes, offsets, share, width)


def test_batches_side_by_side_have_the_bits_of_one_after_another(conv_network: Build) -> None:
    geometry = Geometry(512, 512, 32, 256)
    network = FollowedNetwork(conv_network(geometry, 33, 19, 3, "pointwise", 1), geometry, 2, 0.0)
    layout = network.lay_out([0, 256, 512], [(4, 12)] * 3)
    codes = np.random.default_rng(0).integers(0, 5, (21, 1_024), dtype=np.uint8)
    spans = np.tile(np.array([128, 300, 300, 384], dtype=np.int32), (21, 3, 1))
    found = []
    for threads in (1, 2, 5):
        shared = SharedWindows(network, layout, device="cpu", threads=threads, batch_size=6)
        sums = SharedWindows(
            network, layout, summed="log1p", device="cpu", threads=threads, batch_size=6
        )
        assert (shared.n_sequences, shared.at_once) == (2, threads)
        found.append((shared.predict(codes), sums.sums(codes, spans)))
    for predicted, summed in found[1:]:
        np.testing.assert_array_equal(predicted, found[0][0])
        np.testing.assert_array_equal(summed, found[0][1])


def test_memory_bounds_what_runs_side_by_side(
    conv_network: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    geometry = Geometry(512, 512, 32, 256)
    network = FollowedNetwork(conv_network(geometry, 8, 5, 1, "pointwise", 1), geometry, 2, 0.0)
    layout = network.lay_out([0, 256], [(4, 12)] * 2)
    monkeypatch.setattr(engine_shared, "BATCH_BYTES", 1)
    shared = SharedWindows(network, layout, device="cpu", threads=4)
    assert (shared.n_sequences, shared.at_once) == (1, 1)
