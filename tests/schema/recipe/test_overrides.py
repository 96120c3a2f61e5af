"""Values set from outside: put where they are said to be, and held to the same rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError, ManyErrors
from zooctl.schema.recipe.overrides import override, parse_changed
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import Document, dumps, load, loads

PATH = Path("a.yaml")


def document() -> Document:
    return loads("optimiser: {key: adam, lr: 0.1}\nsplit:\n  test: [chr20, {chrom: chr21}]\n", PATH)


@pytest.mark.parametrize(
    ("setting", "place", "value"),
    [
        ("optimiser.lr=1e-3", ("optimiser", "lr"), 1e-3),
        ("optimiser.lr=", ("optimiser", "lr"), None),
        ("optimiser.clip_norm=null", ("optimiser", "clip_norm"), None),
        ("optimiser={key: sgd}", ("optimiser",), {"key": "sgd"}),
        ("split.test.0=chr8", ("split", "test", 0), "chr8"),
        ("split.test.1.chrom=no", ("split", "test", 1, "chrom"), "no"),
        ("split.train=[chr1, chr2]", ("split", "train"), ["chr1", "chr2"]),
        ("schedule.early_stopping.patience=3", ("schedule", "early_stopping", "patience"), 3),
        ("name=a=b", ("name",), "a=b"),
        ('name="012"', ("name",), "012"),
        ("name=012", ("name",), "012"),
    ],
)
def test_a_value_is_put_in_its_place(setting: str, place: tuple[Any, ...], value: object) -> None:
    before = document()
    found: Any = override(before, [setting]).data
    for part in place:
        found = found[part]
    assert found == value
    assert type(found) is type(value)
    assert before.data == document().data, "the document given is left as it is"


def test_later_settings_win() -> None:
    assert override(document(), ["seed=1", "seed=2"]).data["seed"] == 2


@given(st.text(max_size=20) | st.integers() | st.booleans() | st.none())
def test_what_dumps_writes_can_be_set(value: Any) -> None:
    text = dumps({"value": value}).removeprefix("value: ").removesuffix("\n")
    assert override(document(), [f"name={text}"]).data["name"] == value


@pytest.mark.parametrize("setting", ["lr", "=3", "a..b=1", ".a=1", "a.=1", ""])
def test_what_is_no_setting(setting: str) -> None:
    with pytest.raises(InputError, match="--set: not a field and a value"):
        override(document(), [setting])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("split.test.2=x", "no such item of the list .got 2; expected 0 to 1."),
        ("split.test.x=1", "no such item of the list"),
        ("optimiser.lr.x=1", "optimiser.lr has no fields"),
        ("seed={", "^--set seed: not YAML"),
        ("seed=1\nlr: 2", "more than one value"),
        ("seed={a: 1, a: 2}", "^--set seed: value.a: field is given twice"),
        ("seed=&x 1", "anchors are not accepted"),
    ],
)
def test_what_cannot_be_set(setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        override(document(), [setting])


def test_errors_name_the_setting_and_others_keep_their_line(repo: Path) -> None:
    path = repo / "recipes/ctcf_gm12878.yaml"
    held = load(path)
    held.data["batch_size"] = 0
    with pytest.raises(ManyErrors) as caught:
        parse_changed(Recipe, held, ["optimiser.lr=-1"])
    places = {error.field: (error.path, error.line) for error in caught.value.errors}
    assert places["optimiser.lr"] == ("--set optimiser.lr=-1", None)
    assert places["batch_size"] == (str(path), held.line(("batch_size",)))


def test_another_recipe_comes_out(repo: Path) -> None:
    held = load(repo / "recipes/ctcf_dream.yaml")
    recipe, changed = parse_changed(Recipe, held, ["seed=3", "precision=bf16-mixed"])
    assert (recipe.seed, recipe.precision) == (3, "bf16-mixed")
    assert Recipe.model_validate(loads(dumps(changed.data), PATH).data) == recipe
