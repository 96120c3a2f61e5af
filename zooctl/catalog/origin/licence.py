"""Terms of weights that may not be used for everything; a user accepts them once."""

from __future__ import annotations

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.cache import cache_folder, make_cache_folder
from zooctl.files.disk.pinned import digest_of
from zooctl.schema.card import Card

_FOLDER = "licences"


def is_restricted(card: Card) -> bool:
    """Say whether a card's licence forbids commercial use, by its SPDX identifier."""
    return "-NC" in card.licence.upper()


def is_accepted(card: Card) -> bool:
    """Say whether nothing has to be accepted, or was."""
    return not is_restricted(card) or (cache_folder() / _FOLDER / _mark(card)).is_file()


def accept(card: Card) -> None:
    """Record that the user accepts the licence of a model's weights.

    Raises:
        InputError: The cache cannot be written.
    """
    if is_accepted(card):
        return
    path = make_cache_folder(_FOLDER) / _mark(card)
    with atomic_output(path, force=True) as temporary:
        temporary.write_text(f"{card.name} {card.licence}\n", encoding="utf-8", newline="\n")


def require_accepted(card: Card) -> None:
    """Refuse weights whose licence was not accepted.

    Raises:
        InputError: It was not; the hint is the command that does.
    """
    if not is_accepted(card):
        raise InputError(
            f"the weights of {card.name} are not for commercial use",
            got=card.licence,
            expected="its licence accepted, once",
            hint=f"zooctl pull {card.name} --accept-licence accepts and downloads them",
        )


def _mark(card: Card) -> str:
    """Return the name of the record of a model and a licence; another licence is asked for anew."""
    return digest_of(f"{card.name} {card.licence}".encode())
