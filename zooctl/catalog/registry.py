"""Look up models by name, folder, or address on the hub, and find them by what they predict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.catalog.origin.licence import accept
from zooctl.catalog.root import model_names, zoo_roots
from zooctl.errors import InputError
from zooctl.schema.card import Card, CardTrack
from zooctl.schema.explain import nearest
from zooctl.schema.fields import NAME_PATTERN
from zooctl.schema.manifest import MANIFEST

DEFAULT_MODEL = "ctcf_gm12878"
"""The model that scores variants if none is named: of those with weights in the repository, the one
that does best on measured effects of variants (docs/evaluate.md, "Which model for a variant?")."""


def entry(name: str, allow_untrusted: bool = False, accept_licence: bool = False) -> Entry:
    """Return a model by its name, its folder, or its address on the hub (``address``).

    Args:
        name: A name of the zoo; a path with a slash; or ``hf://org/repo@<40 hex>``.
        allow_untrusted: Whether an address on the hub is allowed.
        accept_licence: Record that the user accepts a licence that forbids commercial use.

    Raises:
        InputError: There is no such model; the nearest name is in the hint.
        UnsafeError: The model is outside of the zoo, which was not allowed.
    """
    found = _entry(name, allow_untrusted)
    if accept_licence:
        accept(found.card())
    return found


def _entry(name: str, allow_untrusted: bool) -> Entry:
    if name.startswith("hf://"):
        from zooctl.catalog.address import from_hub

        return from_hub(name, allow_untrusted=allow_untrusted)
    if "/" in name and "\0" not in name and Path(name).is_dir():
        from zooctl.catalog.address import from_folder

        return from_folder(Path(name))
    # The pattern first: a name becomes a path.
    cards = [root / "model_cards" / f"{name}.yaml" for root in zoo_roots()]
    if not re.fullmatch(NAME_PATTERN, name) or not any(card.is_file() for card in cards):
        hint = nearest(name, model_names())
        raise InputError("no such model", got=repr(name), hint=hint or "zooctl list shows them all")
    card_path = next(card for card in cards if card.is_file())
    zoo = card_path.parent.parent
    recipe_path = zoo / "recipes" / f"{name}.yaml"
    folder = zoo / "zoo" / name
    return Entry(
        root=zoo,
        name=name,
        card_path=card_path,
        recipe_path=recipe_path if recipe_path.is_file() else None,
        folder=folder if (folder / MANIFEST).is_file() else None,
    )


# Pattern of an assay, and of its target, to the task of a track; the first that fits.
_TASKS = (
    (r"chip|cut&", r"H[1-4][ABFKRSTX0-9].*", "histone marks"),
    (r"chip|cut&|selex|rnacompete|pbm|motif scan", "", "binding"),
    (r"atac|dnase", "", "accessibility"),
    (r"rna-seq|cage|pro-cap|gro-cap", "", "expression"),
    (r"splicing", "", "splicing"),
    (r"mpra|starr", r"cleavage", "polyadenylation"),
    (r"mpra|starr", "", "reporter activity"),
)


def task_of(track: CardTrack) -> str:
    """Return the task of a track by its assay and target; "other" where they tell none.

    >>> from zooctl.schema.card import CardTrack
    >>> track = CardTrack(name="a", assay="ChIP-seq", target="H3K36me3", biosample="SK-N-SH",
    ...                   biosample_ontology=None, unit="fold", strand=".")
    >>> task_of(track), task_of(track.model_copy(update={"target": "CTCF"}))
    ('histone marks', 'binding')
    """
    for assay, target, task in _TASKS:
        if re.search(assay, track.assay, re.IGNORECASE) and (
            not target or re.fullmatch(target, track.target or "")
        ):
            return task
    return "other"


@dataclass(frozen=True)
class ModelFilter:
    """Conditions on models; each is met where a value holds the text, whatever the case.

    Attributes:
        words: All of them are in the name, the title or a value below.
        assay: Assay of a track.
        target: Its target.
        biosample: Its biosample.
        assembly: Assembly of the model.
        licence: Its licence.
        task: Task of a track (``task_of``).
    """

    words: Sequence[str] = ()
    assay: str | None = None
    target: str | None = None
    biosample: str | None = None
    assembly: str | None = None
    licence: str | None = None
    task: str | None = None

    def meets(self, card: Card) -> bool:
        """Say whether a model meets all conditions, those on tracks by one track."""
        of_model = ((self.assembly, card.assembly), (self.licence, card.licence))
        if not all(_holds(value, text) for text, value in of_model):
            return False
        if not any(self._track(track) for track in card.tracks):
            return False
        known = [card.name, card.title, card.assembly, card.licence]
        for track in card.tracks:
            known += [track.name, track.assay, track.target or "", track.biosample, task_of(track)]
        return all(any(_holds(value, word) for value in known) for word in self.words)

    def _track(self, track: CardTrack) -> bool:
        values = (
            (self.assay, track.assay),
            (self.target, track.target or ""),
            (self.biosample, track.biosample),
            (self.task, task_of(track)),
        )
        return all(_holds(value, text) for text, value in values)


def _holds(value: str, text: str | None) -> bool:
    return text is None or text.casefold() in value.casefold()
