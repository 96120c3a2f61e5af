"""Peaks merge as in Basset, and their windows stay in their region."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.intervals.peaks import Peaks, read_peaks
from zooctl.schema.recipe.windows import PeakWindows
from zooctl.sequence.intervals import Interval
from zooctl.sequence.windows import Geometry
from zooctl.training.data.dataset import Dataset
from zooctl.training.data.peak_windows import merge_centres, peak_cores, touching
from zooctl.training.data.sampling import tile

GEOMETRY = Geometry(input_length=16, output_length=8, bin_size=2, core_length=4)


def peaks(*places: tuple[int, int], summits: Sequence[int] | None = None) -> Peaks:
    start, end = np.array(places, dtype=np.int64).T
    summit = None if summits is None else np.array(summits)
    return Peaks(np.full(len(places), "chr1"), start, end, None, summit)


def dataset(**sources: Peaks) -> Dataset:
    empty = {"chr1": np.zeros((1, 400), np.float32)}
    return Dataset(GEOMETRY, {"chr1": np.zeros(400, np.uint8)}, empty, empty, peaks=sources)


def by_hand(centres: list[int], sources: list[int], length: int, overlap: int) -> list[int]:
    """All pairs over and over: the largest overlap merges, until none is large enough."""
    found = sorted((c, s, frozenset([s])) for c, s in zip(centres, sources, strict=True))
    peaks = [(c, who) for c, _, who in found]
    while len(peaks) > 1:
        overlaps = [length - (peaks[i + 1][0] - peaks[i][0]) for i in range(len(peaks) - 1)]
        at = overlaps.index(max(overlaps))
        if overlaps[at] < overlap:
            break
        (a, who_a), (b, who_b) = peaks[at], peaks[at + 1]
        weight_a, weight_b = 1 + len(who_a), 1 + len(who_b)
        centre = int(0.5 + (a * weight_a + b * weight_b) / (weight_a + weight_b))
        peaks[at : at + 2] = [(centre, who_a | who_b)]
    return [c for c, _ in peaks]


@settings(deadline=None)
@given(
    found=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3)), max_size=25),
    overlap=st.integers(1, 600),
)
def test_merging_agrees_with_all_pairs(found: list[tuple[int, int]], overlap: int) -> None:
    centres, sources = [c for c, _ in found], [s for _, s in found]
    expected = by_hand(centres, sources, 600, overlap)
    assert merge_centres(centres, sources, 600, overlap) == expected


def test_merging_weighs_by_sources() -> None:
    # 100 and 110 of two sources make 105 of weight 3; with 165 of weight 2: (315 + 330) / 5 = 129.
    assert merge_centres([100, 110, 165], [0, 1, 2], 100, 40) == [129]
    # Of one source twice: its weight stays 2, so (210 + 330) / 4 = 135.
    assert merge_centres([100, 110, 165], [0, 0, 0], 100, 40) == [135]
    # 61 apart is too far for an overlap of 40.
    assert merge_centres([100, 161], [0, 1], 100, 40) == [100, 161]


def test_cores_are_centred_and_inside() -> None:
    windows = PeakWindows(key="peak_centred", sources=("a",), merge_overlap=10, negatives=1)
    data = dataset(a=peaks((10, 14), (50, 60), (191, 195), summits=[12, 51, 192]))
    region = Interval("chr1", 0, 200)
    # Centres 12, 55, 193: input is 8 on either side, and 193 + 8 is beyond the region.
    assert peak_cores(data, (region,), windows, 0).start.tolist() == [10, 53]
    assert peak_cores(data, (region,), windows, 5).start.tolist() == [53]
    at_summit = windows.model_copy(update={"centre": "summit"})
    assert peak_cores(data, (region,), at_summit, 0).start.tolist() == [10, 49, 190]
    with pytest.raises(InputError, match="peaks without summits"):
        peak_cores(dataset(a=peaks((10, 14))), (region,), at_summit, 0)


@settings(deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 380), st.integers(1, 20)), max_size=8),
    margin=st.integers(0, 6),
)
def test_windows_without_a_peak_have_none(places: list[tuple[int, int]], margin: int) -> None:
    found = [(start, start + length) for start, length in places]
    data = dataset(a=peaks(*found) if found else peaks((0, 1)).on("chr2"))
    chunks = tile(data, (Interval("chr1", 0, 400),), 4, margin)
    expected = [
        any(s < start + 10 + margin and e > start - 6 - margin for s, e in found)
        for start in chunks.start
    ]
    assert touching(data, chunks, ["a"], margin).tolist() == expected


def test_real_peaks_of_seven_cell_types(mirror: Path) -> None:
    files = sorted((mirror / "ctcf_encode_dream_chr20").glob("*.narrowPeak.gz"))
    found = [read_peaks(path) for path in files]
    centres = [int(c) for some in found for c in (some.start + some.end) // 2]
    sources = [number for number, some in enumerate(found) for _ in range(len(some))]
    merged = np.array(merge_centres(centres, sources, 600, 200))
    assert len(files) == 7
    assert (np.diff(merged) > 400).all()
    # Every peak lies within the window of a centre that stands for it.
    nearest = np.abs(np.array(centres)[:, None] - merged[None]).min(axis=1)
    assert nearest.max() <= 400
