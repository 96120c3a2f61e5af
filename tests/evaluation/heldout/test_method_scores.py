"""Where calls begin: a network that predicts its target perfectly calls the positive bins."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.evaluation.data.measured_bins import measure_bins
from zooctl.evaluation.heldout.method_scores import calling_threshold
from zooctl.evaluation.heldout.model import EvaluatedModel, Scale
from zooctl.inference.device.session import Predictions
from zooctl.inference.tracks.predict import Readout
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning

RULES = Rules(positive_min_signal=8.0)


class Unused:
    """A network that is asked for nothing here."""

    batch_size = 8
    at_once = 1

    def interrupt(self) -> None:
        """Nothing runs beyond a call."""

    def predict(self, codes: Codes) -> Predictions:
        raise NotImplementedError


def model_of(scale: Scale = "signal") -> EvaluatedModel:
    geometry = Geometry(1024, 512, 32, 256)
    return EvaluatedModel("perfect", Unused(), geometry, Readout(), (0,), scale)


@pytest.mark.parametrize(
    "binning",
    [
        PLAIN,
        Binning("sum"),
        Binning("sum", "log1p"),
        Binning(scale=3.0),
        Binning("sum", scale=0.25),
        Binning(curve=((0.0, 5.0, 20.0), (0.0, 1.0, 40.0))),
    ],
)
def test_a_perfect_network_calls_the_positive_bins(binning: Binning) -> None:
    # Every base of a bin of 32 bp has one signal, so that mean and sum say what a base has.
    signal = np.repeat(np.random.default_rng(0).gamma(0.5, 6, 1600), 32).astype(np.float32)
    bins = measure_bins(signal, binning, [], range(100), RULES, 32)
    assert 10 < bins.positive.sum() < 99
    threshold = calling_threshold(model_of(), RULES, binning)
    assert threshold is not None
    called = bins.fine.reshape(100, 16).max(axis=1) >= threshold
    np.testing.assert_array_equal(called, bins.positive)


def test_thresholds_that_are_stated_or_of_the_scale() -> None:
    stated = RULES.model_copy(update={"decision": 0.16})
    assert calling_threshold(model_of(), stated, Binning("sum")) == 0.16
    assert calling_threshold(model_of("probability"), RULES, Binning("label")) == 0.5
    assert calling_threshold(model_of("logit"), RULES, Binning("label")) == 0.0
    assert calling_threshold(model_of(), RULES, Binning("label")) is None
    assert calling_threshold(model_of("log"), RULES, PLAIN) is None
