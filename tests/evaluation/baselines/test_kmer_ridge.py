"""Linear baselines: they find what is linear, and validation bins choose how they are fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zooctl.evaluation.baselines.kmer_counts import gc_content, kmer_counts
from zooctl.evaluation.baselines.kmer_ridge import PENALTIES, Fit, fit
from zooctl.evaluation.baselines.training_bins import TrainingSample, sample_bins
from zooctl.evaluation.data.evaluation_data import EvaluatedTrack, EvaluationData, MeasuredTrack
from zooctl.files.fasta.reader import Fasta
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes, decode
from zooctl.training.tracks.bin_values_and_labels import Binning

SIZE, N_BINS = 64, 400
RULES = Rules(bin_size=SIZE, context_bins=5)
RULES_OWN = Rules(bin_size=SIZE)


@pytest.fixture
def codes() -> Codes:
    found = np.random.default_rng(1).integers(0, 4, SIZE * N_BINS).astype(np.uint8)
    found[SIZE * 10 : SIZE * 20] = 4
    return found


@pytest.fixture
def genome(codes: Codes, tmp_path: Path) -> Iterator[Fasta]:
    (tmp_path / "toy.fa").write_text(f">chr1\n{decode(codes)}\n")
    with Fasta(tmp_path / "toy.fa") as fasta:
        yield fasta


def data_of(genome: Fasta, *signals: Mapping[str, np.ndarray], **kinds: Binning) -> EvaluationData:
    train = (
        Region(chrom="chr1", start=100, end=SIZE * 200),
        Region(chrom="chr1", start=SIZE * 300, end=SIZE * N_BINS),
    )
    return EvaluationData(
        genome,
        [EvaluatedTrack(index, f"t{index}") for index in range(len(signals))],
        [
            MeasuredTrack(f"t{i}", one, kinds.get(f"t{i}", Binning()))
            for i, one in enumerate(signals)
        ],
        Split(train=train, validation=(), test=()),
    )


def bins_of(n: int, seed: int) -> Codes:
    return np.random.default_rng(seed).integers(0, 4, SIZE * n).astype(np.uint8)


def sample(codes: Codes, signal: np.ndarray, margin: int = 0) -> TrainingSample:
    n = len(codes) // SIZE - 2 * margin
    signal = signal.reshape(n, -1)
    labels = signal > 1, np.ones(signal.shape, np.bool_), np.zeros(signal.shape, np.int64)
    return TrainingSample([(codes, np.ones(n, np.bool_))], margin, signal, *labels)


def count_of(codes: Codes, kmer: int) -> np.ndarray:
    return kmer_counts(codes, SIZE)[:, kmer].astype(np.float64)


def test_a_signal_that_is_linear_in_counts_is_found() -> None:
    codes, others = bins_of(3000, 1), bins_of(800, 2)
    fitted = fit(
        sample(codes, np.stack([count_of(codes, 17) - 2 * count_of(codes, 300)], axis=1)),
        sample(others, count_of(others, 17) - 2 * count_of(others, 300)),
        Rules(bin_size=SIZE),
    )
    _, _, (how,) = fitted.ridges["5-mer ridge"]
    # Without noise the least penalty is best; a signal below 0 has no logarithm.
    assert (how.penalty, how.target) == (1.0, "signal")
    test = bins_of(500, 3)
    found = fitted.predict(test, 0, Rules(bin_size=SIZE))["5-mer ridge"]
    expected = count_of(test, 17) - 2 * count_of(test, 300)
    assert np.corrcoef(found[:, 0], expected)[0, 1] > 0.99
    assert how.validation_pearson is not None
    assert how.validation_pearson > 0.99


def test_normal_equations_give_what_scikit_learn_fits() -> None:
    codes = bins_of(900, 1)
    rng = np.random.default_rng(3)
    signal = rng.normal(size=(900, 2)) + count_of(codes, 5)[:, None]
    rules = Rules(bin_size=SIZE)
    fitted = fit(sample(codes, signal), None, rules)
    own, linear, how = fitted.ridges["5-mer ridge"]
    assert [one.penalty for one in how] == [1000.0, 1000.0]
    assert [one.validation_pearson for one in how] == [None, None]
    counts = kmer_counts(codes, SIZE).astype(np.float64)
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=1000.0)).fit(counts, signal)
    np.testing.assert_allclose(linear.predict(counts), theirs.predict(counts), rtol=1e-9)
    assert linear.weights.shape == (own.stop - own.start, 2)


def test_noise_asks_for_a_larger_penalty_and_a_product_for_the_logarithm() -> None:
    codes, others = bins_of(2000, 1), bins_of(2000, 2)
    rng = np.random.default_rng(3)

    def signals(codes: Codes) -> np.ndarray:
        n = len(codes) // SIZE
        noisy = count_of(codes, 5) + rng.normal(size=n)
        steep = np.expm1(1.5 * count_of(codes, 5) + count_of(codes, 9))
        return np.stack([noisy, steep, steep > 3], axis=1)

    fitted = fit(sample(codes, signals(codes)), sample(others, signals(others)), RULES_OWN)
    noisy, steep, label = fitted.ridges["5-mer ridge"][2]
    assert noisy.penalty >= 100
    assert steep.target == "log(1 + signal)"
    assert steep.penalty < noisy.penalty
    # Of labels the logarithm is no other target.
    assert label.target == "signal"
    test = bins_of(600, 4)
    found = fitted.predict(test, 0, RULES_OWN)["5-mer ridge"]
    assert np.corrcoef(found[:, 1], signals(test)[:, 1])[0, 1] > 0.95
    assert found[:, 1].max() <= signals(codes)[:, 1].max() * (1 + 1e-9)


def test_the_choice_is_the_best_on_validation_bins() -> None:
    codes, others = bins_of(800, 1), bins_of(800, 2)
    rng = np.random.default_rng(5)
    signal = [np.abs(rng.normal(size=800) + 0.3 * count_of(c, 5)) for c in (codes, others)]
    training, validation = sample(codes, signal[0]), sample(others, signal[1])
    _, linear, (how,) = fit(training, validation, RULES_OWN).ridges["5-mer ridge"]
    counts, expected = kmer_counts(others, SIZE).astype(np.float64), signal[1]
    reached = np.corrcoef(linear.predict(counts)[:, 0], expected)[0, 1]
    assert how.validation_pearson == pytest.approx(reached, rel=1e-9)
    standard = StandardScaler()
    features = standard.fit_transform(kmer_counts(codes, SIZE).astype(np.float64))
    for penalty in PENALTIES:
        for to, back in ((np.array, np.array), (np.log1p, np.expm1)):
            theirs = Ridge(alpha=penalty).fit(features, to(signal[0]))
            found = back(theirs.predict(standard.transform(counts)))
            assert np.corrcoef(found, expected)[0, 1] <= reached + 1e-9


def test_validation_without_signal_chooses_nothing() -> None:
    codes = bins_of(300, 1)
    flat = sample(bins_of(50, 2), np.zeros(50))
    (how,) = fit(sample(codes, count_of(codes, 5)), flat, RULES_OWN).ridges["5-mer ridge"][2]
    assert how == Fit(1000.0, "signal", None)


def test_figures_do_not_depend_on_how_bins_are_divided() -> None:
    codes, others = bins_of(1500, 1), bins_of(300, 2)
    signal = np.random.default_rng(3).random(1500)
    validation = sample(others, np.random.default_rng(4).random(300))
    rules = Rules(bin_size=SIZE)
    whole = fit(sample(codes, signal), validation, rules)
    cut = SIZE * 700
    parts = [(codes[:cut], np.ones(700, np.bool_)), (codes[cut:], np.ones(800, np.bool_))]
    shape = (len(signal), 1)
    labels = signal[:, None] > 1, np.ones(shape, np.bool_), np.zeros(shape, np.int64)
    apart = fit(TrainingSample(parts, 0, signal[:, None], *labels), validation, rules)
    for name in whole.ridges:
        assert whole.ridges[name][2][0].penalty == apart.ridges[name][2][0].penalty
        one, other = (fitted.predict(others, 0, rules)[name] for fitted in (whole, apart))
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_sample_bins_lie_inside_and_are_known(codes: Codes, genome: Fasta) -> None:
    signal = np.repeat(np.arange(N_BINS, dtype=np.float32), SIZE)
    labels = (np.arange(N_BINS) % 2 == 0).astype(np.float32)
    labels[350] = np.nan
    kinds = {"t1": Binning("label")}
    found = training_bins(
        data_of(genome, {"chr1": signal}, {"chr1": np.repeat(labels, SIZE)}, **kinds)
    )
    assert found is not None
    # From the first whole bin on; without N, and without the bin whose label is unknown.
    expected = [*range(2, 10), *range(20, 200), *range(300, 350), *range(351, 400)]
    assert found.signal[:, 0].tolist() == expected
    assert found.signal[:, 1].tolist() == [float(index % 2 == 0) for index in expected]
    assert found.margin == 2
    counts = np.concatenate([part[:, 11:523] for part, _ in found.features(RULES)])
    np.testing.assert_array_equal(counts, kmer_counts(codes, SIZE)[expected])
    places = [here for _, here in found.features(RULES)]
    assert [(one.start, one.stop) for one in places] == [(0, 188), (188, len(expected))]


def training_bins(found: EvaluationData) -> TrainingSample | None:
    return sample_bins(found, found.split.train, RULES, 8)


def test_a_sum_is_that_of_the_models_bins(genome: Fasta) -> None:
    signal = {"chr1": np.ones(SIZE * N_BINS, np.float32)}
    found = training_bins(data_of(genome, signal, t0=Binning("sum")))
    assert found is not None
    assert (found.signal == 8).all()


def test_what_is_fitted_predicts_every_track(codes: Codes, genome: Fasta) -> None:
    gc = np.repeat(np.nan_to_num(gc_content(codes, SIZE)), SIZE)
    training = training_bins(data_of(genome, {"chr1": gc}, {"chr1": 1 - gc}))
    assert training is not None
    fitted = fit(training, None, RULES)
    np.testing.assert_allclose(fitted.mean, training.signal.mean(axis=0))
    # Bins 200 to 299 were not trained on.
    around = codes[SIZE * 198 : SIZE * 302]
    for predicted in fitted.predict(around, 2, RULES).values():
        assert np.corrcoef(predicted[:, 0], gc[SIZE * 200 : SIZE * 300 : SIZE])[0, 1] > 0.7
        np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-4)


def test_nothing_is_fitted_without_training_regions(genome: Fasta) -> None:
    found = data_of(genome, {"chr1": np.ones(SIZE * N_BINS, np.float32)})
    assert sample_bins(found, (), RULES, 8) is None
