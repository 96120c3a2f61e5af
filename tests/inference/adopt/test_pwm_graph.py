"""Motif scans as ONNX: against a scan by hand, and against the torch network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.inference.adopt.pwm_graph import pwm_geometry, pwm_graph
from zooctl.inference.device.session import Session
from zooctl.sequence.onehot import N, reverse_complement
from zooctl.sequence.windows import Geometry

Array = np.ndarray


def scan(motif: Motif, geometry: Geometry, codes: Array) -> Array:
    """Best log-odds of each bin, site by site, base by base; codes ``(input_length,)``."""
    odds = motif.log_odds()
    worst = odds.min(axis=1)
    first = geometry.input_flank + (geometry.core_length - geometry.output_length) // 2
    best = np.full(geometry.n_bins, -np.inf)
    for middle in range(geometry.output_length):
        start = first + middle - (motif.length - 1) // 2
        site = codes[start : start + motif.length]
        assert len(site) == motif.length
        for strand in (site, reverse_complement(site)):
            score = sum(
                worst[place] if base == N else odds[place, base]
                for place, base in enumerate(strand)
            )
            bin_ = middle // geometry.bin_size
            best[bin_] = max(best[bin_], score)
    return best


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.sampled_from([(24, 4), (32, 32), (16, 1)]), st.integers(0, 2**32 - 1))
def test_against_a_scan_by_hand(length: int, sizes: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    motif = Motif("toy", rng.integers(0, 60, (length, 4)).astype(float) + 0.01)
    geometry = pwm_geometry(motif, *sizes)
    codes = rng.integers(0, 5, (6, geometry.input_length)).astype(np.uint8)
    session = Session(
        pwm_graph(motif, geometry), geometry=geometry, n_tracks=1, unknown_base=0, device="cpu"
    )
    expected = np.stack([scan(motif, geometry, window) for window in codes])
    np.testing.assert_allclose(session.predict(codes)[:, 0], expected, atol=2e-5)


def test_against_the_torch_network() -> None:
    """On known sequence; unknown bases are worth more to the network, which trains with them."""
    import torch
    from toy_nets import make

    from zooctl.training.nets.pwm import PwmScan

    rng = np.random.default_rng(3)
    for length in (6, 19):
        motif = Motif("toy", rng.integers(0, 900, (length, 4)).astype(float))
        geometry = pwm_geometry(motif, 256, 32)
        codes = rng.integers(0, 4, (5, geometry.input_length)).astype(np.uint8)
        lengths = {"input_length": geometry.input_length, "output_length": 256, "bin_size": 32}
        net = make(PwmScan, motifs=[motif.counts.tolist()], n_tracks=1, **lengths)
        onehot = torch.from_numpy(np.eye(4, dtype=np.float32)[codes].transpose(0, 2, 1).copy())
        session = Session(
            pwm_graph(motif, geometry), geometry=geometry, n_tracks=1, unknown_base=0, device="cpu"
        )
        np.testing.assert_allclose(session.predict(codes), net(onehot).numpy(), atol=5e-5)


def test_a_pseudocount_above_0_for_a_base_that_never_occurs() -> None:
    motif = Motif("toy", np.array([[9.0, 1, 0, 0]]))
    geometry = pwm_geometry(motif, 8, 8)
    with pytest.raises(InputError, match="use a pseudocount above 0"):
        pwm_graph(motif, geometry, pseudocount=0)
    assert pwm_graph(motif, geometry, pseudocount=1e-6)


def test_unknown_sequence_is_never_a_site() -> None:
    motif = Motif("toy", np.array([[9.0, 1, 0, 0], [0, 0, 9, 1], [0, 9, 0, 1]]))
    geometry = pwm_geometry(motif, 8, 8)
    session = Session(
        pwm_graph(motif, geometry), geometry=geometry, n_tracks=1, unknown_base=0, device="cpu"
    )
    nothing = np.full((1, geometry.input_length), N, dtype=np.uint8)
    least = motif.log_odds().min(axis=1).sum()
    assert session.predict(nothing).item() == pytest.approx(least, abs=1e-5)
