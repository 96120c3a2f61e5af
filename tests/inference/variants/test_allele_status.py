"""What becomes of an allele on a genome: its status, its change, its windows."""

from __future__ import annotations

import pytest
from toy_genome import ToyGenome, repetitive

from zooctl.inference.variants.allele_status import LocatedAllele, locate
from zooctl.inference.variants.shifts import Placement
from zooctl.sequence.alleles import Allele, Change
from zooctl.sequence.windows import Geometry

LETTERS = "GATTACA" + "CA" * 10 + repetitive(400, 2).replace("CACA", "GTGT")
GENOME = ToyGenome({"one": LETTERS, "gap": LETTERS[:100] + "N" * 30 + LETTERS[100:200]})
# Windows of 60 bp, from 34 before to 36 after their centre.
PLACEMENT = Placement(Geometry(60, 60, 60, 60), 50, 5, 0)


def found(allele: tuple[str, int, str, str], swap: bool = False) -> LocatedAllele:
    return locate(Allele(*allele), GENOME, PLACEMENT, swap)


def test_change_is_in_its_one_form() -> None:
    site = found(("one", 23, LETTERS[23:26], LETTERS[23])).site
    assert site is not None
    assert site.change == Change(4, "AC", "")
    assert site.chrom == "one"
    assert not site.swapped


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (3, "MOSTLY_N"),
        (4, "EDGE+N"),
        (27, "EDGE+N"),
        (28, "EDGE"),
        (33, "EDGE"),
        (34, "OK"),
        (len(LETTERS) - 35, "OK"),
    ],
)
def test_edge(start: int, status: str) -> None:
    ref = LETTERS[start]
    located = found(("one", start, ref, "A" if ref != "A" else "C"))
    assert located.status == status
    assert (located.site is None) == (status == "MOSTLY_N")


def test_edge_at_the_end_counts_what_a_deletion_draws_in() -> None:
    start = len(LETTERS) - 36
    snv = found(("one", start, LETTERS[start], "ACGT"["ACGT".index(LETTERS[start]) - 1]))
    assert snv.status == "OK"
    removed = LETTERS[start : start + 6]
    deleted = found(("one", start, removed, "ACGT"["ACGT".index(removed[0]) - 1]))
    assert deleted.status == "EDGE"


def test_unknown_bases() -> None:
    statuses = [
        found(("gap", at, LETTERS[at], "ACGT"["ACGT".index(LETTERS[at]) - 1])).status
        for at in (65, 71, 72, 90)
    ]
    # Six of a window's 60 bases are not over a tenth of them.
    assert statuses == ["OK", "OK", "N", "N"]


def test_lower_case_is_upper_case() -> None:
    lower = found(("one", 100, LETTERS[100].lower(), "acgt"["ACGT".index(LETTERS[100]) - 1]))
    assert lower.status == "OK"
    assert lower.site is not None
    assert lower.site.change.ref == LETTERS[100]


def test_swap_needs_the_genome_to_have_alt() -> None:
    other = "ACGT"["ACGT".index(LETTERS[100]) - 1]
    assert found(("one", 100, other, LETTERS[100])).status == "REF_MISMATCH"
    swapped = found(("one", 100, other, LETTERS[100]), swap=True)
    assert swapped.status == "SWAPPED"
    assert swapped.site is not None
    assert swapped.site.swapped
    assert swapped.site.change == Change(100, LETTERS[100], other)
    assert found(("one", 100, other, other + "A"), swap=True).status == "REF_MISMATCH"


def test_too_long_is_what_changes_not_what_is_written() -> None:
    assert PLACEMENT.longest == 25
    padded = LETTERS[100:160]
    changed = padded[:30] + ("A" if padded[30] != "A" else "C") + padded[31:]
    assert found(("one", 100, padded, changed)).status == "OK"
    for added, status in ((25, "OK"), (26, "TOO_LONG")):
        assert found(("one", 150, LETTERS[150], LETTERS[150] + "G" * added)).status == status
    for removed, status in ((25, "OK"), (26, "TOO_LONG")):
        ref = LETTERS[150 : 151 + removed]
        assert found(("one", 150, ref, ref[0])).status == status
