"""Importances of whole entries: by hand on a linear graph, by symmetry on trained ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_model import WEIGHTS, toy_zoo  # noqa: F401

from zooctl.catalog import registry
from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.interpret.attribution.attribute import (
    Attributions,
    attribute,
)
from zooctl.interpret.options import AttributeOptions, Method
from zooctl.sequence.onehot import Codes, reverse_complement

CPU = SessionOptions(device="cpu", threads=1)
FEW = AttributeOptions(references=3, steps=8)
GRADIENTS: tuple[Method, ...] = ("saliency", "input_x_gradient", "deeplift", "integrated_gradients")


def open_model(name: str) -> OpenModel:
    return OpenModel(registry.entry(name), CPU)


def windows(length: int, n: int = 2, seed: int = 3) -> Codes:
    return np.random.default_rng(seed).integers(0, 4, (n, length)).astype(np.uint8)


def test_mutagenesis_of_a_linear_graph_by_hand(toy_zoo: Path) -> None:  # noqa: F811
    # A bin is the mean weight of its 8 bases; the second bin holds the bases 24 to 31.
    found = attribute(
        open_model("toy"), windows(64, 1), "ism", track="plus", bins=np.array([[1, 2]])
    )
    weights = WEIGHTS[0] - WEIGHTS[0].mean()
    expected = np.zeros((4, 64))
    expected[:, 24:32] = weights[:, None] / 8
    np.testing.assert_allclose(found.hypothetical[0], expected, atol=1e-6)
    own = found.codes[0, 24:32]
    np.testing.assert_allclose(found.importance[0, 24:32], weights[own] / 8, atol=1e-6)
    assert np.isnan(found.deltas).all()


def test_mutagenesis_of_a_span_in_both_directions(toy_zoo: Path) -> None:  # noqa: F811
    codes = windows(64)
    codes[1, 20:26] = 4
    whole = attribute(open_model("toy"), codes, "ism", track="minus")
    part = attribute(open_model("toy"), codes, "ism", track="minus", span=(18, 40))
    np.testing.assert_allclose(part.hypothetical, whole.hypothetical[:, :, 18:40], atol=1e-6)
    assert (part.codes == codes[:, 18:40]).all()
    # An unknown base has hypothetical contributions and no importance of its own.
    assert np.abs(whole.hypothetical[1, :, 20:26]).max() > 0
    assert (whole.importance[1, 20:26] == 0).all()


@pytest.mark.parametrize("method", GRADIENTS)
def test_the_network_has_the_value_of_the_graph(method: Method) -> None:
    model = open_model("ctcf_gm12878")
    codes = windows(2048)
    bins = np.array([[10, 12], [30, 60]])
    found = attribute(model, codes, method, bins=bins, options=FEW)
    predicted = model.session.predict(codes)  # type: ignore[union-attr]
    expected = [predicted[0, 0, 10:12].mean(), predicted[1, 0, 30:60].mean()]
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)
    assert found.projected.shape == (2, 4, 2048)
    # At each position the projection keeps the base that stands there alone.
    assert ((found.projected != 0).sum(axis=1) <= 1).all()


def test_deeplift_adds_up_though_activations_are_called_as_functions() -> None:
    found = attribute(open_model("ctcf_gm12878"), windows(2048), "deeplift", options=FEW)
    assert (found.deltas < 1e-4).all()
    # The sum over the bases is the difference from the mean reference: below the value itself.
    assert np.isfinite(found.importance).all()


def test_probabilities_are_explained_as_log_odds() -> None:
    model = open_model("ctcf_dream")
    codes = windows(600, 1)
    p = float(model.session.predict(codes)[0, 5, 0])  # type: ignore[union-attr]
    for method in ("ism", "deeplift"):
        found = attribute(model, codes, method, track="K562", span=(290, 300), options=FEW)
        assert found.values[0] == pytest.approx(np.log(p / (1 - p)), rel=1e-4)
        assert found.unit == "log odds"


def flipped(found: Attributions) -> np.ndarray:
    return found.hypothetical[:, ::-1, ::-1]


@pytest.mark.parametrize("method", ["ism", "input_x_gradient"])
def test_the_mean_of_both_strands_is_that_of_the_other_strand(method: Method) -> None:
    model = open_model("ctcf_gm12878")
    codes, both = windows(2048, 1), AttributeOptions(rc=True)
    one = attribute(
        model, codes, method, bins=np.array([[30, 33]]), span=(1000, 1010), options=both
    )
    other = attribute(
        model,
        reverse_complement(codes),
        method,
        bins=np.array([[31, 34]]),
        span=(1038, 1048),
        options=both,
    )
    np.testing.assert_allclose(one.hypothetical, flipped(other), atol=1e-6)
    single = attribute(model, codes, method, bins=np.array([[30, 33]]), span=(1000, 1010))
    assert np.abs(single.hypothetical - one.hypothetical).max() > 1e-5


def test_references_depend_on_the_seed_alone() -> None:
    model, codes = open_model("atac_yeast"), windows(2048)
    both = attribute(model, codes, "deeplift", options=FEW)
    alone = attribute(model, codes[1:], "deeplift", options=FEW)
    other = attribute(model, codes[1:], "deeplift", options=AttributeOptions(seed=1))
    np.testing.assert_allclose(both.hypothetical[1:], alone.hypothetical, atol=1e-7)
    assert np.abs(other.hypothetical - alone.hypothetical).max() > 1e-4


def test_an_entry_with_a_graph_alone_has_mutagenesis_alone() -> None:
    model = open_model("pwm_ctcf")
    codes = windows(2066, 1)
    with pytest.raises(InputError) as error:
        attribute(model, codes, "deeplift")
    assert error.value.expected == "ism, which needs predictions alone"
    assert attribute(model, codes, "ism", span=(1030, 1034)).hypothetical.shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        ("ctcf_dream", {}, "for one track"),
        ("ctcf_gm12878", {"track": "H3K4me3"}, "no such track"),
        ("ctcf_gm12878", {"span": (5, 5)}, "span does not fit"),
        ("ctcf_gm12878", {"bins": np.array([[64, 70]])}, "no bin to explain"),
    ],
)
def test_refused(name: str, given: dict[str, object], what: str) -> None:
    model = open_model(name)
    with pytest.raises(InputError, match=what):
        attribute(model, windows(model.card.input_length, 1), "ism", **given)  # type: ignore[arg-type]
