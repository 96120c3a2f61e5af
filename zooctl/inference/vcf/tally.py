"""Counts of the statuses of a VCF's alleles; they add up to the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zooctl.sequence.alleles import SCORED, Status

_EXAMPLES = 3

MIXED = "MIXED"
"""Status of an allele for which several models have different ones."""

DISAGREEING = (Status.REF_MISMATCH, Status.NO_CONTIG, Status.OUT_OF_RANGE)
"""Statuses of alleles that disagree with the genome."""


def is_scored(status: str) -> bool:
    """Return whether an allele of this status has a score.

    >>> is_scored("EDGE+N"), is_scored("STAR")
    (True, False)
    """
    return SCORED.issuperset(status.split("+"))


def joint_status(statuses: Sequence[str]) -> str:
    """Return the common status of one allele, or ``MIXED`` where models differ.

    >>> joint_status(["OK", "OK"]), joint_status(["OK", "EDGE"])
    ('OK', 'MIXED')
    """
    return statuses[0] if len(set(statuses)) == 1 else MIXED


def counts_text(counts: Mapping[str, int]) -> str:
    """Return counts in words, the largest first.

    >>> counts_text({"STAR": 2, "OK": 1500, "EDGE": 2})
    'OK 1,500, EDGE 2, STAR 2'
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{status} {n:,}" for status, n in ranked) or "none"


@dataclass
class Tally:
    """Counts of alleles by status.

    Attributes:
        records: Records read.
        alleles: Their ALTs; a record without any counts as one.
        statuses: Alleles of each status, ``MIXED`` where several models differ.
        models: The same for each model by its name.
        other_strand: Alleles of REF_MISMATCH whose REF the genome has on the other strand.
        mismatches: The first alleles of REF_MISMATCH, for people.
        absent: The first places of NO_CONTIG, for people.
        renamed: Alleles of NO_CONTIG whose contig the genome has under the name of another style.
        unranked: Alleles with a score, of a class that no model's background has.
    """

    records: int = 0
    alleles: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    other_strand: int = 0
    mismatches: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    renamed: int = 0
    unranked: int = 0

    def count(self, models: Sequence[str], statuses: Sequence[str]) -> None:
        """Count one allele by its status for each model."""
        self.alleles += 1
        _add(self.statuses, joint_status(statuses), 1)
        for name, status in zip(models, statuses, strict=True):
            _add(self.models.setdefault(name, {}), status, 1)

    def note_mismatch(self, text: str, other_strand: bool) -> None:
        """Keep the text of a REF_MISMATCH allele that was counted, up to a few."""
        self.other_strand += other_strand
        _keep(self.mismatches, text)

    def note_absent(self, place: str, renamed: bool) -> None:
        """Keep the place of a NO_CONTIG allele that was counted, up to a few."""
        self.renamed += renamed
        _keep(self.absent, place)

    def add(self, later: Tally) -> None:
        """Add the counts of later records."""
        self.records += later.records
        self.alleles += later.alleles
        for status, n in later.statuses.items():
            _add(self.statuses, status, n)
        for name, counts in later.models.items():
            for status, n in counts.items():
                _add(self.models.setdefault(name, {}), status, n)
        for text in later.mismatches:
            self.note_mismatch(text, False)
        for place in later.absent:
            self.note_absent(place, False)
        self.other_strand += later.other_strand
        self.renamed += later.renamed
        self.unranked += later.unranked

    @property
    def n_disagreeing(self) -> int:
        """Alleles that disagree with the genome."""
        return sum(self.statuses.get(status, 0) for status in DISAGREEING)

    @property
    def scored(self) -> int:
        """Alleles that every model scored or, where they differ, some model may have."""
        return sum(n for status, n in self.statuses.items() if is_scored(status))


def _keep(examples: list[str], text: str) -> None:
    if len(examples) < _EXAMPLES and text not in examples:
        examples.append(text)


def _add(counts: dict[str, int], status: str, n: int) -> None:
    # str: a Status would be written to JSON all the same, but equal keys must be one.
    counts[str(status)] = counts.get(str(status), 0) + n
