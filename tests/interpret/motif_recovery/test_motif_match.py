"""Profiles are laid where they belong, on either strand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.files.motifs import Motif, read_motif
from zooctl.interpret.motif_recovery.motif_match import match_motif


def profile(text: str) -> Motif:
    return Motif(text, np.eye(4)[["ACGT".index(base) for base in text]] * 20 + 0.5)


KNOWN = profile("TGGCCACCAGGGGGCGCCA")


@given(start=st.integers(0, 9), turned=st.booleans())
def test_a_part_of_a_motif_is_laid_on_its_place(start: int, turned: bool) -> None:
    part = Motif("part", KNOWN.counts[start : start + 10])
    found = match_motif(part.reverse_complement() if turned else part, KNOWN)
    assert (found.offset, found.strand, found.overlap) == (start, "-" if turned else "+", 10)
    assert found.similarity == pytest.approx(1.0)
    assert found.motif.consensus == part.consensus


def test_a_motif_that_reaches_beyond_has_a_negative_offset() -> None:
    wide = Motif("wide", np.vstack([np.full((3, 4), 5.0), KNOWN.counts]))
    found = match_motif(wide, KNOWN)
    assert (found.offset, found.overlap) == (-3, 19)


def test_similarity_by_hand() -> None:
    # Two columns: equal, and A against C. Pearson of (1,0,0,0) and (0,1,0,0) is -1/3.
    found = match_motif(profile("AA"), Motif("known", np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]])))
    assert found.similarity == pytest.approx((1 - 1 / 3) / 2)


def test_an_even_profile_is_like_nothing() -> None:
    assert match_motif(Motif("even", np.ones((19, 4))), KNOWN).similarity == pytest.approx(0.0)


def test_the_known_profile_on_itself(mirror: Path) -> None:
    path = mirror / "motifs/HOCOMOCOv11_HUMAN.pfm"
    known = read_motif(path, "CTCF_HUMAN.H11MO.0.A")
    boris = read_motif(path, "CTCFL_HUMAN.H11MO.0.A")
    other = read_motif(path, "GATA1_HUMAN.H11MO.0.A")
    assert match_motif(known.reverse_complement(), known).similarity == pytest.approx(1.0)
    # CTCFL has CTCF's zinc fingers.
    assert match_motif(boris, known).similarity > 0.9 > match_motif(other, known).similarity + 0.2
