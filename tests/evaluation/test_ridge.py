"""Linear baselines: what they read, and that they find what is linear in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zooctl.catalog.binning import Binning
from zooctl.catalog.fields import Region, Split
from zooctl.catalog.rules import Rules
from zooctl.evaluation.baselines import gc_content, kmer_counts
from zooctl.evaluation.material import Material, Truth, Wanted
from zooctl.evaluation.ridge import feature_sets, fit_ridge, training_bins
from zooctl.files.fasta import Fasta
from zooctl.sequence.onehot import Codes, decode

SIZE, N_BINS = 64, 400
RULES = Rules(bin_size=SIZE, context_bins=5)


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


def material(genome: Fasta, *signals: Mapping[str, np.ndarray], **kinds: Binning) -> Material:
    train = (
        Region(chrom="chr1", start=100, end=SIZE * 200),
        Region(chrom="chr1", start=SIZE * 300, end=SIZE * N_BINS),
    )
    return Material(
        genome,
        [Wanted(index, f"t{index}") for index in range(len(signals))],
        [Truth(f"t{i}", one, kinds.get(f"t{i}", Binning())) for i, one in enumerate(signals)],
        Split(train=train, validation=(), test=()),
    )


def test_ridge_recovers_a_signal_that_is_linear_in_counts() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, 512 * 3000).astype(np.uint8)
    counts = kmer_counts(codes, 512)
    signal = np.stack([counts[:, 17] - 2 * counts[:, 300], counts[:, 4]], axis=1)
    model = fit_ridge(counts[:2000].copy(), signal[:2000], alpha=1.0)
    predicted = model.predict(counts[2000:])
    for row in range(2):
        assert np.corrcoef(predicted[:, row], signal[2000:, row])[0, 1] > 0.999


def test_features_by_definition(codes: Codes) -> None:
    sets = feature_sets(RULES)
    assert list(sets) == [
        "GC + dinucleotide ridge",
        "5-mer ridge",
        "5-mer ridge, 5 bins around",
    ]
    around = codes[SIZE * 50 : SIZE * 70]
    words = kmer_counts(around, SIZE)
    composition, own, wide = (features(around, 3) for features in sets.values())
    np.testing.assert_array_equal(own, words[3:-3])
    np.testing.assert_array_equal(composition[:, 0], gc_content(around, SIZE)[3:-3])
    np.testing.assert_array_equal(composition[:, 1:], kmer_counts(around, SIZE, 2)[3:-3])
    np.testing.assert_array_equal(wide[:, :512], words[3:-3])
    np.testing.assert_allclose(wide[0, 512:], words[1:6].mean(axis=0), rtol=1e-5, atol=1e-6)
    assert list(feature_sets(Rules())) == ["GC + dinucleotide ridge", "5-mer ridge"]


def test_training_bins_lie_inside_and_are_known(codes: Codes, genome: Fasta) -> None:
    signal = np.repeat(np.arange(N_BINS, dtype=np.float32), SIZE)
    labels = (np.arange(N_BINS) % 2 == 0).astype(np.float32)
    labels[350] = np.nan
    kinds = {"t1": Binning("label")}
    found = training_bins(
        material(genome, {"chr1": signal}, {"chr1": np.repeat(labels, SIZE)}, **kinds), RULES, 8
    )
    # From the first whole bin on; without N, and without the bin whose label is unknown.
    expected = [*range(2, 10), *range(20, 200), *range(300, 350), *range(351, 400)]
    assert found.signal[:, 0].tolist() == expected
    assert found.signal[:, 1].tolist() == [float(index % 2 == 0) for index in expected]
    assert found is not None
    assert found.margin == 2
    features = feature_sets(RULES)["5-mer ridge"]
    counts = np.concatenate([features(part, 2)[used] for part, used in found.parts])
    np.testing.assert_array_equal(counts, kmer_counts(codes, SIZE)[expected])


def test_a_sum_is_that_of_the_models_bins(genome: Fasta) -> None:
    signal = {"chr1": np.ones(SIZE * N_BINS, np.float32)}
    found = training_bins(material(genome, signal, t0=Binning("sum")), RULES, 8)
    assert found is not None
    assert (found.signal == 8).all()


def test_what_is_fitted_predicts_every_track(codes: Codes, genome: Fasta) -> None:
    gc = np.repeat(np.nan_to_num(gc_content(codes, SIZE)), SIZE)
    training = training_bins(material(genome, {"chr1": gc}, {"chr1": 1 - gc}), RULES, 8)
    assert training is not None
    fitted = training.fit(RULES)
    np.testing.assert_allclose(fitted.mean, training.signal.mean(axis=0))
    for ridge, features in fitted.ridges.values():
        # Bins 200 to 299 were not trained on.
        around = codes[SIZE * 198 : SIZE * 302]
        predicted = ridge.predict(features(around, 2))
        assert np.corrcoef(predicted[:, 0], gc[SIZE * 200 : SIZE * 300 : SIZE])[0, 1] > 0.7
        np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-4)


def test_nothing_is_fitted_without_training_regions(genome: Fasta) -> None:
    found = material(genome, {"chr1": np.ones(SIZE * N_BINS, np.float32)})
    nowhere = Split(train=(), validation=(), test=())
    assert training_bins(replace(found, split=nowhere), RULES, 8) is None
