"""Filters as motifs: planted sites come back, and profiles are laid where they belong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError
from zooctl.files.motifs import Motif, read_motif
from zooctl.interpret.filters import best_match, filter_motifs, first_convolution, match
from zooctl.sequence.onehot import N, encode


def profile(text: str) -> Motif:
    return Motif(text, np.eye(4)[["ACGT".index(base) for base in text]] * 20 + 0.5)


KNOWN = profile("TGGCCACCAGGGGGCGCCA")


@given(start=st.integers(0, 9), turned=st.booleans())
def test_a_part_of_a_motif_is_laid_on_its_place(start: int, turned: bool) -> None:
    part = Motif("part", KNOWN.counts[start : start + 10])
    found = match(part.reverse_complement() if turned else part, KNOWN)
    assert (found.offset, found.strand, found.overlap) == (start, "-" if turned else "+", 10)
    assert found.similarity == pytest.approx(1.0)
    assert found.motif.consensus == part.consensus


def test_a_motif_that_reaches_beyond_has_a_negative_offset() -> None:
    wide = Motif("wide", np.vstack([np.full((3, 4), 5.0), KNOWN.counts]))
    found = match(wide, KNOWN)
    assert (found.offset, found.overlap) == (-3, 19)


def test_similarity_by_hand() -> None:
    # Two columns: equal, and A against C. Pearson of (1,0,0,0) and (0,1,0,0) is -1/3.
    found = match(profile("AA"), Motif("known", np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]])))
    assert found.similarity == pytest.approx((1 - 1 / 3) / 2)


def test_an_even_profile_is_like_nothing() -> None:
    assert match(Motif("even", np.ones((19, 4))), KNOWN).similarity == pytest.approx(0.0)


def test_first_convolution_is_told_by_its_shape() -> None:
    rng = np.random.default_rng(0)
    tensors = {
        "body.0.conv.weight": rng.normal(size=(64, 64, 3)),
        "stem.weight": rng.normal(size=(64, 4, 21)),
        "stem.bias": rng.normal(size=64),
        "head.weight": rng.normal(size=(4, 64)),
    }
    name, weights, bias = first_convolution(tensors)
    assert name == "stem.weight"
    assert weights.shape == (64, 4, 21)
    np.testing.assert_array_equal(bias, tensors["stem.bias"])
    with pytest.raises(InputError, match="first convolution"):
        first_convolution({"a": rng.normal(size=(8, 8, 3))})


def test_a_filter_that_reads_a_site_gives_it_back() -> None:
    rng = np.random.default_rng(1)
    sequences = rng.integers(0, 4, (200, 300)).astype(np.uint8)
    site = encode(b"CCACCAGGGGGC")
    for row, start in enumerate(rng.integers(0, 288, 200)):
        placed = site.copy()
        # Every tenth base is another one, so that the counts have something to count.
        changed = rng.random(12) < 0.1
        placed[changed] = rng.integers(0, 4, changed.sum())
        sequences[row, start : start + 12] = placed
    sequences[:, :20] = N
    weights = np.zeros((3, 4, 12))
    weights[1, site, np.arange(12)] = 1.0
    weights[2, :, :] = -1.0
    motifs = filter_motifs(weights, np.array([0.0, -4.0, 0.0]), sequences)
    assert [motif.name for motif in motifs] == ["filter 1"]
    assert motifs[0].consensus == "CCACCAGGGGGC"
    assert motifs[0].probabilities().max(axis=1).mean() == pytest.approx(0.92, abs=0.04)
    found = best_match(motifs, KNOWN)
    assert found is not None
    assert (found.motif.name, found.offset) == ("filter 1", 3)
    assert best_match([], KNOWN) is None


def test_the_known_profile_on_itself(mirror: object) -> None:
    path = f"{mirror}/motifs/HOCOMOCOv11_HUMAN.pfm"
    known = read_motif(path, "CTCF_HUMAN.H11MO.0.A")
    boris = read_motif(path, "CTCFL_HUMAN.H11MO.0.A")
    other = read_motif(path, "GATA1_HUMAN.H11MO.0.A")
    assert match(known.reverse_complement(), known).similarity == pytest.approx(1.0)
    # CTCFL has CTCF's zinc fingers.
    assert match(boris, known).similarity > 0.9 > match(other, known).similarity + 0.2
