"""K-mers as numbers, and sketches of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zooctl.audit.kmer_sketch import K, hash_kmers, number_kmers, similarity, sketch
from zooctl.sequence.onehot import decode, encode, reverse_complement

SEQUENCES = st.text("ACGTN", min_size=K, max_size=60)


@given(SEQUENCES)
def test_numbers_are_the_kmers_of_both_strands(text: str) -> None:
    forward, reverse, known = number_kmers(encode(text.encode()))
    reverse_strand = decode(reverse_complement(encode(text.encode())))
    for start in range(len(text) - K + 1):
        word = text[start : start + K]
        assert known[start] == ("N" not in word)
        if known[start]:
            assert forward[start] == int(word.translate(str.maketrans("ACGT", "0123")), 4)
            end = len(text) - start
            other = reverse_strand[end - K : end]
            assert reverse[start] == int(other.translate(str.maketrans("ACGT", "0123")), 4)


def test_mixing_loses_nothing() -> None:
    values = np.arange(1 << 20, dtype=np.uint32)
    assert len(np.unique(hash_kmers(values))) == len(values)


def test_a_sketch_keeps_its_share_and_the_same_kmers_everywhere() -> None:
    codes = np.random.default_rng(3).integers(0, 4, 200_000).astype(np.uint8)
    places, hashes = sketch(codes, 1 / 16)
    # Binomial with a standard deviation of 108.
    assert abs(len(places) - 200_000 / 16) < 500
    there, others = sketch(reverse_complement(codes), 1 / 16)
    np.testing.assert_array_equal(np.sort(len(codes) - K - there), places)
    np.testing.assert_array_equal(np.sort(others), np.sort(hashes))


def test_blocks_leave_no_seam(monkeypatch: object) -> None:
    from zooctl.audit import kmer_sketch as module

    codes = np.random.default_rng(4).integers(0, 5, 3_000).astype(np.uint8)
    whole = sketch(codes, 0.5)
    before = module._BLOCK
    try:
        module._BLOCK = 100
        pieces = sketch(codes, 0.5)
    finally:
        module._BLOCK = before
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(one, other)


@given(SEQUENCES, SEQUENCES)
def test_similarity_is_the_share_of_kmers(one: str, other: str) -> None:
    def kmers(text: str) -> set[str]:
        reverse_strand = decode(reverse_complement(encode(text.encode())))
        found = {
            side[i : i + K] for side in (text, reverse_strand) for i in range(len(text) - K + 1)
        }
        return {word for word in found if "N" not in word}

    def canonical(found: set[str]) -> set[str]:
        return {min(word, decode(reverse_complement(encode(word.encode())))) for word in found}

    value, _ = similarity(encode(one.encode()), encode(other.encode()))
    own, theirs = canonical(kmers(one)), canonical(kmers(other))
    if not own:
        assert np.isnan(value)
    else:
        assert value == len(own & theirs) / len(own)
