"""Windows of probes are varied, the same on every machine, and hold pairs of alleles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from zooctl.sequence.intervals import Interval
from zooctl.sequence.variant_pairs import pair_scores
from zooctl.sequence.windows import Geometry, gather
from zooctl.training.export.probe_windows import ProbeWindows, probe_windows

SHORT = Geometry(input_length=64, output_length=32, bin_size=8, core_length=32)
LONG = Geometry(input_length=131_072, output_length=65_536, bin_size=512, core_length=65_536)


def made(geometry: Geometry, n_bases: int, reach: int, n_peaks: int = 300) -> ProbeWindows:
    rng = np.random.default_rng(0)
    codes = {"chr1": rng.integers(0, 4, n_bases).astype(np.uint8)}
    peaks = {"chr1": rng.integers(reach, n_bases - reach, n_peaks)}
    return probe_windows(codes, peaks, (Interval("chr1", 0, n_bases),), geometry, seed=1)


@pytest.fixture(scope="module")
def short() -> ProbeWindows:
    return made(SHORT, 20_000, 100)


def test_a_probe_holds_edges(short: ProbeWindows) -> None:
    windows = short.codes[:512]
    assert any((window == 0).all() for window in windows), "all A"
    assert any((window == 4).all() for window in windows), "all N"
    assert any((w[:8] == 4).all() and w[-1] != 4 for w in windows), "left contig end"
    assert any((w[-8:] == 4).all() and w[0] != 4 for w in windows), "right contig end"
    again = made(SHORT, 20_000, 100)
    assert np.array_equal(short.codes, again.codes)
    assert np.array_equal(short.pairs, again.pairs)


def test_a_probe_of_long_windows_is_small() -> None:
    windows, pairs = made(LONG, 400_000, 70_000, n_peaks=30)
    assert windows.shape == (16 + 8, 131_072)
    assert pairs.shape == (8, 2)
    assert any((w[:8] == 4).all() and w[-1] != 4 for w in windows), "left contig end"
    assert sum((window == 4).any() for window in windows[:16]) == 2, "and a run of N"


def test_pairs_are_of_random_windows_and_peaks(short: ProbeWindows) -> None:
    assert short.codes.shape == (512 + 64, 64)
    random, peaks = np.split(short.pairs[:, 0], 2)
    assert random.tolist() == list(range(32))
    assert peaks.tolist() == list(range(256, 288))
    assert short.pairs[:, 1].tolist() == list(range(512, 576))


def test_variants_lie_in_the_predicted_part(short: ProbeWindows) -> None:
    reference, alternative = short.codes[short.pairs].transpose(1, 0, 2)
    differ = reference != alternative
    first = differ.argmax(axis=1)
    snvs = differ.sum(axis=1) == 1
    # A change of length moves what follows, up to the end of the window.
    assert snvs.sum() == 48
    assert (first[snvs] >= 16).all()
    assert (first[snvs] < 48).all()
    assert not differ[:, :16].any()
    assert (differ[~snvs].sum(axis=1) > 5).all()


def test_equal_gc_contents_keep_the_order_of_the_draw(short: ProbeWindows) -> None:
    """An unstable sort would order them as the processor's instructions have it."""
    codes = np.random.default_rng(0).integers(0, 4, 20_000).astype(np.uint8)
    starts = np.random.Generator(np.random.PCG64(1)).integers(0, 20_000 - 64, 8 * 512)
    pool = gather(codes, starts, 64)
    gc = ((pool == 1) | (pool == 2)).sum(axis=1)
    order = sorted(range(len(pool)), key=lambda row: (gc[row], row))
    assert len(set(gc[order[:32]])) < 32, "there are ties"
    assert np.array_equal(short.codes[384:416], pool[order[:32]])
    assert np.array_equal(short.codes[416:448], pool[order[-32:]])


def test_every_trained_entry_has_pairs(repo: Path) -> None:
    found = {
        path.parent.name: load(path.read_bytes())
        for path in sorted((repo / "zoo").glob("*/probe.safetensors"))
        if (repo / "recipes" / f"{path.parent.name}.yaml").exists()
    }
    assert {"atac_yeast", "brain_cell_types", "ctcf_dream", "ctcf_gm12878"} <= set(found)
    for name, probe in found.items():
        scores = pair_scores(probe["expected"], probe["pairs"])
        assert len(scores) >= 8, name
        assert (np.abs(scores).max(axis=0) > 0).all(), f"{name}: each track has a score"
