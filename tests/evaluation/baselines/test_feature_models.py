"""Learners on k-mers learn what there is, choose on validation, and draw on training alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zooctl.errors import InputError
from zooctl.evaluation.baselines.feature_models import fit_learners, resampled
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import encode

RULES = Rules(bin_size=64)
WORD = "GATTACA"
LEARNERS = ("logistic", "dense", "boosting")


def sample(seed: int, n: int = 700, share: float = 0.2) -> TrainingSample:
    """Bins of random bases; positive ones hold two words, the first track; the second is chance."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, n * 64).astype(np.uint8)
    positive = rng.random((n, 2)) < share
    for row in np.flatnonzero(positive[:, 0]):
        for place in (5, 40):
            codes[row * 64 + place : row * 64 + place + 7] = encode(WORD.encode())
    everywhere = np.ones(n, np.bool_)
    return TrainingSample(
        [(codes, everywhere)],
        0,
        positive.astype(float),
        positive,
        np.ones((n, 2), np.bool_),
        np.full((n, 2), 32),
    )


def first_track(of: TrainingSample) -> TrainingSample:
    tracks = {name: getattr(of, name)[:, :1] for name in ("signal", "positive", "classed")}
    return replace(of, **tracks)


@pytest.fixture(scope="module")
def samples() -> tuple[TrainingSample, ...]:
    return sample(1), sample(2, 300), sample(3, 500)


# Trees take the same drawn bins as the others, and ten times as long.
@pytest.mark.parametrize(("resample", "learners"), [("none", LEARNERS), ("smote", LEARNERS[:2])])
def test_learners_find_the_word_and_nothing_in_chance(
    samples: tuple[TrainingSample, ...], resample: str, learners: tuple[str, ...]
) -> None:
    training, validation, test = samples
    found = fit_learners(learners, resample, training, validation, [None, None], RULES)
    predicted = found.predict(test.regions[0][0], 0, RULES)
    for name in learners:
        assert roc_auc_score(test.positive[:, 0], predicted[name][:, 0]) > 0.95, name
        assert abs(roc_auc_score(test.positive[:, 1], predicted[name][:, 1]) - 0.5) < 0.1, name
        choice = found.choices[name][0]
        assert choice is not None
        assert choice.validation_auprc is not None
        assert choice.validation_auprc > 0.8


def test_trees_read_the_motif(samples: tuple[TrainingSample, ...]) -> None:
    training, validation, test = (first_track(one) for one in samples)
    counts = np.array([[20.0 * (letter == base) for base in "ACGT"] for letter in WORD])
    motif = Motif("word", counts + 1)
    found = fit_learners(["boosting"], "none", training, validation, [motif], RULES)
    predicted = found.predict(test.regions[0][0], 0, RULES)["boosting"]
    assert roc_auc_score(test.positive[:, 0], predicted[:, 0]) > 0.99


def test_few_positives_are_not_learned() -> None:
    few = sample(4, 300, share=0.01)
    found = fit_learners(["logistic"], "none", few, None, [None, None], RULES)
    assert found.models["logistic"] == [None, None]
    assert np.isnan(found.predict(few.regions[0][0], 0, RULES)["logistic"]).all()


@pytest.mark.parametrize("kind", ["smote", "adasyn"])
def test_new_positives_lie_between_known_ones(kind: str) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(1, 0.5, (40, 2))])
    labels = np.arange(340) >= 300
    more, found = resampled(kind, x, labels)
    assert abs(int(found.sum()) - 300) < 30
    assert int((~found).sum()) == 300
    np.testing.assert_allclose(more[:340], x)
    low, high = x[labels].min(axis=0), x[labels].max(axis=0)
    assert (more[found] >= low - 1e-9).all()
    assert (more[found] <= high + 1e-9).all()
    again, _ = resampled(kind, x, labels)
    np.testing.assert_array_equal(again, more)


def test_balanced_bins_are_left_as_they_are() -> None:
    x, labels = np.zeros((4, 2)), np.array([True, True, False, False])
    assert resampled("smote", x, labels)[0] is x


@pytest.mark.parametrize(("n_positive", "apart"), [(40, 50), (148, 0)])
def test_nothing_to_draw_between(n_positive: int, apart: float) -> None:
    """ADASYN draws beside negatives; positives far from them, or nearly as many, have none."""
    x, labels = np.random.default_rng(0).normal(size=(300, 5)), np.arange(300) < n_positive
    x[labels] += apart
    with pytest.raises(InputError, match="no positives can be drawn") as caught:
        resampled("adasyn", x, labels)
    assert caught.value.hint == "--resample smote"
    assert resampled("smote", x, labels)[1].sum() == (~labels).sum()
