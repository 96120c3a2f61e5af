"""Tracks of models by name."""

from __future__ import annotations

from collections.abc import Sequence

from zooctl.errors import InputError
from zooctl.schema.card import Card


def choose_tracks(cards: Sequence[Card], names: Sequence[str]) -> list[list[int]]:
    """Return the indices of the named tracks for each model; of all tracks without a name.

    Raises:
        InputError: A model has none of the tracks, or no model has one of them.
    """
    if isinstance(names, str):
        names = (names,)
    chosen = []
    for card in cards:
        own = [track.name for track in card.tracks]
        indices = [index for index, name in enumerate(own) if not names or name in names]
        if not indices:
            what = f"{card.name} has no such track"
            raise InputError(what, got=", ".join(names), expected=", ".join(own))
        chosen.append(indices)
    known = {track.name for card in cards for track in card.tracks}
    for name in names:
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(sorted(known)))
    return chosen
