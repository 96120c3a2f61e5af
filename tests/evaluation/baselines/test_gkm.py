"""A gapped k-mer SVM: the library counts as the naive kernel; the machine finds a gapped word."""

from __future__ import annotations

import naive_gkm
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zooctl.evaluation.baselines.gkm import fit_gkm, train_gkm
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.inference.adopt.gapped_kmers.kernel import GappedKmers
from zooctl.inference.device.session import one_hot
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, encode

pytest.importorskip("gkmsvm")

RULES = Rules(bin_size=160)


def test_the_library_counts_as_we_do() -> None:
    from gkmsvm.gram import compute_gram
    from gkmsvm.kernels.direct import DirectGkmKernel

    codes = np.random.default_rng(1).integers(0, 4, (5, 40)).astype(np.uint8)
    gram = compute_gram(DirectGkmKernel(6, 4), one_hot(codes, 0))
    expected = [[naive_gkm.kernel(a, b, 6, 4) for b in codes] for a in codes]
    np.testing.assert_allclose(gram, expected, atol=1e-12)


def planted(seed: int, n: int) -> tuple[Codes, np.ndarray]:
    """Windows by chance; every other one holds CACGTG with three open bases in its middle."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, 60)).astype(np.uint8)
    labels = np.arange(n) % 2 == 0
    for row in np.flatnonzero(labels):
        place = rng.integers(5, 40)
        codes[row, place : place + 3] = encode(b"CAC")
        codes[row, place + 6 : place + 9] = encode(b"GTG")
    return codes, labels


def test_training_is_the_dual_of_its_linear_form() -> None:
    codes, labels = planted(2, 120)
    kmers = GappedKmers(9, 5)
    trained = train_gkm(codes, labels, kmers)
    assert 20 < trained.n_support <= 120
    others, truth = planted(3, 60)
    norms = [np.sqrt(naive_gkm_norm(one, kmers)) for one in others]
    scores = trained.linear.weights[kmers.numbers(others)].sum(axis=1) / norms
    assert roc_auc_score(truth, scores + trained.linear.bias) > 0.9


def naive_gkm_norm(codes: Codes, kmers: GappedKmers) -> float:
    weights = kmers.weights(codes[None], np.ones(1))
    return float(weights[kmers.numbers(codes)].sum())


def sample(n: int, positive: np.ndarray, seed: int) -> TrainingSample:
    """Bins of which the positive ones of the first track hold a site at their highest base."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n + 2) * 160).astype(np.uint8)
    summit = np.full((n, 2), 80)
    for row in np.flatnonzero(positive[:, 0]):
        summit[row, 0] = rng.integers(10, 140)
        start = (row + 1) * 160 + summit[row, 0] - 9
        codes[start : start + 19] = encode(b"TGGCCACCAGGGGGCGCTA")
    used = np.ones(n, np.bool_)
    classed = np.ones((n, 2), np.bool_)
    return TrainingSample([(codes, used)], 1, positive.astype(float), positive, classed, summit)


def test_bins_are_ranked_by_what_their_windows_hold() -> None:
    positive = np.zeros((80, 2), np.bool_)
    positive[::2, 0] = True
    positive[:5, 1] = True
    fitted = fit_gkm(sample(80, positive, 4), RULES)
    assert fitted.machines[0] is not None
    assert fitted.machines[1] is None
    test = sample(40, positive[:40], 5)
    found = fitted.predict(test.regions[0][0], 1, RULES)
    assert found.shape == (40, 2)
    assert np.isnan(found[:, 1]).all()
    assert roc_auc_score(test.positive[:, 0], found[:, 0]) > 0.95
