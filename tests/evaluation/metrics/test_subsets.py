"""Test sets by signal and on peaks, and resolutions, on tracks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.evaluation.metrics import regression
from zooctl.evaluation.metrics.profiles import TrackBins
from zooctl.evaluation.metrics.subsets import over_resolutions, over_subsets
from zooctl.schema.recipe.evaluation import Rules

RULES = Rules(sequence_length=128)


@pytest.fixture
def tracks() -> list[TrackBins]:
    rng = np.random.default_rng(0)
    found = []
    for n in (400, 80):
        measured = rng.gamma(0.5, 1, n)
        measured[: n // 2] = 0
        predicted = measured + rng.gamma(1, 1, n)
        used, block = np.ones(n, np.bool_), np.zeros(n, np.int64)
        found.append(TrackBins(0, 32, predicted, measured, used, block))
    return found


def test_resolutions_are_of_means(tracks: list[TrackBins]) -> None:
    fine, coarse = over_resolutions(tracks, [32, 96], RULES)
    assert (fine.resolution, coarse.resolution) == (32, 96)
    assert fine.agreement.n_bins == 480
    predicted, measured = (
        np.concatenate(
            [
                getattr(one, side)[: len(one.used) // 3 * 3].reshape(-1, 3).mean(axis=1)
                for one in tracks
            ]
        )
        for side in ("predicted", "measured")
    )
    assert coarse.agreement.n_bins == len(predicted) == 133 + 26
    assert coarse.agreement.pearson == pytest.approx(regression.pearson(predicted, measured))


@pytest.mark.parametrize("size", [16, 48, 33])
def test_targets_are_never_binned_up(tracks: list[TrackBins], size: int) -> None:
    with pytest.raises(InputError, match="multiple of the model's bins") as caught:
        over_resolutions(tracks, [32, size], RULES)
    assert "multiples of 32" in str(caught.value)


def test_thresholds_select_profiles(tracks: list[TrackBins]) -> None:
    found = over_subsets(tracks, [[], []], RULES, [0.0, 1.0, 99.0])
    # No profile reaches the last.
    assert [(one.kind, one.threshold) for one in found] == [("threshold", 0.0), ("threshold", 1.0)]
    highest = np.concatenate([one.measured.reshape(-1, 4).max(axis=1) for one in tracks])
    assert found[0].agreement.n_sequences == 120
    assert found[1].agreement.n_sequences == (highest >= 1).sum()
    sweep = [one.threshold for one in over_subsets(tracks, [[], []], RULES)]
    assert sweep[0] == pytest.approx(np.median(highest[highest > 0]), rel=0.01)
    assert sweep == sorted(set(sweep))
    assert (highest >= sweep[-1]).sum() >= 20


def test_peaks_are_in_the_middle(tracks: list[TrackBins]) -> None:
    summits = [int(np.argmax(one.measured)) * 32 for one in tracks]
    (centred,) = [
        one for one in over_subsets(tracks, [[s] for s in summits], RULES) if one.kind == "peaks"
    ]
    assert centred.agreement.n_sequences == 2
    around = [
        one.measured[place // 32 - 2 : place // 32 + 2]
        for one, place in zip(tracks, summits, strict=True)
    ]
    predicted = [
        one.predicted[place // 32 - 2 : place // 32 + 2]
        for one, place in zip(tracks, summits, strict=True)
    ]
    expected = regression.pearson(np.concatenate(predicted), np.concatenate(around))
    assert centred.agreement.pearson == pytest.approx(expected)


def test_one_factor_serves_all_resolutions_and_subsets(tracks: list[TrackBins]) -> None:
    # A bin that does not count has no part in it.
    tracks[0].used[3], tracks[0].predicted[3] = False, 1e9
    predicted, measured = (
        np.concatenate([getattr(one, side)[one.used] for one in tracks])
        for side in ("predicted", "measured")
    )
    scale = measured.mean(dtype=np.float64) / predicted.mean(dtype=np.float64)
    summits = [[int(np.argmax(one.measured)) * 32] for one in tracks]
    found = [
        *over_resolutions(tracks, [32, 64, 96], RULES),
        *over_subsets(tracks, summits, RULES, [0.5, 1.0]),
    ]
    assert len(found) == 6
    assert [one.agreement.scale for one in found] == pytest.approx([scale] * 6)
    profiles = [one.profiles(RULES.sequence_length) for one in tracks]
    predicted, measured = (np.concatenate(side) for side in zip(*profiles, strict=True))
    rows = measured.max(axis=1) >= 1.0
    expected = ((predicted[rows] * scale - measured[rows]) ** 2).mean()
    assert found[4].agreement.scaled.mse == pytest.approx(expected)


def test_a_single_base_may_choose_a_profile(tracks: list[TrackBins]) -> None:
    """Each bin is a mean; one base of 50 lies in the last profile of each region."""
    highest = []
    for track in tracks:
        bases = track.measured.copy()
        bases[-3] = 50
        highest.append(bases)
    by_bin = over_subsets(tracks, [[], []], RULES, [40.0])
    assert by_bin == []
    (found,) = over_subsets(tracks, [[], []], RULES, [40.0], highest_base=highest)
    assert found.agreement.n_sequences == 2
    expected = np.concatenate([track.measured[-4:] for track in tracks])
    predicted = np.concatenate([track.predicted[-4:] for track in tracks])
    assert found.agreement.pearson == pytest.approx(regression.pearson(predicted, expected))
