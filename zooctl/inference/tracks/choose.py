"""Tracks of models by name; a network of the transcribed strand has them on each strand."""

from __future__ import annotations

from collections.abc import Sequence

from zooctl.errors import InputError
from zooctl.schema.card import Card, CardTrack

_STRANDS = (("+", "plus"), ("-", "minus"))


def tracks_of(card: Card, *, by_gene: bool = False) -> tuple[CardTrack, ...]:
    """Return the tracks that a model predicts along a genome, in order.

    A network of the transcribed strand predicts ``<track>_plus`` for all its tracks, then
    ``<track>_minus``; on the strand of a gene, its tracks alone.

    Args:
        card: Its card.
        by_gene: Predictions are those on the strands of genes.
    """
    if card.scoring is not None and card.scoring.combined is not None and by_gene:
        unit = "change of the log odds of inclusion"
        return (*card.tracks, card.tracks[-1].model_copy(update={"name": COMBINED, "unit": unit}))
    if card.reads_strand == "genome" or by_gene:
        return card.tracks
    return tuple(
        track.model_copy(update={"name": f"{track.name}_{word}"[:64], "strand": strand})
        for strand, word in _STRANDS
        for track in card.tracks
    )


COMBINED = "delta_logit_psi"
"""Track of MMSplice's combination of its modules, behind those of the card."""


def mean_unit(tracks: Sequence[CardTrack]) -> str:
    """Return the unit of the mean of tracks."""
    units = {track.unit for track in tracks}
    return units.pop() if len(units) == 1 else "mean over tracks of several units"


def require_anywhere(card: Card, otherwise: str) -> None:
    """Refuse a model whose values mean something at places in genes alone.

    Args:
        card: The model's card.
        otherwise: What it does not do, for the message.

    Raises:
        InputError: It is one.
    """
    if card.reads_at is not None:
        point = card.reads_at.point
        what = f"{card.name} is read at places in genes ({point}), and {otherwise}"
        raise InputError(what, expected=f"zooctl predict --at {point}")


def choose_tracks(
    cards: Sequence[Card], names: Sequence[str], *, by_gene: bool = False
) -> list[list[int]]:
    """Return the indices of the named tracks for each model; of all tracks without a name.

    The name of a track without its strand is that of both.

    Args:
        cards: The models.
        names: Names of tracks.
        by_gene: Predictions are those on the strands of genes.

    Raises:
        InputError: A model has none of the tracks, or no model has one of them.
    """
    if isinstance(names, str):
        names = (names,)
    chosen = []
    known: set[str] = set()
    for card in cards:
        own = [track.name for track in tracks_of(card, by_gene=by_gene)]
        # Strand after strand, in the order of the card.
        plain = [track.name for track in card.tracks] * (len(own) // card.n_tracks)
        plain += own[len(plain) :]  # a combination of the others
        known.update(own, plain)
        indices = [
            index
            for index, pair in enumerate(zip(own, plain, strict=True))
            if not names or set(pair) & set(names)
        ]
        if not indices:
            what = f"{card.name} has no such track"
            raise InputError(what, got=", ".join(names), expected=", ".join(own))
        chosen.append(indices)
    for name in names:
        if name not in known:
            raise InputError("no such track", got=name, expected=", ".join(sorted(known)))
    return chosen
