"""Mutagenesis where a window can differ from its own, against whole windows."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.catalog import registry
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.attribute import attribute
from zooctl.interpret.attribution.substitutions import substitute, substitute_by_change
from zooctl.interpret.attribution.target import target_of, weights_of
from zooctl.progress import no_advance

NAME = "ctcf_gm12878"


@pytest.fixture(scope="module")
def model() -> OpenModel:
    return OpenModel(registry.entry(NAME), SessionOptions(device="cpu", threads=2))


def test_changes_give_the_numbers_of_whole_windows(model: OpenModel) -> None:
    windows = np.random.default_rng(1).integers(0, 5, (2, 2_048), dtype=np.uint8)
    weights = weights_of(np.array([[10, 30], [0, 64]]), 64)
    target = target_of(model.card)
    advanced: list[float] = []
    span = (1_005, 1_050)
    assert model.changes is not None
    numbers, own = substitute_by_change(
        model.changes, windows, weights, target, span, advanced.append
    )
    expected, plain = substitute(
        model.session,
        windows,
        weights,
        target,
        span,
        no_advance,
    )
    np.testing.assert_allclose(own, plain, rtol=1e-5)
    np.testing.assert_allclose(numbers, expected, rtol=1e-5)
    # Each window, and each base at each position that does not stand there already.
    n_unknown = np.count_nonzero(windows[:, 1_005:1_050] == 4)
    assert sum(advanced) == 2 + 2 * 3 * 45 + n_unknown
    # A part of the span has the same bits.
    part, _ = substitute_by_change(
        model.changes, windows, weights, target, (1_020, 1_030), no_advance
    )
    np.testing.assert_array_equal(part, numbers[:, :, 15:25])


def test_plain_engine_predicts_whole_windows(
    model: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = OpenModel(registry.entry(NAME), SessionOptions(device="cpu", threads=1, engine="plain"))
    assert plain.changes is None
    codes = np.random.default_rng(2).integers(0, 4, (1, 2_048), dtype=np.uint8)
    expected = attribute(plain, codes, "ism", span=(1_000, 1_016))
    monkeypatch.setattr(type(model.session), "predict", None)
    found = attribute(model, codes, "ism", span=(1_000, 1_016))
    np.testing.assert_allclose(found.hypothetical, expected.hypothetical, atol=1e-5)
