"""The best motif of a collection: the planted one is chosen, by what validation bins say alone."""

from __future__ import annotations

import numpy as np
import pytest

from zooctl.evaluation.baselines.best_motif import choose_motifs
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import N, encode

RULES = Rules(bin_size=64)
SITES = ("GATTACA", "CCGCGGA", "TTAGGGA")


def motif(site: str) -> Motif:
    return Motif(site, np.eye(4)[["ACGT".index(base) for base in site]] * 99)


def sample(n: int = 600) -> TrainingSample:
    """Bins of three tracks: a site in every positive bin of the first two, none in the third.

    A bin of margin stands on each side, and holds all sites. A quarter of the bins is not used; an
    unused one has the first site and is not positive. An unclassed bin of the second track has its
    site and is not positive, too.
    """
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (n + 2, 64)).astype(np.uint8)
    positive = np.zeros((n, 3), np.bool_)
    positive[rng.random(n) < 0.1, 0] = True
    positive[rng.random(n) < 0.1, 1] = True
    classed = np.ones((n, 3), np.bool_)
    classed[::5, 1] = False
    positive[~classed] = False
    used = rng.random(n) < 0.75
    for row in range(n):
        if positive[row, 0] or not used[row]:
            codes[row + 1, 5:12] = encode(SITES[0].encode())
        if positive[row, 1] or not classed[row, 1]:
            codes[row + 1, 40:47] = encode(SITES[1].encode())
    codes[3] = N
    columns = positive[used].astype(float), positive[used], classed[used]
    return TrainingSample([(codes.ravel(), used)], 1, *columns, np.full((used.sum(), 3), 32))


def test_the_planted_motif_is_chosen_for_its_track() -> None:
    collection = [motif(site) for site in SITES[::-1]]
    first, second, third = choose_motifs(sample(), collection, RULES)
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == SITES[:2]
    # A chance site of seven bases lies in less than 1 % of the bins, on either strand.
    assert first.validation_auroc > 0.97
    assert second.validation_auroc > 0.97
    assert first.motif is collection[2]
    assert third is None


def test_the_area_is_that_of_a_plain_count_of_pairs() -> None:
    found = sample(120)
    (chosen, *_) = choose_motifs(found, [motif(SITES[0])], RULES)
    assert chosen is not None
    letters = np.array([*"ACGTN"])[found.regions[0][0].reshape(-1, 64)[1:-1]]
    text = ["".join(row) for row in letters[found.regions[0][1]]]
    other = SITES[0].translate(str.maketrans("ACGT", "TGCA"))[::-1]

    def matches(row: str) -> int:
        """Most bases of the site that agree anywhere; the score falls with each that does not."""
        places = range(len(row) - 6)
        return max(
            sum(a == b for a, b in zip(row[at : at + 7], site, strict=True))
            if "N" not in row[at : at + 7]
            else -1
            for at in places
            for site in (SITES[0], other)
        )

    counts = np.array([matches(row) for row in text])
    positive, others = found.positive[:, 0], (found.classed & ~found.positive).all(axis=1)
    pairs = counts[positive][:, None] - counts[others][None]
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    # A site across the edge of two bins is the program's, not this test's.
    assert chosen.validation_auroc == pytest.approx(expected, abs=0.02)
