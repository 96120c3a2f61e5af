"""Tracks of models by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zooctl.schema.card import Card


def choose_tracks(cards: Sequence[Card], wanted: Sequence[str] | None) -> list[list[int]]:
    """Return the indices of the tracks to write, for each model."""
    from zooctl.errors import InputError

    chosen = []
    for card in cards:
        names = [track.name for track in card.tracks]
        found = [index for index, name in enumerate(names) if not wanted or name in wanted]
        if not found:
            what = f"{card.name} has no such track"
            raise InputError(what, got=", ".join(wanted or ()), expected=", ".join(names))
        chosen.append(found)
    known = {track.name for card in cards for track in card.tracks}
    for name in wanted or ():
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(sorted(known)))
    return chosen
