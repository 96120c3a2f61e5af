"""Correlation of tracks against numpy on the whole arrays; the chosen subset by its definition."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_files import write_bigwig

from zooctl.cli.main import run
from zooctl.errors import InputError
from zooctl.evaluation.track_correlation import choose_below, correlate_tracks
from zooctl.files.intervals.regions import read_regions

LENGTH = 10_000


@pytest.fixture
def tracks(tmp_path: Path) -> list[Path]:
    """Two tracks that are alike, and one apart; all empty in the last tenth."""
    rng = np.random.default_rng(0)
    one, other = rng.gamma(1, 2, (2, LENGTH)).astype(np.float32).round(3)
    rows = {"a": one, "b": one + other / 4, "c": other}
    for name, values in rows.items():
        values[9000:] = 0
        write_bigwig(tmp_path / f"{name}.bw", values)
    return [tmp_path / f"{name}.bw" for name in rows]


def test_it_is_numpy_s(tracks: list[Path]) -> None:
    found = correlate_tracks(tracks, bin_size=100)
    rng = np.random.default_rng(0)
    one, other = rng.gamma(1, 2, (2, LENGTH)).astype(np.float32).round(3)
    rows = np.stack([one, one + other / 4, other])[:, :9000].reshape(3, 90, 100).mean(axis=2)
    np.testing.assert_allclose(found.pearson, np.corrcoef(rows), atol=1e-5)
    assert found.n_bins == 90
    assert [found.names[index] for index in found.chosen] == ["a", "c"]


def test_a_region_is_compared_alone(tracks: list[Path]) -> None:
    found = correlate_tracks(tracks, read_regions(None, ["chr1:1-2000"]), bin_size=100)
    assert found.n_bins == 20


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 7), st.integers(0, 10**6), st.floats(-0.5, 1))
def test_no_two_chosen_reach_the_bound(n: int, seed: int, bound: float) -> None:
    matrix = np.corrcoef(np.random.default_rng(seed).normal(size=(n, 5)))
    chosen = choose_below(matrix, bound)
    assert chosen
    assert all(matrix[i, j] < bound for i, j in combinations(chosen, 2))


def test_the_command(
    tracks: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = list(map(str, tracks))
    given = ["data", "correlate", *names, "--bin", "100"]
    table, picture = tmp_path / "m.tsv", tmp_path / "m.png"
    assert run([*given, "--json", "-o", str(table), "--plot", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["chosen"] == ["a", "c"]
    assert table.read_text().splitlines()[0] == "track\ta\tb\tc"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert run(given) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["track", "a", "b", "c", "chosen"]


def test_one_track_is_refused(tracks: list[Path]) -> None:
    with pytest.raises(InputError, match="two tracks or more"):
        correlate_tracks(tracks[:1])
