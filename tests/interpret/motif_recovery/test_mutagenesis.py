"""Motif recovery from a toy model whose motif is known, because it is the model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zooctl.files.motifs import Motif
from zooctl.interpret.motif_recovery.motif_match import match_motif
from zooctl.interpret.motif_recovery.mutagenesis import (
    base_effects,
    best_stretch,
    locate_site,
    recover_motif,
)
from zooctl.sequence.onehot import Codes, N, encode, reverse_complement

SITE = "TGGCCACCAGGGGGCGCCA"
PROFILE = Motif("site", np.eye(4)[["ACGT".index(base) for base in SITE]] * 9 + 0.5)
WEIGHTS = np.vstack([PROFILE.log_odds().T, np.zeros(len(SITE))])


def read(codes: Codes) -> NDArray[np.floating]:
    """The best hit on either strand anywhere in the window, as a rate."""
    best = []
    for strand in (codes, reverse_complement(codes)):
        places = np.lib.stride_tricks.sliding_window_view(strand, len(SITE), axis=1)
        best.append(WEIGHTS[places, np.arange(len(SITE))].sum(axis=2).max(axis=1))
    return np.exp2(np.maximum(*best) / 4)


def planted(n: int, seed: int) -> tuple[Codes, NDArray[np.int64]]:
    """Windows of 512 bp with one site each near the centre, on either strand."""
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, 4, (n, 512)).astype(np.uint8)
    starts = rng.integers(160, 330, n)
    for row, start in zip(windows, starts, strict=True):
        site = encode(SITE.encode())
        changed = rng.random(len(SITE)) < 0.1
        site[changed] = rng.integers(0, 4, changed.sum())
        row[start : start + len(SITE)] = site if rng.random() < 0.5 else reverse_complement(site)
    return windows, starts


def test_the_site_is_located() -> None:
    windows, starts = planted(8, seed=0)
    for window, start in zip(windows, starts, strict=True):
        assert abs(locate_site(read, window) - (start + len(SITE) / 2)) <= 12


def test_effects_are_those_of_the_weights() -> None:
    rng = np.random.default_rng(3)
    window = rng.integers(0, 4, 512).astype(np.uint8)
    site = encode(SITE.encode())
    window[250:269] = site
    found = base_effects(read, window, 259, 30)
    weights = WEIGHTS[:4].T
    own = weights[np.arange(19), site]
    others = (weights.sum(axis=1) - own) / 3
    np.testing.assert_allclose(found[21:40], (own - others) / 4 * np.log(2), rtol=1e-6)
    np.testing.assert_allclose(found[:21], 0, atol=1e-12)
    assert best_stretch(found, 19) == 21
    window[240] = N
    assert base_effects(read, window, 259, 30)[11] == 0.0


def test_the_motif_is_recovered_from_both_strands() -> None:
    windows, _ = planted(40, seed=1)
    seen: list[int] = []
    motif = recover_motif(read, windows, advance=seen.append)
    assert sum(seen) == 40
    found = match_motif(motif, PROFILE)
    assert found.similarity > 0.98
    assert found.overlap == 19
    assert SITE in found.motif.consensus
    assert motif.counts.sum(axis=1).max() == pytest.approx(40)


def test_short_windows_are_read_as_far_as_they_go() -> None:
    windows = planted(30, seed=2)[0][:, 150:390]
    found = match_motif(recover_motif(read, windows[:, 90:150]), PROFILE)
    assert found.motif.length == 21
    tiny = recover_motif(lambda codes: np.ones(len(codes)), windows[:, :16])
    assert tiny.length == 15
