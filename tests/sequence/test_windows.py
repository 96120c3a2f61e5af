from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.sequence.onehot import N
from zooctl.sequence.windows import (
    Geometry,
    gather,
    grid_windows,
    mostly_unknown_bins,
    unknown_fraction,
)

RESIDUALBIND = Geometry(input_length=2048, output_length=2048, bin_size=32, core_length=1024)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    bin_size = draw(st.integers(1, 8))
    core = bin_size * draw(st.integers(1, 8))
    output = core + 2 * bin_size * draw(st.integers(0, 4))
    return Geometry(output + 2 * draw(st.integers(0, 20)), output, bin_size, core)


def intervals(largest: int = 2_000) -> st.SearchStrategy[list[tuple[int, int]]]:
    pair = st.tuples(st.integers(0, largest), st.integers(0, 300))
    return st.lists(pair.map(lambda p: (p[0], p[0] + p[1])), max_size=12)


def grid(pairs: list[tuple[int, int]], core: int) -> list[int]:
    starts, ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return grid_windows(starts, ends, core).tolist()


def test_numbers_of_a_real_window() -> None:
    assert RESIDUALBIND.n_bins == 64
    assert RESIDUALBIND.core_bins == 32
    assert RESIDUALBIND.core_bin_offset == 16
    assert RESIDUALBIND.input_flank == 512


@given(geometries())
def test_input_output_and_core_share_their_centre(window: Geometry) -> None:
    k = np.arange(5)
    output_starts = k * window.core_length - window.core_bin_offset * window.bin_size
    for starts, length in (
        (window.input_starts(k), window.input_length),
        (output_starts, window.output_length),
    ):
        assert np.array_equal(2 * starts + length, 2 * k * window.core_length + window.core_length)


@given(window=geometries(), base=st.integers(0, 10_000))
def test_every_base_lies_in_exactly_one_core(window: Geometry, base: int) -> None:
    k = np.arange(base // window.core_length + 3)
    starts = k * window.core_length
    assert ((starts <= base) & (base < starts + window.core_length)).sum() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bin_size": 0}, "bin_size"),
        ({"core_length": -32}, "core_length"),
        ({"output_length": 4096}, "output_length"),
        ({"core_length": 4096}, "core_length"),
        ({"output_length": 2000}, "output_length"),
        ({"core_length": 1000}, "core_length"),
        ({"input_length": 2049}, "output_length"),
        ({"core_length": 1024 + 32}, "core_length"),
    ],
)
def test_lengths_that_do_not_fit(change: dict[str, int], field: str) -> None:
    with pytest.raises(InputError) as caught:
        dataclasses.replace(RESIDUALBIND, **change)
    assert caught.value.field == field


@given(a=intervals(), b=intervals(), core=st.integers(1, 130))
def test_grid_of_a_union_is_the_union_of_grids(
    a: list[tuple[int, int]], b: list[tuple[int, int]], core: int
) -> None:
    assert grid(a + b, core) == sorted({*grid(a, core), *grid(b, core)})


@given(pairs=intervals(), core=st.integers(1, 130))
def test_grid_is_what_bases_need_and_no_more(pairs: list[tuple[int, int]], core: int) -> None:
    bases = {base for start, end in pairs for base in range(start, end)}
    assert grid(pairs, core) == sorted({base // core for base in bases})


@given(pairs=intervals(), core=st.integers(1, 130), seed=st.randoms(use_true_random=False))
def test_order_and_duplicates_do_not_matter(
    pairs: list[tuple[int, int]], core: int, seed: object
) -> None:
    shuffled = pairs * 2
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert grid(shuffled, core) == grid(pairs, core)


def test_grid_of_nothing() -> None:
    assert grid([], 512) == []
    assert grid([(7, 7)], 512) == []


def test_grid_of_a_whole_chromosome_is_dense() -> None:
    windows = grid_windows(np.array([0]), np.array([248_956_422]), 1024)
    assert np.array_equal(windows, np.arange(-(-248_956_422 // 1024)))


@given(
    contig=st.binary(max_size=60),
    starts=st.lists(st.integers(-80, 80), max_size=10),
    length=st.integers(1, 70),
)
def test_gather_by_definition(contig: bytes, starts: list[int], length: int) -> None:
    codes = np.frombuffer(contig, dtype=np.uint8) % 5
    windows = gather(codes, np.array(starts, dtype=np.int64), length)
    assert windows.shape == (len(starts), length)
    assert windows.dtype == np.uint8
    for row, start in zip(windows, starts, strict=True):
        expected = [codes[at] if 0 <= at < len(codes) else N for at in range(start, start + length)]
        assert row.tolist() == expected


def test_gathered_windows_are_copies() -> None:
    codes = np.zeros(10, dtype=np.uint8)
    gather(codes, np.array([0, 1]), 5)[:] = N
    assert not codes.any()


@given(st.integers(0, 20), st.integers(1, 20))
def test_unknown_fraction(n_unknown: int, n_known: int) -> None:
    window = np.array([[N] * n_unknown + [0] * n_known], dtype=np.uint8)
    assert unknown_fraction(window)[0] == n_unknown / (n_unknown + n_known)


@given(geometries(), st.integers(0, 2**32))
def test_bins_of_more_than_half_n_by_definition(window: Geometry, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(2, 5, (3, window.input_length)).astype(np.uint8)
    found = mostly_unknown_bins(codes, window)
    assert found.shape == (3, window.core_bins)
    for row, unknown in zip(codes.tolist(), found.tolist(), strict=True):
        for index, value in enumerate(unknown):
            first = window.input_flank + index * window.bin_size
            bases = row[first : first + window.bin_size]
            assert value == (bases.count(N) > window.bin_size / 2)
