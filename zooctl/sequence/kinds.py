"""Kinds of alleles: single bases, and insertions and deletions by their length."""

from __future__ import annotations

from typing import Literal, get_args

from zooctl.sequence.alleles import Change

Kind = Literal[
    "snv",
    "ins_1",
    "ins_2_5",
    "ins_6_20",
    "ins_21_50",
    "del_1",
    "del_2_5",
    "del_6_20",
    "del_21_50",
]
"""A single base replaced, or bases inserted or deleted, with their smallest and largest number."""

KINDS: tuple[Kind, ...] = get_args(Kind)


def kind_of(change: Change, *, swapped: bool = False) -> Kind | None:
    """Return the kind of a trimmed change; None for others, as for several bases replaced.

    Args:
        change: The change of the genome.
        swapped: The genome has ALT, so that the change makes REF of it.

    >>> kind_of(Change(5, "A", "C")), kind_of(Change(5, "", "CAT")), kind_of(Change(5, "AC", "GT"))
    ('snv', 'ins_2_5', None)
    """
    removed, added = len(change.ref), len(change.alt)
    if (removed, added) == (1, 1):
        return "snv"
    if removed and added:
        return None
    inserted = bool(added) != swapped
    for kind in KINDS[1:]:
        low, high = lengths_of(kind)
        if kind.startswith("ins") == inserted and low <= removed + added <= high:
            return kind
    return None


def lengths_of(kind: Kind, longest: int = 50) -> tuple[int, int]:
    """Return the smallest and the largest length of an insertion or deletion of a kind, in bp.

    >>> lengths_of("del_2_5"), lengths_of("ins_1"), lengths_of("ins_21_50", 30)
    ((2, 5), (1, 1), (21, 30))
    """
    _, *bounds = kind.split("_")
    return int(bounds[0]), min(int(bounds[-1]), longest)
