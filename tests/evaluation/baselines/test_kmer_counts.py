"""GC content and k-mer counts against plain Python on small sequences."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.evaluation.baselines import kmer_counts as baselines
from zooctl.sequence.onehot import decode, encode, reverse_complement

SEQUENCES = st.text(alphabet="ACGTN", min_size=40, max_size=400)


def test_gc_content_by_hand() -> None:
    codes = encode(b"GGCCATATGANNNNNNGC")
    np.testing.assert_array_equal(baselines.gc_content(codes, 4), [1.0, 0.0, 0.5, np.nan])


@settings(max_examples=30, deadline=None)
@given(sequence=SEQUENCES, k=st.integers(1, 5), bin_size=st.integers(5, 40))
def test_kmer_counts_against_str_count(sequence: str, k: int, bin_size: int) -> None:
    counts = baselines.kmer_counts(encode(sequence.encode()), bin_size, k)
    assert len(counts) == len(sequence) // bin_size
    for row, found in enumerate(counts):
        part = sequence[row * bin_size : (row + 1) * bin_size]
        kmers = [part[i : i + k] for i in range(bin_size - k + 1)]
        known = [kmer for kmer in kmers if "N" not in kmer]
        canonical = [min(w, decode(reverse_complement(encode(w.encode())))) for w in known]
        expected = sorted(np.unique(canonical, return_counts=True)[1]) if canonical else []
        assert sorted(found[found > 0]) == expected
        assert found.sum() == len(known)


def test_kmer_features_know_their_kmer_and_not_their_strand() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 5120).astype(np.uint8)
    forward = baselines.kmer_counts(codes, 512)
    flipped = baselines.kmer_counts(reverse_complement(codes), 512)
    assert forward.shape == (10, 512)
    np.testing.assert_array_equal(forward, flipped[::-1])
    # One k-mer only: all of a bin of A falls into the first feature.
    np.testing.assert_array_equal(np.flatnonzero(baselines.kmer_counts(encode(b"A" * 64), 64)), [0])
