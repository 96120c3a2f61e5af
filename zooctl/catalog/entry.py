"""The record of one model: its name, card, recipe and folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zooctl.errors import InputError
from zooctl.schema.card import Card, load_card
from zooctl.schema.card_weights import Hub
from zooctl.schema.manifest import MANIFEST, Manifest, entry_files, load_manifest, picture_paths

if TYPE_CHECKING:
    from zooctl.schema.recipe.recipe import Recipe


ONNX = "model.onnx"
GRAPH = "graph.onnx"
"""ONNX without weights, for entries whose weights stay where they were published."""
SAFETENSORS = "model.safetensors"
PROBE = "probe.safetensors"

WeightsAt = Literal["local", "hub", "url", "none"]


@dataclass(frozen=True)
class Entry:
    """One model; its documents are read on demand.

    Attributes:
        root: The zoo it belongs to.
        name: Stem of card and recipe, name of the folder.
        card_path: Its card.
        recipe_path: Its recipe, if it has one.
        folder: Folder with its manifest and weights, if it has one.
        hub: Commit that it was downloaded from, if it is outside of the zoo (``address.from_hub``).
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
        """Return the path of a file of the manifest, present or not."""
        if self.card_path.parent != self.folder:
            return self.root / pinned
        return self.folder / flat_path(self.name, pinned)

    def pictures(self) -> list[Path]:
        """Return the pictures of the model (PNG), the predicted track first."""
        paths = [self.path(path) for path in picture_paths(self.name)]
        return [path for path in paths if path.is_file()]

    def present(self) -> list[str]:
        """Return the present files that belong into the manifest, by their names there, sorted."""
        if self.card_path.parent != self.folder:
            return entry_files(self.root, self.name)
        # A flat folder also holds files derived from these.
        return sorted(path for path in self.manifest().files if self.path(path).is_file())

    def recipe(self) -> Recipe:
        """Read the recipe.

        Raises:
            InputError: There is none.
        """
        from zooctl.schema.recipe.recipe import load_recipe  # `list` does without

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

    def weights_at(self, card: Card) -> WeightsAt:
        """Return the kind of place of the weights that a card names; ``local`` if they are here."""
        if self.folder is not None and (self.folder / ONNX).is_file():
            return "local"
        if card.weights is None:
            return "none"
        if card.weights.hub is not None:
            return "hub"
        if card.weights.published:
            return "url"
        return "url" if any(file.url for file in card.weights.files) else "none"


CARD = "model_card.yaml"
RECIPE = "recipe.yaml"


def flat_path(name: str, path: str) -> str:
    """Return the path of a manifest's file in the flat layout.

    >>> flat_path("toy", "zoo/toy/model.onnx"), flat_path("toy", "model_cards/toy.yaml")
    ('model.onnx', 'model_card.yaml')
    >>> flat_path("toy", "recipes/toy.yaml"), flat_path("toy", "model_cards/toy.motif.png")
    ('recipe.yaml', 'motif.png')
    """
    return {
        f"model_cards/{name}.yaml": CARD,
        f"recipes/{name}.yaml": RECIPE,
        f"model_cards/{name}.png": "picture.png",
        f"model_cards/{name}.motif.png": "motif.png",
    }.get(path, path.removeprefix(f"zoo/{name}/"))
