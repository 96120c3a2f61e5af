from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.sequence.intervals import Interval, merge, parse_region

HG19 = {"chr20": 63_025_520, "chr21": 48_129_895}
HLA = {"HLA": 50_000, "HLA-A*01:01": 3_503, "HLA-A*01:01:01": 100, "a:1-20": 30, "a": 40}


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("chr21:30,000,001-31,000,000", 30_000_000, 31_000_000),
        ("chr21:30000001-31000000", 30_000_000, 31_000_000),
        (" chr21:1-1 ", 0, 1),
        ("chr21", 0, 48_129_895),
        ("{chr21}", 0, 48_129_895),
        ("{chr21}:5-6", 4, 6),
        ("chr21:48,129,895", 48_129_894, 48_129_895),
        ("chr21:11-", 10, 48_129_895),
        ("chr21:-11", 0, 11),
        ("chr21:1-48129895", 0, 48_129_895),
    ],
)
def test_regions(text: str, start: int, end: int) -> None:
    assert parse_region(text, HG19) == Interval("chr21", start, end)


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_text_of_an_interval_reads_back(start: int, length: int) -> None:
    interval = Interval("chr1", start, start + length)
    assert parse_region(str(interval)) == interval


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HLA-A*01:01", Interval("HLA-A*01:01", 0, 3_503)),
        ("HLA-A*01:01:5-9", Interval("HLA-A*01:01", 4, 9)),
        ("HLA-A*01:01:01", Interval("HLA-A*01:01:01", 0, 100)),
        ("HLA-A*01:01:01:7", Interval("HLA-A*01:01:01", 6, 100)),
        ("a:1-20", Interval("a:1-20", 0, 30)),
        ("{a}:1-20", Interval("a", 0, 20)),
    ],
)
def test_names_with_colons(text: str, expected: Interval) -> None:
    assert parse_region(text, HLA) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a region"),
        (":1-2", "not a region"),
        ("chr21:", "not a region"),
        ("chr21:-", "not a region"),
        ("chr21:a-b", "not a region"),
        ("chr21:1-2-3", "not a region"),
        ("chr21:1..5", "not a region"),
        ("chr21:1e3-2e3", "not a region"),
        ("chr21:1-" + "9" * 5_000, "not a region"),
        ("chr21:1-" + "9" * 20, "not a region"),
        ("chr21:1,00-2,00", "not a region"),
        ("{chr21}5-6", "not a region"),
        ("chr21:0-5", "starts at 0.*count from 1"),
        ("chr21:9-5", "ends before it starts"),
        ("chr21:1-48,129,896", "beyond the end .*48,129,895"),
        ("chr21:48,129,896", "ends before it starts"),
        ("21:1-5", "'21'.*--chrom-map"),
        ("chr2l", "not in the genome.*did you mean chr21"),
    ],
)
def test_bad_regions(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_region(text, HG19)


@pytest.mark.parametrize("text", ["chr21", "chr21:5", "chr21:5-"])
def test_open_end_needs_lengths(text: str) -> None:
    with pytest.raises(InputError, match="no end"):
        parse_region(text)


def test_closed_region_needs_no_lengths() -> None:
    assert parse_region("chr21:-5") == Interval("chr21", 0, 5)


pairs = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 20)), max_size=15)


@given(pairs)
def test_merging_keeps_the_bases_and_leaves_gaps(spans: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    ends = starts + np.array([length for _, length in spans], dtype=np.int64)
    merged = list(zip(*(side.tolist() for side in merge(starts, ends)), strict=True))
    covered = [base for start, end in merged for base in range(start, end)]
    expected = {base for start, length in spans for base in range(start, start + length)}
    assert covered == sorted(expected)
    assert all(left[1] < right[0] for left, right in pairwise(merged))
    assert all(start < end for start, end in merged)


def test_touching_intervals_become_one() -> None:
    starts, ends = merge(np.array([10, 0]), np.array([20, 10]))
    assert (starts.tolist(), ends.tolist()) == ([0], [20])


@pytest.mark.parametrize("digits", ["9" * 5000, str(2**63), "²", "٣"])
def test_regions_with_numbers_that_are_none(digits: str) -> None:
    for text in (f"chr1:{digits}-9", f"chr1:1-{digits}", f"chr1:-{digits}"):
        with pytest.raises(InputError) as caught:
            parse_region(text, {"chr1": 100})
        assert "not a region (got 'chr1:" in str(caught.value)
        assert len(str(caught.value)) < 200
