"""Shuffled sequences keep their dinucleotides, and each order has the same chance."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from zooctl.sequence.onehot import decode, encode
from zooctl.sequence.shuffle import shuffle_dinucleotides


@given(st.text("ACGTN", max_size=60), st.integers(0, 2**32))
def test_dinucleotides_and_ends_stay(text: str, seed: int) -> None:
    codes = encode(text.encode())
    before = codes.copy()
    shuffled = shuffle_dinucleotides(codes, np.random.default_rng(seed))
    assert np.array_equal(codes, before)
    found = decode(shuffled)
    assert Counter(pairwise(found)) == Counter(pairwise(text))
    assert found[:1] + found[-1:] == text[:1] + text[-1:]


def test_every_order_has_the_same_chance() -> None:
    """All sequences of these dinucleotides, found by trying every order of the letters."""
    text = "ACAGATACGA"
    steps = Counter(pairwise(text))
    possible = sorted(
        {
            "".join(("A", *middle, "A"))
            for middle in permutations(text[1:-1])
            if Counter(pairwise(("A", *middle, "A"))) == steps
        }
    )
    assert len(possible) > 10
    rng = np.random.default_rng(0)
    codes = encode(text.encode())
    drawn = Counter(decode(shuffle_dinucleotides(codes, rng)) for _ in range(4_000))
    assert set(drawn) <= set(possible)
    assert chisquare([drawn[one] for one in possible]).pvalue > 0.01
