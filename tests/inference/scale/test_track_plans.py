"""Tracks of a plan: the bytes of the plain run, and shards that hold each window once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_plan import MODEL, Zooctl

from zooctl.inference.scale.jobs.tracks import _stretches, part_of
from zooctl.inference.tracks.genome_grid import plan
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry

REGIONS = ["chr1:11-4,003", "chr1:5,001-8,990", "chr2:1-1,000"]
ASKED = [*MODEL, *(word for one in REGIONS for word in ("--region", one))]


@pytest.mark.parametrize("engine", ["auto", "plain"])
@pytest.mark.parametrize("name", ["a.bw", "a.bedgraph.gz"])
def test_plan_run_and_merge(name: str, engine: str, zooctl: Zooctl, here: Path) -> None:
    asked = [*ASKED, "--engine", engine, "--batch-size", "7"]
    assert zooctl("predict", *asked, "-o", name)[0] == 0
    code, _, err = zooctl("plan", "predict", *asked, "--shards", "5", "-o", "plan")
    assert code == 0, err
    assert zooctl("run", "plan", "--shard", "2/2")[0] == 0
    assert zooctl("run", "plan", "--shard", "1/2")[0] == 0
    code, out, err = zooctl("merge", "plan", "-o", f"b.{name}")
    ending = name[1:]
    paths = [here / f"a.{track}{ending}" for track in ("plus", "minus")]
    merged = [here / f"b.a.{track}{ending}" for track in ("plus", "minus")]
    assert (code, out.split()) == (0, [path.name for path in merged]), err
    for path, other in zip(paths, merged, strict=True):
        assert path.read_bytes() == other.read_bytes()


def test_workers_of_the_command_itself(zooctl: Zooctl, here: Path) -> None:
    (here / "plain").mkdir()
    (here / "shared").mkdir()
    assert zooctl("predict", *ASKED, "-o", "plain/")[0] == 0
    code, out, err = zooctl("predict", *ASKED, "-o", "shared/", "--workers", "2")
    assert code == 0, err
    assert out.split() == [f"shared/regions.toy.{track}.bw" for track in ("plus", "minus")]
    for path in (here / "plain").iterdir():
        assert path.read_bytes() == (here / "shared" / path.name).read_bytes()
    code, _, err = zooctl("predict", *ASKED, "-o", "a.tsv", "--workers", "2")
    assert (code, "several workers write tracks" in err) == (2, True)


def test_regions_from_a_pipe(zooctl: Zooctl) -> None:
    code, _, err = zooctl("plan", "predict", *MODEL, "--bed", "-", "-o", "plan")
    assert (code, "-: a plan is of files. Hint: write it into a file first" in err) == (2, True)


@pytest.mark.parametrize("tile", [1, 8])
@pytest.mark.parametrize("n", [1, 3, 7, 1_000])
def test_each_window_is_in_one_stretch(tile: int, n: int) -> None:
    """Windows of all stretches, listed one by one, are those of the grid; no tile is cut."""
    geometry = Geometry(64, 32, 8, 32)
    contigs = {"chr1": 9_000, "chr2": 40, "chr3": 3_000}
    intervals = [
        *(
            Interval("chr1", 50, 3_001),
            Interval("chr1", 3_005, 3_010),
            Interval("chr1", 7_777, 8_999),
        ),
        *(Interval("chr2", 0, 40), Interval("chr3", 100, 2_000)),
    ]
    grid = plan(intervals, contigs, geometry)
    found: list[tuple[str, int]] = []
    stretches = list(_stretches(grid, tile, n))
    bins = 0
    for work, ends in stretches:
        part = part_of(grid, ends["first"], ends["last"])
        windows = [(chrom, one) for chrom in part.regions for one in part.windows(chrom).tolist()]
        assert len(windows) == work
        found += windows
        bins += part.n_bins
        if found[len(windows) :]:
            before, first = found[-len(windows) - 1], windows[0]
            assert (before[0], before[1] // tile) != (first[0], first[1] // tile)
    assert found == [(chrom, one) for chrom in contigs for one in grid.windows(chrom).tolist()]
    assert bins == grid.n_bins
    assert len(stretches) <= n
    sizes = np.array([work for work, _ in stretches])
    assert sizes.max() <= -(-grid.n_windows // n) + tile
