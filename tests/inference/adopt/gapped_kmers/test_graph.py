"""The graph's values are those of the naive kernel, unknown bases included."""

from __future__ import annotations

import naive_gkm
import numpy as np
import pytest

from zooctl.inference.adopt.gapped_kmers.graph import gkm_geometry, gkm_graph
from zooctl.inference.adopt.gapped_kmers.kernel import GappedKmers, LinearGkm
from zooctl.inference.device.session import Session

WIDTH, L, K = 24, 6, 4


def test_decision_values() -> None:
    rng = np.random.default_rng(0)
    support = rng.integers(0, 4, WIDTH).astype(np.uint8)
    windows = rng.integers(0, 4, (5, WIDTH)).astype(np.uint8)
    windows[1] = support
    windows[2, 10] = 4
    windows[3] = 4
    kmers = GappedKmers(L, K)
    weights = kmers.weights(support[None], np.ones(1))
    own = np.sqrt(weights[kmers.numbers(support)].sum())
    session = Session(
        gkm_graph(LinearGkm(kmers, weights / own, 0.25), WIDTH),
        geometry=gkm_geometry(WIDTH),
        n_tracks=1,
        unknown_base=0,
        device="cpu",
        threads=1,
    )
    found = session.predict(windows)[:, 0, 0] - 0.25
    assert found[1] == pytest.approx(1, abs=1e-6)
    assert found[3] == 0
    for row in (0, 2, 4):
        expected = naive_gkm.kernel(windows[row], support, L, K)
        assert 0 < expected < 1
        assert found[row] == pytest.approx(expected, abs=1e-6)
