"""The weight table gives the kernel of a naive count of gapped k-mers."""

from __future__ import annotations

import naive_gkm
import numpy as np
import pytest

from zooctl.inference.adopt.gapped_kmers.kernel import GappedKmers


@pytest.mark.parametrize(("length", "informative"), [(6, 4), (5, 5), (7, 1)])
def test_weights_sum_up_to_the_naive_kernel(length: int, informative: int) -> None:
    rng = np.random.default_rng(length)
    support = rng.integers(0, 4, (4, 30)).astype(np.uint8)
    others = rng.integers(0, 4, (3, 25)).astype(np.uint8)
    factors = rng.normal(size=4)
    kmers = GappedKmers(length, informative)

    def norm(codes: np.ndarray) -> float:
        own = GappedKmers(length, informative).weights(codes[None], np.ones(1))
        return float(np.sqrt(own[kmers.numbers(codes)].sum()))

    weights = kmers.weights(support, factors / [norm(one) for one in support])
    for codes in others:
        expected = sum(
            factor * naive_gkm.kernel(codes, one, length, informative)
            for factor, one in zip(factors, support, strict=True)
        )
        found = weights[kmers.numbers(codes)].sum() / norm(codes)
        assert found == pytest.approx(expected, abs=1e-12)


def test_both_strands_have_one_weight() -> None:
    kmers = GappedKmers(4, 2)
    weights = kmers.weights(np.array([[0, 1, 2, 3, 3, 1]], np.uint8), np.ones(1))
    forward, backward = np.array([0, 0, 2, 1]), np.array([2, 1, 3, 3])
    assert weights[kmers.numbers(forward)] == weights[kmers.numbers(backward)]
