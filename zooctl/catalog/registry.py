"""Look up models by name, by folder, or by address on the hub."""

from __future__ import annotations

import re
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.catalog.root import model_names, zoo_roots
from zooctl.errors import InputError
from zooctl.schema.explain import nearest
from zooctl.schema.fields import NAME_PATTERN
from zooctl.schema.manifest import MANIFEST

DEFAULT_MODEL = "h3k36me3_brain"
"""The model that runs if none is named."""


def entry(name: str, *, allow_untrusted: bool = False) -> Entry:
    """Return a model by its name, its folder, or its address on the hub (``address``).

    Args:
        name: A name of the zoo; a path with a slash; or ``hf://org/repo@<40 hex>``.
        allow_untrusted: Whether an address on the hub is allowed.

    Raises:
        InputError: There is no such model; the nearest name is in the hint.
        UnsafeError: The model is outside of the zoo, which was not allowed.
    """
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
