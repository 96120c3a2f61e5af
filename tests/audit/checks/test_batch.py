"""Batches that explain more than biology does, and those that do not."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest
import toy_audit

from zooctl.audit.checks.batch import batch
from zooctl.audit.findings import Outcome

RNG = np.random.default_rng(7)


def blocks() -> np.ndarray:
    """A signal that differs from unit to unit."""
    return np.repeat(RNG.gamma(1, 3, toy_audit.LENGTH // 32), 32)[: toy_audit.LENGTH]


def found(rows: list[np.ndarray], origins: list[tuple[str | None, str]]) -> Outcome:
    """Audit tracks of these batches and biosamples."""
    names = [f"t{number}" for number in range(len(rows))]
    sources = [
        toy_audit.source(name, biosample=biosample, batch=where)
        for name, (where, biosample) in zip(names, origins, strict=True)
    ]
    targets = [{"track": n, "signal": {"key": "bigwig", "source": n}} for n in names]
    windows: dict[str, Any] = {"key": "tiling", "stride": 32}
    recipe = toy_audit.recipe(sources=sources, targets=targets, windows=windows)
    signal = np.stack(rows).astype(np.float32)
    inputs, data = toy_audit.inputs(recipe, dict.fromkeys(toy_audit.CHROMS, signal))
    return batch(inputs, data)


def test_a_batch_that_outweighs_biology_is_a_warning() -> None:
    a, b, first, second = (blocks() for _ in range(4))
    rows = [a + 9 * first, b + 9 * first, a + 9 * second, b + 9 * second]
    origins: list[tuple[str | None, str]] = [("1", "A"), ("1", "B"), ("2", "A"), ("2", "B")]
    outcome = found(rows, origins)
    assert outcome.level == "warning"
    assert outcome.evidence["one batch, other biology"] == {"pairs": 2, "pearson": ANY}
    rows = [9 * a + first, 9 * b + first, 9 * a + second, 9 * b + second]
    assert found(rows, origins).level == "clear"


def test_batches_that_hold_one_biology_each_cannot_be_told_from_it() -> None:
    first, second = blocks(), blocks()
    rows = [first + blocks() / 9, first + blocks() / 9, second, second + blocks() / 9]
    outcome = found(rows, [("1", "A"), ("1", "B"), ("2", "C"), ("2", "D")])
    assert outcome.level == "note"
    assert "cannot be told apart" in outcome.summary


@pytest.mark.parametrize("origins", [[(None, "A"), (None, "B")], [("1", "A"), (None, "B")]])
def test_unstated_batches_are_not_judged(origins: list[tuple[str | None, str]]) -> None:
    assert found([blocks(), blocks()], origins).level == "none to check"
