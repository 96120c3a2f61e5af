"""All changes of a region, against loops over letters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zooctl.inference.variants.table import VariantScore
from zooctl.interpret.saturation.changes import every_change, map_of
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, encode

LETTERS = "TTACNGATTACAGGC"


class Toy:
    contigs: Mapping[str, int] = {"chr1": len(LETTERS)}

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        return encode(LETTERS[start:end].encode())


def applied(start: int, ref: str, alt: str) -> str:
    assert LETTERS[start : start + len(ref)] == ref
    return LETTERS[:start] + alt + LETTERS[start + len(ref) :]


def test_every_sequence_that_a_small_change_makes() -> None:
    region = Interval("chr1", 2, 9)
    found = [applied(*allele[1:]) for allele in every_change(Toy(), region, 3)]
    expected = [
        LETTERS[:at] + base + LETTERS[at + 1 :]
        for at in range(2, 9)
        if LETTERS[at] != "N"
        for base in "ACGT"
        if base != LETTERS[at]
    ]
    expected += [
        LETTERS[:at] + LETTERS[at + length :]
        for at in range(2, 9)
        for length in (1, 2, 3)
        if at + length <= 9 and "N" not in LETTERS[at - 1 : at + length]
    ]
    assert sorted(found) == sorted(expected)


def test_the_first_base_of_a_contig_has_no_base_before_it() -> None:
    found = every_change(Toy(), Interval("chr1", 0, 2), 2)
    assert all(allele.start >= 0 for allele in found)
    assert [a for a in found if len(a.ref) > 1] == [("chr1", 0, "TT", "T")]


def test_scores_of_one_track_as_a_map() -> None:
    def row(start: int, ref: str, alt: str, track: str, score: float) -> VariantScore:
        rest = ("sum", "difference", "OK", score, 0.0, 1.0, 1.0, None)
        return VariantScore("chr1", start, ref, alt, track, *rest)

    rows = [
        row(11, "C", "A", "one", 1.5),
        row(11, "C", "A", "two", 9.0),
        row(12, "T", "G", "one", -2.0),
        row(10, "AC", "A", "one", 7.0),
    ]
    found = map_of(rows, Interval("chr1", 10, 13), "one", ("sum", "difference"))
    assert found[0, 1] == 1.5
    assert found[2, 2] == -2.0
    assert np.isnan(found).sum() == 10
