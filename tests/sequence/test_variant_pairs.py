"""Windows with variants, and differences of scores, against values derived by hand."""

from __future__ import annotations

import numpy as np

from zooctl.sequence.variant_pairs import (
    LONGEST,
    pair_scores,
    score_differences,
    with_variants,
)

PAIRS = np.array([[0, 1], [0, 2]], np.int32)


def variants(windows: np.ndarray, first: int, last: int, seed: int = 0) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    return with_variants(windows.astype(np.uint8), first, last, rng)


def test_an_insertion_moves_the_rest_to_the_right() -> None:
    windows = np.tile(np.arange(40) % 4, (8, 1))
    for seed in range(20):
        found = variants(windows, 10, 11, seed)[6]
        assert found[:11].tolist() == windows[6, :11].tolist()
        kept = [
            n for n in range(1, LONGEST + 1) if (found[11 + n :] == windows[6, 11 : 32 - n]).all()
        ]
        assert kept


def test_a_deletion_draws_bases_from_the_right() -> None:
    windows = np.tile(np.arange(40) % 4, (8, 1))
    for seed in range(20):
        found = variants(windows, 10, 11, seed)[7]
        assert found[:11].tolist() == windows[7, :11].tolist()
        n = [n for n in range(1, LONGEST + 1) if (found[11:] == windows[7, 11 + n : 32 + n]).all()]
        assert n, "and no base is made up"


def test_a_variant_is_of_a_known_base() -> None:
    windows = np.full((8, 40), 4)
    windows[:, 20] = 1
    found = variants(windows, 10, 30)
    for row in range(6):
        assert np.flatnonzero(found[row] != 4).tolist() == [20]
        assert found[row, 20] in (0, 2, 3)


def test_scores_are_of_means_over_bins() -> None:
    values = np.array([[[1.0, 3.0]], [[2.0, 4.0]], [[0.0, 0.0]]], np.float32)
    assert pair_scores(values, PAIRS).tolist() == [[1.0], [-2.0]]


def test_differences_are_in_typical_scores() -> None:
    values = np.array([[[1.0, 3.0]], [[2.0, 4.0]], [[0.0, 0.0]]], np.float32)
    other = values.copy()
    other[1] += 0.25
    # The typical score is the root of (1 + 4) / 2.
    np.testing.assert_allclose(
        score_differences(values, other, PAIRS), [[0.25 / np.sqrt(2.5)], [0.0]], rtol=1e-5
    )


def test_rounding_of_large_predictions_is_no_difference() -> None:
    values = np.full((3, 1, 2), 1000, np.float32)
    values[1:] += np.float32(1e-3)
    other = values.copy()
    other[1] = np.nextafter(values[1], np.float32(2000))
    assert score_differences(values, other, PAIRS).tolist() == [[0.0], [0.0]]
    other[1] += np.float32(1e-3)
    assert score_differences(values, other, PAIRS)[0, 0] > 0.5


def test_a_track_without_scores_may_not_get_any() -> None:
    values = np.ones((3, 1, 2), np.float32)
    assert score_differences(values, values, PAIRS).tolist() == [[0.0], [0.0]]
    other = values.copy()
    other[2] += 1
    assert score_differences(values, other, PAIRS).tolist() == [[0.0], [np.inf]]
