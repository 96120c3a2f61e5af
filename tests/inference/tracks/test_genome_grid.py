"""Plans on the genome grid, and batches of windows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zooctl.inference.tracks.genome_grid import plan, read_batches
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

GEOMETRY = Geometry(input_length=16, output_length=12, bin_size=2, core_length=8)


class Genome:
    """Contigs in memory, which notes what is read of them."""

    def __init__(self, **contigs: Codes) -> None:
        self.sequences = contigs
        self.contigs = {name: len(codes) for name, codes in contigs.items()}
        self.read = 0

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        self.read += end - start
        codes = self.sequences[chrom]
        known = codes[max(start, 0) : max(end, 0)]
        before = min(max(-start, 0), end - start)
        after = end - start - before - len(known)
        return np.pad(known, (before, after), constant_values=4)


def random_genome(seed: int, **lengths: int) -> Genome:
    rng = np.random.default_rng(seed)
    return Genome(**{name: rng.integers(0, 4, n, dtype=np.uint8) for name, n in lengths.items()})


INTERVALS = st.lists(
    st.tuples(st.sampled_from(["chrB", "chrA"]), st.integers(0, 99), st.integers(0, 40)).map(
        lambda drawn: Interval(drawn[0], drawn[1], min(100, drawn[1] + drawn[2]))
    ),
    max_size=6,
)


@given(INTERVALS)
def test_plan_wants_each_bin_that_overlaps_a_region(intervals: list[Interval]) -> None:
    found = plan(intervals, {"chrB": 100, "chrA": 101}, GEOMETRY)
    bins = {
        (chrom, start)
        for chrom, first, last in intervals
        for start in range(0, 100, 2)
        if first < start + 2 and last > start and last > first
    }
    starts = np.arange(0, 120, 2)
    wanted = {
        (chrom, start)
        for chrom in found.regions
        for start, yes in zip(starts.tolist(), found.overlapping(chrom, starts), strict=True)
        if yes
    }
    assert wanted == bins
    assert found.n_bins == len(bins)
    assert found.n_windows == len({(chrom, start // 8) for chrom, start in bins})
    assert list(found.regions) == [name for name in ("chrB", "chrA") if name in dict(bins)]


@given(INTERVALS, st.integers(1, 9))
def test_batches_hold_the_plans_windows(intervals: list[Interval], batch_size: int) -> None:
    genome = random_genome(0, chrB=100, chrA=101)
    genome.sequences["chrB"][20:50] = 4
    laid = plan(intervals, genome.contigs, GEOMETRY)
    seen, skipped, sizes = [], 0, []
    for batch in read_batches(laid, genome, batch_size):
        sizes.append(len(batch.codes))
        skipped += batch.skipped
        places = [(chrom, k) for chrom, windows in batch.parts for k in windows.tolist()]
        assert len(places) == len(batch.codes)
        for codes, (chrom, k) in zip(batch.codes, places, strict=True):
            assert codes.tolist() == genome.padded_codes(chrom, 8 * k - 4, 8 * k + 12).tolist()
        seen += places
    windows = [(chrom, k) for chrom in laid.regions for k in laid.windows(chrom).tolist()]
    known = [
        (chrom, k)
        for chrom, k in windows
        if (genome.padded_codes(chrom, 8 * k - 4, 8 * k + 12) == 4).sum() <= 8
    ]
    assert seen == known
    assert skipped == len(windows) - len(known)
    assert all(size == batch_size for size in sizes[:-1])


def test_half_unknown_is_kept_and_more_is_not() -> None:
    genome = Genome(chr1=np.array([0] * 12 + [4] * 100, dtype=np.uint8))
    laid = plan([Interval("chr1", 0, 24)], genome.contigs, GEOMETRY)
    (batch,) = read_batches(laid, genome, 8)
    # Inputs: 4 unknown of 16 (overhang), 8 of 16, 16 of 16.
    assert [windows.tolist() for _, windows in batch.parts] == [[0, 1]]
    assert batch.skipped == 1


def test_distant_regions_are_read_apart() -> None:
    genome = random_genome(1, chr1=10_000_000)
    far = [Interval("chr1", start, start + 8) for start in (0, 5_000_000, 9_000_000)]
    laid = plan(far, genome.contigs, GEOMETRY)
    assert sum(len(batch.codes) for batch in read_batches(laid, genome, 64)) == 3
    assert genome.read == 3 * 16


def test_neighbours_are_read_once() -> None:
    genome = random_genome(1, chr1=5_000_000)
    laid = plan([Interval("chr1", 0, 5_000_000)], genome.contigs, GEOMETRY)
    for _ in read_batches(laid, genome, 4096):
        pass
    assert genome.read < 5_000_100
