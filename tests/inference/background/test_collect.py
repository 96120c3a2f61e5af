"""Scores of a background: those of a held-out null are uniform among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice

import numpy as np
import pytest
from scipy.stats import kstest, kstwobign
from toy_genome import ToyGenome

from zooctl.inference.background.collect import collect, kinds_within, scorable
from zooctl.inference.background.draw import random_indels, random_snvs
from zooctl.inference.background.file import ScoreBackground, Settings
from zooctl.inference.background.ranker import NO_BACKGROUND, Ranker, Scored, misfit
from zooctl.inference.variants.scorer import Scorer, VariantModel
from zooctl.progress import no_advance
from zooctl.sequence.alleles import Allele
from zooctl.sequence.windows import Geometry

RNG = np.random.default_rng(0)
GENOME = ToyGenome({"one": "".join(RNG.choice(list("ACGT"), 30_000))})
LENGTHS = Geometry(input_length=64, output_length=32, bin_size=8, core_length=16)


@pytest.fixture(scope="module")
def scorer(conv_network: Callable[..., bytes]) -> Callable[..., Scorer]:
    network = VariantModel(
        conv_network(LENGTHS, 4, 5, 2, "pointwise", 1), LENGTHS, 2, 0.0, "none", "log", (0, 1)
    )

    @cache
    def build(**options: object) -> Scorer:
        chosen = {"n_shifts": 3, "statistics": ("sum", "max"), "mean_track": True} | options
        return Scorer(network, GENOME, threads=1, batch_size=64, device="cpu", **chosen)  # type: ignore[arg-type]

    return build


def drawn(kind: str, seed: int) -> Iterator[Allele]:
    rng = np.random.default_rng(seed)
    if kind == "snv":
        return random_snvs(GENOME, 500, rng, human=True)
    return random_indels(GENOME, kind, 8, rng)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ranker(scorer: Callable[..., Scorer]) -> Ranker:
    values = {}
    for kind, n in (("snv", 1_000), ("del_2_5", 1_000), ("ins_1", 999)):
        values |= collect("random", scorable(drawn(kind, 1), scorer(), n), scorer(), no_advance)
    settings = Settings("toy", "ab", "hg19", 3, 8, 0, False, 50, 1, {}, "0.1.0")
    background = ScoreBackground(settings, values)
    assert background.counts() == {
        "random/del_2_5": 1_000,
        "random/ins_1": 999,
        "random/snv": 1_000,
    }
    return Ranker(background, "sha256:ab", "random", scorer().measures, 3)


def uniform_p(percentiles: Sequence[np.float32], n_background: int = 1_000) -> float:
    """Kolmogorov and Smirnov's P; the background is itself a sample, as if of two samples."""
    n = len(percentiles)
    distance = kstest(np.array(percentiles, dtype=float), "uniform").statistic
    return float(kstwobign.sf(distance * np.sqrt(n * n_background / (n + n_background))))


@pytest.mark.parametrize("kind", ["snv", "del_2_5"])
def test_a_held_out_null_is_uniform(
    scorer: Callable[..., Scorer], ranker: Ranker, kind: str
) -> None:
    held_out = list(scorable(drawn(kind, 2), scorer(), 600))
    scored = [one for (one,) in scorer().score([allele] for allele in held_out)]
    ranks = [ranker.rank(one) for one in scored]
    assert {ranker.class_of(one) for one in scored} == {f"random/{kind}"}
    for measure in range(2):
        for track in range(3):
            percentiles = [one[measure].percentile[track] for one in ranks]
            assert uniform_p(percentiles) > 0.01
            assert 0 < min(percentiles) < max(percentiles) < 1
            # A larger effect never has a lower percentile.
            effects = [abs(one.measured[measure].score[track]) for one in scored]
            assert (np.diff(np.array(percentiles)[np.argsort(effects)]) >= 0).all()
            ps = np.array([one[measure].p[track] for one in ranks])
            assert ((ps > 0) & (ps < 1)).all()
            phreds = [one[measure].phred[track] for one in ranks]
            np.testing.assert_allclose(phreds, -10 * np.log10(ps), rtol=1e-4, atol=1e-5)
    if kind == "snv":
        active = [one[0].activity[0] for one in ranks]
        assert uniform_p(active) > 0.01


def test_kinds_without_a_background(scorer: Callable[..., Scorer], ranker: Ranker) -> None:
    letters = GENOME.sequences["one"]
    mnv = Allele(
        "one", 500, letters[500:502], "".join("CGTA"["ACGT".index(x)] for x in letters[500:502])
    )
    few = next(scorable(drawn("ins_1", 3), scorer(), 1))
    star = Allele("one", 500, letters[500], "*")
    found = [one for (one,) in scorer().score([[mnv], [few], [star]])]
    assert [ranker.class_of(one) for one in found] == [NO_BACKGROUND, NO_BACKGROUND, ""]
    for one in found:
        assert all(np.isnan(ranks.percentile).all() for ranks in ranker.rank(one))
    # How active a place is does not depend on the kind of the allele.
    assert np.isfinite(ranker.rank(found[0])[0].activity).all()


def test_settings_that_differ(scorer: Callable[..., Scorer], ranker: Ranker) -> None:
    background = ranker.background
    assert misfit(background, Scored.by(scorer(), "ab", False)) is None
    assert misfit(background, Scored.by(scorer(), "cd", False)) == "of other weights"
    assert misfit(background, Scored.by(scorer(n_shifts=4), "ab", False)) == "over 3 shifts"
    assert misfit(background, Scored.by(scorer(max_shift=4), "ab", False)) == "of shifts up to 8 bp"
    assert misfit(background, Scored.by(scorer(), "ab", True)) == "of one strand"
    other = scorer(statistics=("local",), distance=9)
    assert misfit(background, Scored.by(other, "ab", False)) == "within 50 bp"
    assert misfit(background, Scored.by(scorer(distance=9), "ab", False)) is None


def test_alleles_of_a_background_are_whole(scorer: Callable[..., Scorer]) -> None:
    edge = Allele("one", 5, GENOME.sequences["one"][5], "N")
    some = list(islice(drawn("snv", 5), 50))
    assert edge not in list(scorable([edge, *some], scorer(), 10))
    assert len(list(scorable(some, scorer(), 100))) <= 50


def test_kinds_that_fit() -> None:
    assert kinds_within(5, ["snv", "ins_2_5", "ins_6_20"]) == ["snv", "ins_2_5"]
