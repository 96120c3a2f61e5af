"""The variation score on toy models whose score is derived by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zooctl.evaluation.metrics.robustness import shared_length, variation_score
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry

GENOME = np.random.default_rng(0).integers(0, 4, 20_000).astype(np.uint8)
CENTRES = np.array([5_000, 9_001, 12_345])


def window(low: int, high: int) -> Codes:
    return GENOME[low:high]


def per_base(codes: Codes) -> NDArray[np.float32]:
    """A model of the base alone, one track with bins of 1: it knows no window."""
    return (codes[:, None, :] + 1).astype(np.float32)


def test_the_paper_s_geometry() -> None:
    assert shared_length(Geometry(2048, 2048, 32, 1024), 512) == 1024
    found = variation_score(per_base, window, CENTRES, Geometry(256, 256, 1, 128), n_shifts=2000)
    assert (found.shifts.min(), found.shifts.max()) == (-64, 63)


def test_a_model_of_the_base_alone_does_not_vary() -> None:
    geometry = Geometry(256, 256, 1, 128)
    found = variation_score(per_base, window, CENTRES, geometry)
    assert found.value == 0.0
    assert found.scores.shape == (3, 1)


def test_outputs_shorter_than_inputs_are_aligned_too() -> None:
    geometry = Geometry(256, 128, 1, 64)

    def middle(codes: Codes) -> NDArray[np.float32]:
        return per_base(codes)[:, :, 64:192]

    assert variation_score(middle, window, CENTRES, geometry).value == 0.0


def test_a_ramp_over_the_window_by_hand() -> None:
    # Output b of bin size 1 is its index: at one base the values differ by the shifts alone.
    geometry = Geometry(256, 256, 1, 128)

    def ramp(codes: Codes) -> NDArray[np.float32]:
        return np.tile(np.arange(256, dtype=np.float32), (len(codes), 1, 1))

    found = variation_score(ramp, window, CENTRES[:1], geometry, n_shifts=7, seed=3)
    index = 64 + np.arange(128)[:, None] - found.shifts[None]
    assert found.value == pytest.approx(found.shifts.std() / index.mean())


def test_binned_outputs_count_at_every_base() -> None:
    # Bins of 4 hold their index; bases of a bin move to another one as the window moves.
    geometry = Geometry(64, 64, 4, 32)

    def ramp(codes: Codes) -> NDArray[np.float32]:
        return np.tile(np.arange(16, dtype=np.float32), (len(codes), 2, 1))

    found = variation_score(ramp, window, CENTRES, geometry, n_shifts=5, max_shift=16, seed=1)
    per_position = np.array([[(16 + p - s) // 4 for s in found.shifts] for p in range(32)])
    expected = per_position.std(axis=1).mean() / per_position.mean()
    np.testing.assert_allclose(found.scores, np.full((3, 2), expected))


def test_nothing_predicted_has_no_score() -> None:
    geometry = Geometry(64, 64, 4, 32)
    found = variation_score(
        lambda codes: np.zeros((len(codes), 1, 16), np.float32), window, CENTRES, geometry
    )
    assert np.isnan(found.value)


def test_seeded() -> None:
    geometry = Geometry(256, 256, 1, 128)

    def uneven(codes: Codes) -> NDArray[np.float32]:
        return per_base(codes) * np.linspace(1, 2, 256, dtype=np.float32)

    values = [variation_score(uneven, window, CENTRES, geometry, seed=s).value for s in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_bins_of_more_than_half_n_do_not_count() -> None:
    # A gap of 40 within the bases that all windows share; the model is wild in it alone.
    gapped = GENOME.copy()
    gapped[5_000:5_040] = 4
    geometry = Geometry(256, 256, 1, 128)

    def wild_in_gaps(codes: Codes) -> NDArray[np.float32]:
        noise = np.random.default_rng(0).random(codes.shape).astype(np.float32)
        return np.where(codes == 4, 100 * noise, 1)[:, None]

    found = variation_score(wild_in_gaps, lambda low, high: gapped[low:high], CENTRES, geometry)
    np.testing.assert_array_equal(found.scores, np.zeros((3, 1)))
    gapped[:] = 4
    found = variation_score(wild_in_gaps, lambda low, high: gapped[low:high], CENTRES, geometry)
    assert np.isnan(found.scores).all()


def test_windows_of_more_than_half_n_do_not_count() -> None:
    # All windows see the gap: 120 of their 256 bases, then 130.
    gapped = GENOME.copy()
    gapped[4_870:4_990] = 4
    geometry = Geometry(256, 64, 1, 64)

    def wild_beside_gaps(codes: Codes) -> NDArray[np.float32]:
        n_unknown = (codes == 4).sum(axis=1)
        return np.broadcast_to(n_unknown[:, None, None], (len(codes), 1, 64)).astype(np.float32)

    found = variation_score(
        wild_beside_gaps, lambda low, high: gapped[low:high], np.array([5_000]), geometry
    )
    assert np.isfinite(found.scores).all()
    gapped[4_860:4_990] = 4
    found = variation_score(
        wild_beside_gaps, lambda low, high: gapped[low:high], np.array([5_000]), geometry
    )
    assert np.isnan(found.scores).all()
