"""What is in the zoo and where: names to cards, recipes, manifests and verified bytes."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import zooctl
from zooctl.catalog.card import Card, load_card
from zooctl.catalog.explain import nearest
from zooctl.catalog.fields import NAME_PATTERN
from zooctl.catalog.manifest import MANIFEST, Manifest, load_manifest, picture_paths
from zooctl.errors import InputError, IntegrityError

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
    """

    root: Path
    name: str
    card_path: Path
    recipe_path: Path | None
    folder: Path | None

    def card(self) -> Card:
        """Read the card."""
        return load_card(self.card_path)

    def pictures(self) -> list[Path]:
        """Return the pictures of the model (PNG), the predicted track first."""
        paths = [self.root / path for path in picture_paths(self.name)]
        return [path for path in paths if path.is_file()]

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
        if self.folder is not None and not (self.folder / ONNX).is_file():
            card = self.card()
            if card.weights is not None and card.weights.origin is not None:
                from zooctl.catalog.origin import converted  # brings onnx and what downloads

                return converted(self, card, card.weights.origin, fetch=fetch)
        return self.verified_bytes(ONNX)

    def verified_bytes(self, file: str) -> bytes:
        """Return the content of a file of the entry's folder after checking it.

        What is returned is what was checked: the file is read once.

        Raises:
            InputError: The entry has no such file.
            IntegrityError: The bytes are not those that the manifest pins.
        """
        manifest = self.manifest()
        assert self.folder is not None
        path = self.folder / file
        pinned = manifest.files.get(f"zoo/{self.name}/{file}")
        if pinned is None:
            raise InputError("file is not in the manifest", path=path)
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


def entry(name: str) -> Entry:
    """Return a model by its name.

    Raises:
        InputError: There is no such model; the nearest name is in the hint.
    """
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
