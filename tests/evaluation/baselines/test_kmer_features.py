"""What linear baselines read of bins, by definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.evaluation.baselines.kmer_counts import gc_content, kmer_counts
from zooctl.evaluation.baselines.kmer_features import columns, features
from zooctl.schema.recipe.evaluation import Rules

SIZE = 64


@settings(deadline=None)
@given(around=st.integers(0, 7), margin=st.integers(3, 5), n_bins=st.integers(1, 9))
def test_features_by_definition(around: int, margin: int, n_bins: int) -> None:
    rules = Rules(bin_size=SIZE, context_bins=around)
    codes = np.random.default_rng(around).integers(0, 5, SIZE * (n_bins + 2 * margin))
    codes = codes.astype(np.uint8)
    ((bins, found),) = features(codes, margin, rules)
    assert bins == slice(0, n_bins)
    words, pairs = kmer_counts(codes, SIZE), kmer_counts(codes, SIZE, 2)
    inside = slice(margin, margin + n_bins)
    sets = columns(rules)
    composition = found[:, sets["GC + dinucleotide ridge"]]
    np.testing.assert_array_equal(composition[:, 0], gc_content(codes, SIZE)[inside])
    np.testing.assert_array_equal(composition[:, 1:], pairs[inside])
    np.testing.assert_array_equal(found[:, sets["5-mer ridge"]], words[inside])
    if not around:
        assert list(sets) == ["GC + dinucleotide ridge", "5-mer ridge"]
        return
    wide = found[:, sets[f"5-mer ridge, {around} bins around"]]
    np.testing.assert_array_equal(wide[:, :512], words[inside])
    for place in range(n_bins):
        first = margin + place - around // 2
        np.testing.assert_array_equal(wide[place, 512:], words[first : first + around].sum(axis=0))


def test_many_bins_come_in_parts_that_agree_with_the_whole() -> None:
    rules = Rules(bin_size=8, context_bins=3)
    codes = np.random.default_rng(1).integers(0, 4, 8 * 5002).astype(np.uint8)
    parts = list(features(codes, 1, rules))
    assert [(bins.start, bins.stop) for bins, _ in parts] == [(0, 4096), (4096, 5000)]
    whole = np.concatenate([found for _, found in parts])
    words = kmer_counts(codes, 8)
    np.testing.assert_array_equal(whole[:, 11:523], words[1:-1])
    np.testing.assert_array_equal(whole[:, 523:], words[:-2] + words[1:-1] + words[2:])
