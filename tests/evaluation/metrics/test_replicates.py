"""Means over replicates, against a table of Student's t."""

from __future__ import annotations

import math

import pytest

from zooctl.evaluation.metrics.replicates import mean_with_interval

# 97.5 % points, as printed in any table.
T = {2: 4.303, 4: 2.776, 15: 2.131}


@pytest.mark.parametrize("df", T)
def test_interval(df: int) -> None:
    values = [0.1 * (i % 3) + 0.01 * i for i in range(df + 1)]
    n = len(values)
    mean = sum(values) / n
    error = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
    found = mean_with_interval(values)
    assert found.value == pytest.approx(mean)
    assert (found.low, found.high) == pytest.approx(
        (mean - T[df] * error, mean + T[df] * error), abs=1e-4
    )


def test_too_few() -> None:
    for values in ([0.5], [0.5, 0.7]):
        found = mean_with_interval(values)
        assert found.value == sum(values) / len(values)
        assert math.isnan(found.low)
        assert math.isnan(found.high)
