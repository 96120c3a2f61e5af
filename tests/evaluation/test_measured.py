"""Measured bins against the definition, on a contig small enough to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog.rules import Rules
from zooctl.evaluation import measured as module
from zooctl.evaluation.measured import measure
from zooctl.files.bigwig import BigWig, BigWigWriter
from zooctl.sequence.onehot import N

LENGTH = 10_000


def track(path: Path, values: np.ndarray) -> BigWig:
    with BigWigWriter(path, {"chr21": LENGTH}) as writer:
        writer.add_bins("chr21", 0, np.where(values == 0, np.nan, values), 1)
    return BigWig(path)


@pytest.fixture
def example(tmp_path: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    signal = rng.poisson(0.3, LENGTH).astype(np.float32)
    signal[1_100:1_200] = 9
    signal[1_150] = 12
    signal[3_000:3_050] = 8
    control = rng.poisson(0.2, LENGTH).astype(np.float32)
    control[3_040] = 4
    control[1_100:1_200] = 3.5
    codes = rng.integers(0, 4, LENGTH).astype(np.uint8)
    codes[5_000:5_600] = N
    return {"signal": signal, "control": control, "codes": codes}


def test_bins_by_definition(
    example: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 2048)
    signal, control = (track(tmp_path / f"{n}.bw", example[n]) for n in ("signal", "control"))
    found = measure("chr21", example["codes"], signal, [control], 512, 32)
    bins = example["signal"][: 19 * 512].reshape(19, 512)
    np.testing.assert_allclose(found.mean, bins.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.fine, bins.reshape(-1, 32).mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.highest, bins.max(axis=1))
    np.testing.assert_array_equal(found.summit, np.arange(19) * 512 + bins.argmax(axis=1))
    controls = example["control"][: 19 * 512].reshape(19, 512).max(axis=1)
    np.testing.assert_array_equal(found.control, controls)
    # N from 5,000 to 5,599: 120 bases of bin 9 and 480 of bin 10.
    assert found.unknown[9] == 120 / 512
    assert found.unknown[10] == 480 / 512
    assert found.starts[10] == 5_120


def test_strong_is_high_in_the_signal_and_low_in_every_control(
    example: dict[str, np.ndarray], tmp_path: Path
) -> None:
    signal, control = (track(tmp_path / f"{n}.bw", example[n]) for n in ("signal", "control"))
    quiet = track(tmp_path / "quiet.bw", np.ones(LENGTH, np.float32))
    codes = example["codes"]
    # The stretch at 3,000 is 8 high but has a control of 4 beside it: on the edge of both rules.
    one = measure("chr21", codes, signal, [control], 512, 32).strong(Rules())
    assert np.flatnonzero(one).tolist() == [2]
    both = measure("chr21", codes, signal, [quiet, control], 512, 32).strong(Rules())
    np.testing.assert_array_equal(one, both)
    none = measure("chr21", codes, signal, [], 512, 32).strong(Rules())
    assert np.flatnonzero(none).tolist() == [2, 5]
    lower = Rules(positive_min_signal=8.5, positive_max_control=4.5)
    assert np.flatnonzero(
        measure("chr21", codes, signal, [control], 512, 32).strong(lower)
    ).tolist() == [2]
