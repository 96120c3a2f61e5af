"""MeasuredBins bins against the definition, on a contig small enough to see."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.evaluation.data import measured_bins as module
from zooctl.evaluation.data.measured_bins import measure_bins
from zooctl.schema.recipe.evaluation import Rules
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning

LENGTH = 10_000
BINS = range(0, 19)


@pytest.fixture
def signal() -> np.ndarray:
    found = np.random.default_rng(0).poisson(0.3, LENGTH).astype(np.float32)
    found[1_100:1_200] = 9
    found[1_150] = 12
    found[3_000:3_050] = 8
    return found


@pytest.fixture
def control() -> np.ndarray:
    found = np.random.default_rng(1).poisson(0.2, LENGTH).astype(np.float32)
    found[3_040] = 4
    found[1_100:1_200] = 3.5
    return found


def test_bins_by_definition(
    signal: np.ndarray, control: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 2048)
    found = measure_bins(signal, PLAIN, [control], BINS, Rules(), 32)
    bins = signal[: 19 * 512].reshape(19, 512)
    np.testing.assert_allclose(found.mean, bins.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.fine, bins.reshape(-1, 32).mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.highest, bins.max(axis=1))
    np.testing.assert_array_equal(found.summit, np.arange(19) * 512 + bins.argmax(axis=1))
    assert found.starts[10] == 5_120
    assert found.known.all()
    part = measure_bins(signal, PLAIN, [control], range(5, 9), Rules(), 32)
    np.testing.assert_array_equal(part.starts, found.starts[5:9])
    np.testing.assert_array_equal(part.fine, found.fine[80:144])
    assert len(measure_bins(signal, PLAIN, [control], range(5, 5), Rules(), 32).mean) == 0


def test_positive_is_high_in_the_signal_and_above_every_control(
    signal: np.ndarray, control: np.ndarray
) -> None:
    def found(controls: list[np.ndarray], rules: Rules) -> tuple[list[int], list[int]]:
        bins = measure_bins(signal, PLAIN, controls, BINS, rules, 32)
        return np.flatnonzero(bins.positive).tolist(), np.flatnonzero(bins.ambiguous).tolist()

    # Bin 2 is 12 high with a control of 3.5, bin 5 is 8 high with a control of 4 beside its summit.
    assert found([control], Rules()) == ([2], [5])
    assert found([control], Rules(positive_control_ratio=2)) == ([2, 5], [])
    assert found([control], Rules(positive_control_ratio=12 / 3.5 + 1e-6)) == ([], [2, 5])
    # Both have to be three times every control, one after the other or at once.
    assert found([np.ones(LENGTH, np.float32), control], Rules()) == ([2], [5])
    assert found([np.full(LENGTH, 4.5, np.float32), control], Rules()) == ([], [2, 5])
    assert found([], Rules()) == ([2, 5], [])
    assert found([control], Rules(positive_min_signal=8.5)) == ([2], [])
    # 100 of the 512 bases from 1,024 on are 9 high, 50 of those from 2,560 on are 8 high.
    assert found([], Rules(positive_share=0.09)) == ([2, 5], [])
    assert found([], Rules(positive_share=0.1)) == ([2], [])
    assert found([], Rules(positive_share=0.2)) == ([], [])


def test_transforms_are_undone_and_sums_are_of_the_models_bins(signal: np.ndarray) -> None:
    plain = measure_bins(signal, PLAIN, [], BINS, Rules(), 32)
    arcsinh = measure_bins(signal, Binning("mean", "arcsinh"), [], BINS, Rules(), 32)
    np.testing.assert_array_equal(arcsinh.mean, plain.mean)
    np.testing.assert_array_equal(arcsinh.fine, plain.fine)
    summed = measure_bins(signal, Binning("sum", "log1p"), [], BINS, Rules(), 32)
    np.testing.assert_allclose(summed.fine, plain.fine * 32, rtol=1e-6)
    np.testing.assert_allclose(summed.mean, summed.fine.reshape(19, 16).mean(axis=1), rtol=1e-5)


def test_labels_are_themselves_strong_weak_or_unknown() -> None:
    bases = np.zeros(4 * 512, np.float32)
    bases[:300] = 1
    bases[512:600] = 1
    bases[1_024:1_100] = np.nan
    found = measure_bins(bases, Binning("label"), [], range(4), Rules(), 128)
    # Bin 0 is covered by more than half, bin 1 by less, bin 2 touches a weak peak.
    np.testing.assert_array_equal(found.mean, [1, np.nan, np.nan, 0])
    assert found.positive.tolist() == [True, False, False, False]
    assert found.known.tolist() == [True, False, False, True]
    expected = [1, 1, np.nan, 0, 1, 0, 0, 0, np.nan, 0, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(found.fine, expected)
    assert found.summit.tolist() == [256, 768, 1_280, 1_792]
    assert found.highest.tolist() == [1, 0, 0, 0]
