"""A drafted card is read back as a card that says what its recipe does."""

from __future__ import annotations

from pathlib import Path

import toy_training as toy

from zooctl.catalog.card_text import draft_card
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import loads, parse

FILES = {"model.onnx": FileDigest(sha256="0" * 64, size=12)}
ENVIRONMENT = "sha256:" + "1" * 64


def drafted(recipe: Recipe) -> Card:
    return parse(
        Card, loads(draft_card(recipe, environment=ENVIRONMENT, files=FILES), Path("toy.yaml"))
    )


def test_a_draft_says_what_the_recipe_does() -> None:
    recipe = toy.recipe()
    card = drafted(recipe)
    assert (card.name, card.seed, card.split) == (recipe.name, recipe.seed, recipe.split)
    assert card.geometry == recipe.window.geometry
    assert [track.name for track in card.tracks] == [target.track for target in recipe.targets]
    assert card.output_scale == "signal"


def test_labels_are_predicted_as_probabilities() -> None:
    recipe = toy.recipe(
        network={"key": "deepbind"},
        loss={"key": "binary_cross_entropy"},
        controls=[],
        windows={"key": "tiling", "stride": 64},
        targets=[{"track": "toy", "signal": {"key": "peaks", "source": "signal"}}],
        sources=[toy.recipe().sources[0].model_dump()],
        window={"input_length": 64, "output_length": 64, "bin_size": 64, "core_length": 64},
    )
    assert drafted(recipe).output_scale == "probability"
