"""Motif scans against plain Python on small sequences."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zooctl.evaluation.baselines import motif_hits
from zooctl.evaluation.baselines.motif_hits import best_hits, best_hits_of_bins, scan
from zooctl.evaluation.metrics.classification import auroc
from zooctl.files.motifs import Motif
from zooctl.sequence.onehot import decode, encode, reverse_complement

SEQUENCES = st.text(alphabet="ACGTN", min_size=40, max_size=400)


@settings(max_examples=30, deadline=None)
@given(sequence=SEQUENCES, width=st.integers(1, 12), seed=st.integers(0, 99))
def test_scan_against_a_plain_loop(sequence: str, width: int, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(width, 4))
    expected = [
        sum(weights[i, "ACGT".index(base)] for i, base in enumerate(part))
        if "N" not in part
        else -np.inf
        for part in (sequence[i : i + width] for i in range(len(sequence) - width + 1))
    ]
    found = scan(encode(sequence.encode()), weights)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("strand", ["forward", "reverse"])
def test_best_hit_lies_in_the_bin_of_its_centre_on_either_strand(
    strand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small chunks, so that the site lies across the edge of one.
    monkeypatch.setattr(motif_hits, "_CHUNK", 64)
    site = "TGGCCACCAGGGGGCGCCA"
    motif = Motif("CTCF", np.eye(4)[["ACGT".index(base) for base in site]] * 99)
    placed = site if strand == "forward" else decode(reverse_complement(encode(site.encode())))
    best_score = motif.log_odds().max(axis=1).sum()
    for start, home in ((54, 0), (55, 1), (64, 1)):
        sequence = "A" * start + placed + "A" * (256 - start - len(site))
        hits = best_hits(encode(sequence.encode()), motif, 64)
        # The centre of 19 bases is the tenth: 54 + 9 = 63 is still in bin 0.
        assert hits.argmax() == home
        assert hits[home] == pytest.approx(best_score, rel=1e-5)


@pytest.mark.parametrize("width", [1, 6, 19])
def test_some_bins_have_the_hits_that_they_have_among_all(width: int) -> None:
    rng = np.random.default_rng(width)
    codes = rng.integers(0, 5, 64 * 40).astype(np.uint8)
    motif = Motif("any", rng.random((width, 4)) + 0.1)
    bins = np.array([0, 1, 7, 8, 38, 39])
    np.testing.assert_array_equal(
        best_hits_of_bins(codes, motif, 64, bins), best_hits(codes, motif, 64)[bins]
    )
    assert len(best_hits_of_bins(codes, motif, 64, bins[:0])) == 0


def test_no_hit_where_all_is_unknown() -> None:
    motif = Motif("a", np.array([[1.0, 0, 0, 0]] * 3))
    assert best_hits(encode(b"N" * 8 + b"ACGTACGT"), motif, 8)[0] == -np.inf


def test_the_scan_finds_what_a_regular_expression_finds() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, 2**16).astype(np.uint8)
    motif = Motif("GATAAG", np.eye(4)[["ACGT".index(base) for base in "GATAAG"]] * 99)
    hits = best_hits(codes, motif, 256)
    full = motif.log_odds().max(axis=1).sum() - 0.01
    expected = {
        (match.start() + 3) // 256 for match in re.finditer("(?=GATAAG|CTTATC)", decode(codes))
    }
    assert set(np.flatnonzero(hits > full)) == expected
    assert auroc(hits, hits > full) == 1.0
