"""What is in the zoo and where: names to cards, recipes, manifests and verified bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import zooctl
from zooctl.catalog.card import Card, Hub, load_card
from zooctl.catalog.explain import nearest
from zooctl.catalog.fields import NAME_PATTERN
from zooctl.catalog.manifest import (
    MANIFEST,
    FileDigest,
    Manifest,
    entry_files,
    load_manifest,
    picture_paths,
)
from zooctl.errors import InputError, IntegrityError, NetworkError

if TYPE_CHECKING:
    from zooctl.catalog.recipe import Recipe

ONNX = "model.onnx"
GRAPH = "graph.onnx"
"""ONNX without weights, for entries whose weights stay where they were published."""
SAFETENSORS = "model.safetensors"
PROBE = "probe.safetensors"

DEFAULT_MODEL = "h3k36me3_brain"
"""What runs where no model is named."""

WeightsAt = Literal["local", "hub", "url", "none"]


@dataclass(frozen=True)
class Entry:
    """One model of the zoo; nothing is read before it is asked for.

    Attributes:
        root: The zoo it belongs to.
        name: Stem of card and recipe, name of the folder.
        card_path: Its card.
        recipe_path: Its recipe, if it has one.
        folder: Folder with its manifest and weights, if it has one.
        hub: The commit that it was fetched from, if it is not of a zoo (``foreign.from_hub``).
    """

    root: Path
    name: str
    card_path: Path
    recipe_path: Path | None
    folder: Path | None
    hub: Hub | None = None

    def card(self) -> Card:
        """Read the card."""
        return load_card(self.card_path)

    def path(self, pinned: str) -> Path:
        """Return where a file of the manifest lies, if it is here."""
        if self.card_path.parent != self.folder:
            return self.root / pinned
        from zooctl.catalog.foreign import flat_path

        return self.folder / flat_path(self.name, pinned)

    def pictures(self) -> list[Path]:
        """Return the pictures of the model (PNG), the predicted track first."""
        paths = [self.path(path) for path in picture_paths(self.name)]
        return [path for path in paths if path.is_file()]

    def present(self) -> list[str]:
        """Return the files that are here and the manifest should pin, as it names them, sorted."""
        if self.card_path.parent != self.folder:
            return entry_files(self.root, self.name)
        # A flat folder holds more, which is made of these.
        return sorted(path for path in self.manifest().files if self.path(path).is_file())

    def recipe(self) -> Recipe:
        """Read the recipe.

        Raises:
            InputError: There is none.
        """
        from zooctl.catalog.recipe import load_recipe  # `list` does without

        if self.recipe_path is None:
            raise InputError("model has no recipe", got=self.name)
        return load_recipe(self.recipe_path)

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            InputError: There is none.
        """
        if self.folder is None:
            card = self.card()
            if card.weights is None:
                raise InputError(
                    "model has no weights", got=self.name, hint=card.unknown["weights"]
                )
            raise InputError(
                "model has no weights here",
                got=self.name,
                hint=f"zooctl info {self.name} says where they are",
            )
        return load_manifest(self.folder / MANIFEST)

    def onnx_bytes(self, *, fetch: bool = True) -> bytes:
        """Return the verified ONNX graph (see ``verified_bytes`` and ``origin.converted``).

        Args:
            fetch: Whether weights that are not here may be downloaded.
        """
        elsewhere = self.folder is not None and not (self.folder / ONNX).is_file()
        if elsewhere and self.hub is None:
            card = self.card()
            if card.weights is not None and card.weights.origin is not None:
                from zooctl.catalog.origin import converted  # brings onnx and what downloads

                if card.weights.hub is not None:
                    with contextlib.suppress(NetworkError):
                        return self.verified_bytes(ONNX, fetch=fetch)
                return converted(self, card, card.weights.origin, fetch=fetch)
        return self.verified_bytes(ONNX, fetch=fetch)

    def verified_bytes(self, file: str, *, fetch: bool = True) -> bytes:
        """Return the content of a file of the entry after checking it.

        It is taken from the entry's folder, or else from the places that the card names
        (``elsewhere.obtain``). What is returned is what was checked: the file is read once.

        Args:
            file: Its path below the folder.
            fetch: Whether it may be downloaded.

        Raises:
            InputError: The entry has no such file.
            IntegrityError: The bytes are not those that the manifest pins.
            NetworkError: The file is not here and cannot be downloaded.
        """
        manifest = self.manifest()
        assert self.folder is not None
        path = self.folder / file
        pinned = manifest.files.get(f"zoo/{self.name}/{file}")
        if pinned is None:
            raise InputError("file is not in the manifest", path=path)
        if self.hub is not None or not path.is_file():
            from zooctl.catalog import elsewhere  # brings the hub's client

            if (found := elsewhere.obtain(self, file, pinned, fetch=fetch)) is not None:
                return found
        return _read(path, pinned)

    def contents(self) -> dict[str, bytes]:
        """Return every file that the manifest pins, by its name there; fetched where it must be.

        Raises:
            ZooError: As ``verified_bytes``.
        """
        head = f"zoo/{self.name}/"
        found = {}
        for path, pinned in sorted(self.manifest().files.items()):
            if path == head + ONNX:
                found[path] = self.onnx_bytes()
            elif path.startswith(head):
                found[path] = self.verified_bytes(path.removeprefix(head))
            else:
                found[path] = _read(self.path(path), pinned)
        return found

    def weights_at(self, card: Card) -> WeightsAt:
        """Say where the weights that a card names can be had; ``local`` if they are here."""
        if self.folder is not None and (self.folder / ONNX).is_file():
            return "local"
        if card.weights is None:
            return "none"
        if card.weights.hub is not None:
            return "hub"
        if card.weights.origin is not None:
            return "url"
        return "url" if any(file.url for file in card.weights.files) else "none"


