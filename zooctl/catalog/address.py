"""Models outside of the zoo: in a folder, or in a repository of the hub at a commit.

Both have one layout, flat: ``model_card.yaml``, ``recipe.yaml``, ``manifest.json`` and the files of
``zoo/<name>/``. A folder may also be ``zoo/<name>`` of another zoo. The only pins of these models
are in their own manifest, so a repository has to be allowed by the user.
"""

from __future__ import annotations

import re
from pathlib import Path

from zooctl.catalog.entry import CARD, RECIPE, Entry, flat_path
from zooctl.errors import InputError, UnsafeError
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import MANIFEST, Manifest, load_manifest

_ADDRESS = re.compile(
    r"hf://(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})@(?P<revision>[0-9a-f]{40})",
    re.ASCII,
)
_MOST_BYTES = 1_000_000  # of card, recipe and manifest, each
# As of a bundle, since all files may be pulled.
_MOST_FILES, _MOST_TOTAL = 1_000, 4_000_000_000


def parse_address(text: str) -> Hub:
    """Parse ``hf://org/repo@<40 hex>``.

    Raises:
        InputError: The text has another form; a branch or a tag can be moved, so neither is taken.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise InputError(
            "no address on the hub", got=repr(text), expected="hf://org/repo@<40 hex of a commit>"
        )
    return Hub(**match.groupdict())


def require_trust(place: Hub, address: str, *, allow_untrusted: bool) -> None:
    """Refuse an address that the user did not say to trust.

    Raises:
        UnsafeError: ``allow_untrusted`` is not given.
    """
    if not allow_untrusted:
        raise UnsafeError(
            "a model from outside of the zoo",
            got=address,
            hint=f"--allow-untrusted, if you trust {place.repo.split('/')[0]}",
        )


def from_hub(address: str, *, allow_untrusted: bool) -> Entry:
    """Download the documents of a model on the hub; its weights are downloaded at first use.

    Raises:
        UnsafeError: ``allow_untrusted`` is not given, or the model is too large.
        InputError: The address or a document is wrong.
        NetworkError: A document is neither in the cache nor downloadable.
    """
    place = parse_address(address)
    require_trust(place, address, allow_untrusted=allow_untrusted)
    from zooctl.catalog.hub import cache  # the client loads slowly

    cache.read_unpinned(place, MANIFEST, _MOST_BYTES)
    folder = cache.snapshot(place)
    manifest = load_manifest(folder / MANIFEST)
    total = sum(pinned.size for pinned in manifest.files.values())
    if len(manifest.files) > _MOST_FILES or total > _MOST_TOTAL:
        raise UnsafeError(
            "the model is too large",
            got=f"{len(manifest.files):,} files of {total:,} bytes",
            expected=f"at most {_MOST_FILES:,} files and {_MOST_TOTAL:,} bytes",
        )
    for path, pinned in manifest.files.items():
        if path.startswith("zoo/"):
            continue
        if pinned.size > _MOST_BYTES:
            raise UnsafeError("a document is too large", got=f"{path}: {pinned.size:,} bytes")
        cache.read_file([place], flat_path(manifest.name, path), pinned)
    return _entry(folder, manifest, place)


def from_folder(folder: Path) -> Entry:
    """Return the model of a folder: in the flat layout, or ``zoo/<name>`` of a zoo.

    Raises:
        InputError: The folder holds no model.
    """
    if not (folder / MANIFEST).is_file():
        raise InputError("no model in this folder", path=folder, expected=MANIFEST)
    manifest = load_manifest(folder / MANIFEST)
    if (folder / CARD).is_file():
        return _entry(folder, manifest, None)
    root = folder.resolve().parent.parent
    card_path = root / "model_cards" / f"{manifest.name}.yaml"
    if not card_path.is_file():
        raise InputError("the model has no card", path=folder, expected=f"{CARD}, or {card_path}")
    recipe_path = root / "recipes" / f"{manifest.name}.yaml"
    recipe = recipe_path if recipe_path.is_file() else None
    return Entry(root, manifest.name, card_path, recipe, root / "zoo" / manifest.name)


def _entry(folder: Path, manifest: Manifest, place: Hub | None) -> Entry:
    recipe_path = folder / RECIPE
    return Entry(
        root=folder,
        name=manifest.name,
        card_path=folder / CARD,
        recipe_path=recipe_path if recipe_path.is_file() else None,
        folder=folder,
        hub=place,
    )
