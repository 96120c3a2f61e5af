"""Counts of what became of alleles."""

from __future__ import annotations

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from zooctl.inference.vcf.tally import Tally, is_scored
from zooctl.sequence.alleles import SCORED, Status

STATUSES = st.sampled_from(list(Status))
PAIRS = st.lists(st.tuples(STATUSES, STATUSES), max_size=20)


def tally(pairs: list[tuple[Status, Status]]) -> Tally:
    found = Tally(records=len(pairs))
    for pair in pairs:
        found.count(["one", "two"], pair)
    return found


@given(PAIRS, PAIRS)
def test_parts_add_up_through_a_journal(
    first: list[tuple[Status, Status]], second: list[tuple[Status, Status]]
) -> None:
    """What a killed run noted is counted in by the next."""
    whole = Tally()
    for part in (tally(first), tally(second)):
        whole.add(Tally(**json.loads(json.dumps(asdict(part)))))
    assert whole == tally(first + second)
    assert sum(whole.statuses.values()) == whole.alleles == len(first + second)


def test_first_mismatches_are_kept() -> None:
    whole = Tally()
    for n in range(3):
        part = Tally()
        for m in range(2):
            part.note_mismatch(f"{n} {m}", other_strand=m == 0)
        part.note_absent(f"{n}", renamed=n == 1)
        part.unranked = n
        whole.add(part)
    assert (whole.absent, whole.renamed, whole.unranked) == (["0", "1", "2"], 1, 3)
    assert whole.mismatches == ["0 0", "0 1", "1 0"]
    assert whole.other_strand == 3


def test_scored_and_disagreeing() -> None:
    assert {status for status in Status if is_scored(status)} == SCORED
    assert is_scored("EDGE+N+SWAPPED")
    found = tally([(Status.OK, Status.OK), (Status.NO_CONTIG,) * 2, (Status.OK, Status.EDGE)])
    assert (found.scored, found.n_disagreeing) == (1, 1)
