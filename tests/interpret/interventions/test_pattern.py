"""Patterns of IUPAC letters, against a naive reading of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.interpret.interventions.pattern import IUPAC, parse_pattern
from zooctl.sequence.onehot import decode, encode, reverse_complement

LETTERS = st.text("".join(IUPAC), min_size=1, max_size=6)


def fits(letters: str, text: str) -> bool:
    return len(letters) == len(text) and all(
        base in IUPAC[letter] for letter, base in zip(letters, text, strict=True)
    )


@given(letters=LETTERS, seed=st.integers(0, 999))
def test_put_changes_as_few_bases_as_it_can(letters: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, (3, 12)).astype(np.uint8)
    changed = parse_pattern(letters).put(rows, 2, rng)
    for before, after in zip(map(decode, rows), map(decode, changed), strict=True):
        assert (before[:2], before[2 + len(letters) :]) == (after[:2], after[2 + len(letters) :])
        assert fits(letters, after[2 : 2 + len(letters)])
        for letter, old, new in zip(letters, before[2:], after[2:], strict=False):
            assert old == new or old not in IUPAC[letter]


@given(letters=LETTERS, text=st.text("ACGTN", max_size=30))
def test_find_by_a_loop(letters: str, text: str) -> None:
    pattern, n = parse_pattern(letters), len(letters)
    expected = [at for at in range(len(text) - n + 1) if fits(letters, text[at : at + n])]
    assert pattern.find(encode(text.encode())).tolist() == expected
    turned = pattern.reverse_complement()
    back = turned.find(reverse_complement(encode(text.encode())))
    assert sorted((len(text) - n - back).tolist()) == expected


def test_complements_are_those_of_their_bases() -> None:
    pairs = dict(zip("ACGT", "TGCA", strict=True))
    for letter, bases in IUPAC.items():
        other = parse_pattern(letter).reverse_complement().letters
        assert set(IUPAC[other]) == {pairs[base] for base in bases}


def test_open_bases_are_drawn_alike() -> None:
    rows = np.full((4000, 1), 3, dtype=np.uint8)  # T, which R does not allow
    drawn = parse_pattern("R").put(rows, 0, np.random.default_rng(0))[:, 0]
    assert np.bincount(drawn, minlength=4).tolist()[1::2] == [0, 0]
    assert abs((drawn == 0).mean() - 0.5) < 0.03


@pytest.mark.parametrize("text", ["", "ACG-T", "ACU"])
def test_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a pattern of bases"):
        parse_pattern(text)


def test_all_letters() -> None:
    sets = {frozenset(bases) for bases in IUPAC.values()}
    every = itertools.chain.from_iterable(itertools.combinations("ACGT", n) for n in range(1, 5))
    assert sets == set(map(frozenset, every))
