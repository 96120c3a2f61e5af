"""Cards are edited in place: comments, quotes and order stay; and drafted from a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toy_training as toy

from zooctl.catalog import registry
from zooctl.catalog.card_text import CardText, with_hub, with_weights
from zooctl.catalog.new_card import card_text, fields_from_recipe
from zooctl.catalog.root import model_names
from zooctl.schema.card import Card
from zooctl.schema.manifest import FileDigest
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import loads, parse

FILES = {"model.onnx": FileDigest(sha256="0" * 64, size=12)}
ENVIRONMENT = "sha256:" + "1" * 64

COMMENTED = """# of all
a: 1
# of the list
b:
  - x: "1"
    y: 2
  # of the second
  - {x: 3, y: 4}
# of the brackets
c: {r: 1}  # beside
# of the weights
w:
  hub: {a: 1}
  # of the files
  files:
    - path: x
      size: 3
# of the empty list
e: []

# of numbers
f: [1, 2]
# of nothing
n: null
# of the reasons
unknown:
  p: q
  # of r
  r: s
# at the end
"""


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from paths(inner, (*path, key))


def data(text: str) -> Any:
    return loads(text, Path("card.yaml")).data


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def comments(text: str) -> set[str]:
    return set(re.findall(r"# [a-z ]+", text))


def inside(path: tuple[str | int, ...]) -> set[str]:
    """Comments that stand within a value, which go with it."""
    within = {("b",): "# of the second", ("w",): "# of the files", ("unknown",): "# of r"}
    return {within[path]} if path in within else set()


PATHS = list(paths(data(COMMENTED)))


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_comments_outside_of_a_changed_value_stay(path: tuple[str | int, ...]) -> None:
    for value in ("a: text", 5, None, [], [{"z": 1}, {"z": 2}], {"k": 1, "l": [{"m": 2}]}):
        if path == ("unknown",) and not isinstance(value, dict):
            continue
        card = CardText(COMMENTED)
        card.set(*path, value)
        assert at(data(str(card)), path) == value
        assert comments(str(card)) >= comments(COMMENTED) - inside(path)
    if isinstance(path[-1], str):
        card = CardText(COMMENTED)
        card.remove(*path)
        assert path[-1] not in at(data(str(card)), path[:-1])
        assert comments(str(card)) >= comments(COMMENTED) - inside(path)


def test_quotes_stay() -> None:
    card = CardText(COMMENTED)
    card.set("b", 0, "x", "2")
    assert str(card) == COMMENTED.replace('x: "1"', 'x: "2"')


@pytest.mark.parametrize("name", model_names())
def test_cards_of_the_zoo_are_written_as_they_are(name: str) -> None:
    path = registry.entry(name).card_path
    text = path.read_text(encoding="utf-8")
    assert str(CardText(text)) == text
    card = CardText(text)
    for field in ("seed", "environment", "robustness"):
        card.set(field, card.get(field))
    assert str(card) == text


@pytest.mark.parametrize("name", model_names())
def test_one_value_changes_one_line(name: str) -> None:
    text = registry.entry(name).card_path.read_text(encoding="utf-8")
    card = CardText(text)
    card.set("version", "9.8.7")
    old, new = text.splitlines(), str(card).splitlines()
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        (f"version: {at(data(text), ('version',))}", "version: 9.8.7")
    ]


def test_new_weights_lie_nowhere_but_here() -> None:
    text = card_text(fields_from_recipe(toy.recipe(), environment=ENVIRONMENT), FILES)
    text = text.replace("seed:", "# Of three seeds.\nseed:")
    elsewhere = with_hub(text, "org/x", "2" * 40)
    files = {"model.onnx": FileDigest(sha256="3" * 64, size=13)}
    new = with_weights(elsewhere, environment="sha256:" + "4" * 64, seed=5, files=files)
    assert "# Of three seeds.\nseed: 5\n" in new
    weights = data(new)["weights"]
    assert weights == {"files": [{"path": "model.onnx", "sha256": "3" * 64, "size": 13}]}
    more = {**files, "model.safetensors": files["model.onnx"]}
    newer = with_weights(new, environment=ENVIRONMENT, seed=6, files=more)
    assert [file["path"] for file in data(newer)["weights"]["files"]] == list(more)


def test_the_reason_goes_with_the_null() -> None:
    text = "seed: null\nunknown:\n  seed: not trained\n  b.*.c: not known\nb: [{c: null}, {c: 1}]\n"
    card = CardText(text)
    card.set("seed", 1)
    assert data(str(card))["unknown"] == {"b.*.c": "not known"}
    card.set("b", 1, "c", 2)
    assert "unknown" in data(str(card))
    card.set("b", 0, "c", 3)
    assert data(str(card)) == {"seed": 1, "b": [{"c": 3}, {"c": 2}]}


def drafted(recipe: Recipe) -> Card:
    text = card_text(fields_from_recipe(recipe, environment=ENVIRONMENT), FILES)
    assert str(CardText(text)) == text
    return parse(Card, loads(text, Path("toy.yaml")))


def test_a_draft_agrees_with_its_recipe() -> None:
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