def root() -> Path:
    """Return the folder with ``model_cards/``, ``recipes/`` and ``zoo/``.

    ``$ZOOCTL_ZOO`` if set; else what is packaged with the program; else the checkout it runs from.

    Raises:
        InputError: ``$ZOOCTL_ZOO`` is no such folder.
    """
    if own := os.environ.get("ZOOCTL_ZOO"):
        if not (Path(own) / "model_cards").is_dir():
            raise InputError("no zoo", path=own, hint="ZOOCTL_ZOO is a folder with model_cards/")
        return Path(own)
    package = Path(zooctl.__file__).parent
    packaged = package / "entries"
    return packaged if packaged.is_dir() else package.parent


def names() -> list[str]:
    """Return the names of all models, sorted; a model is there if its card is."""
    return sorted(path.stem for path in (root() / "model_cards").glob("*.yaml"))


def entry(name: str, *, allow_untrusted: bool = False) -> Entry:
    """Return a model by its name, its folder, or its address on the hub (``foreign``).

    Args:
        name: A name of the zoo; a path with a slash; or ``hf://org/repo@<40 hex>``.
        allow_untrusted: Whether an address on the hub will do.

    Raises:
        InputError: There is no such model; the nearest name is in the hint.
        UnsafeError: The model is not of the zoo, and that was not allowed.
    """
    if name.startswith("hf://"):
        from zooctl.catalog.foreign import from_hub

        return from_hub(name, allow_untrusted=allow_untrusted)
    if "/" in name and "\0" not in name and Path(name).is_dir():
        from zooctl.catalog.foreign import from_folder

        return from_folder(Path(name))
    zoo = root()
    card_path = zoo / "model_cards" / f"{name}.yaml"
    # The pattern first: a name becomes a path.
    if not re.fullmatch(NAME_PATTERN, name) or not card_path.is_file():
        hint = nearest(name, names())
        raise InputError("no such model", got=repr(name), hint=hint or "zooctl list shows them all")
    recipe_path = zoo / "recipes" / f"{name}.yaml"
    folder = zoo / "zoo" / name
    return Entry(
        root=zoo,
        name=name,
        card_path=card_path,
        recipe_path=recipe_path if recipe_path.is_file() else None,
        folder=folder if (folder / MANIFEST).is_file() else None,
    )


def _read(path: Path, pinned: FileDigest) -> bytes:
    """Return the content of a file if it is the pinned one."""
    try:
        with path.open("rb") as handle:
            content = handle.read(pinned.size + 1)
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != pinned.sha256:
        wrong_size = len(content) != pinned.size
        raise IntegrityError(
            "bytes differ from the manifest",
            path=path,
            got=f"{path.stat().st_size:,} bytes" if wrong_size else f"sha256 {sha256}",
            expected=f"{pinned.size:,} bytes" if wrong_size else f"sha256 {pinned.sha256}",
            hint="restore the file from its source; it was damaged or replaced",
        )
    return content
