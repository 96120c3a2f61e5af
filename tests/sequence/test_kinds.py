"""Kinds of alleles."""

from __future__ import annotations

import pytest

from zooctl.sequence.alleles import Change
from zooctl.sequence.kinds import KINDS, kind_of, lengths_of


@pytest.mark.parametrize(
    ("removed", "added", "kind"),
    [
        (1, 1, "snv"),
        (1, 0, "del_1"),
        (0, 1, "ins_1"),
        (2, 0, "del_2_5"),
        (5, 0, "del_2_5"),
        (6, 0, "del_6_20"),
        (0, 21, "ins_21_50"),
        (0, 50, "ins_21_50"),
        (0, 51, None),
        (2, 2, None),
        (1, 3, None),
    ],
)
def test_kinds(removed: int, added: int, kind: str | None) -> None:
    change = Change(10, "A" * removed, "C" * added)
    assert kind_of(change) == kind
    # Turned round, an insertion is a deletion.
    other = {"ins": "del", "del": "ins"}.get((kind or "")[:3], "")
    turned = kind_of(change, swapped=True)
    assert turned == (kind if kind in (None, "snv") else other + str(kind)[3:])


def test_lengths_meet() -> None:
    for way in ("ins", "del"):
        lengths = [lengths_of(kind) for kind in KINDS if kind.startswith(way)]
        assert [low for low, _ in lengths] == [1, *(high + 1 for _, high in lengths[:-1])]
