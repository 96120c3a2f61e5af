"""An entry of a converted checkpoint: card, manifest, probe and graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zooctl.catalog.new_card import card_fields
from zooctl.errors import InputError
from zooctl.inference.adopt.adopt import Adopted, write_entry
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.sequence.windows import Geometry

# Networks of these families are large, and few windows tell two of them apart.
_WINDOWS = 8
_REASONS = {
    "seed": "Not stated in the checkpoint.",
    "environment": "Trained elsewhere.",
    "robustness": "Not measured yet.",
}


class Converted(NamedTuple):
    """A checkpoint as a graph, and what of its card is known.

    Attributes:
        model: The graph with its weights.
        geometry: Its window.
        tracks: Known fields of each track on the card, at least the name.
        scale: Scale of a predicted value.
        facts: Further fields of the card.
        words: On what was done, for the user.
    """

    model: bytes
    geometry: Geometry
    tracks: Sequence[Mapping[str, str | None]]
    scale: str
    facts: Mapping[str, Any]
    words: tuple[str, ...] = ()


def write_converted(
    root: Path,
    converted: Converted,
    weights: Weights,
    *,
    name: str,
    assembly: str,
    licence: str,
    track: Mapping[str, str | None],
    names: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    force: bool = False,
) -> Adopted:
    """Write the entry of a converted checkpoint, its card filled in as far as it is known.

    Args:
        root: Folder with ``model_cards/`` and ``zoo/``.
        converted: The graph.
        weights: The checkpoint, whose digest the card names.
        name: Name of the entry.
        assembly: Genome to predict on.
        licence: SPDX identifier.
        track: Known fields that all tracks have in common; a target of None does not apply.
        names: Names of the tracks in place of the family's own.
        facts: Fields of the card that the user knows.
        force: Replace an entry that is there.

    Raises:
        ZooError: As ``adopt.write_entry``.
    """
    tracks = [{**own, **track} for own in converted.tracks]
    more = {**converted.facts, **(facts or {})}
    pairs, limits = more.pop("strand_pairs", []), more.pop("limits", [])
    if names is not None:
        tracks, pairs = _renamed(tracks, pairs, names)
    reasons = {**_REASONS, **more.pop("reasons", {})}
    origin = Path(weights.source).name
    converted_from = f"Converted from {origin}, sha256 {weights.digest.sha256}."
    fields = card_fields(
        name=name,
        licence=licence,
        assembly=assembly,
        geometry=converted.geometry,
        tracks=tracks,
        output_scale=converted.scale,
        reasons=reasons,
        limits=[*limits, converted_from],
        **{"unknown_base": 0.0, **more, **({"strand_pairs": pairs} if pairs else {})},
    )
    return write_entry(root, converted.model, fields, force=force, most=_WINDOWS)


def _renamed(
    tracks: Sequence[dict[str, str | None]], pairs: Sequence[Sequence[str]], names: Sequence[str]
) -> tuple[list[dict[str, str | None]], list[list[str]]]:
    """Return tracks and strand pairs with other names of the tracks.

    Raises:
        InputError: There are more or fewer.
    """
    if len(names) != len(tracks):
        raise InputError("another number of tracks", got=len(names), expected=len(tracks))
    new = dict(zip([str(own["name"]) for own in tracks], names, strict=True))
    renamed = [{**own, "name": new[str(own["name"])]} for own in tracks]
    return renamed, [[new[one] for one in pair] for pair in pairs]


def plain_names(labels: Sequence[str], stem: str) -> list[str]:
    """Return names for tracks that no two share, of labels that may be any text.

    >>> plain_names(["K562", "HepG2 (a)", "k562"], "track")
    ['K562', 'HepG2_a_', 'k562_3']
    """
    found: list[str] = []
    taken: set[str] = set()
    for number, label in enumerate(labels, 1):
        name = plain(label) or f"{stem}_{number}"
        while name.lower() in taken:
            name = f"{name[:56]}_{number}"
        taken.add(name.lower())
        found.append(name)
    return found


def plain(label: str) -> str:
    """Return a label as the name of a track may be written; empty if nothing of it is left."""
    return re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9._-]+", "_", label))[:64]
