"""Spaces of recipes: accepted and refused ranges, and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zooctl.errors import InputError, ManyErrors
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.recipe.search_space import Range, candidates, load_space
from zooctl.schema.strict_yaml import Document, dumps, load, loads, parse

SPACE = """
optimiser.lr: {log_uniform: [1.0e-4, 1.0e-2]}
network.dropout: {uniform: [0, 0.5]}
network.filters: {choice: [32, 64]}
network.dilated_layers: {int: [2, 4]}
"""


@pytest.fixture
def recipe(repo: Path) -> Document:
    return load(repo / "recipes/atac_yeast.yaml")


def space_of(text: str, recipe: Document, folder: Path) -> dict[str, Range]:
    path = folder / "space.yaml"
    path.write_text(text)
    return load_space(path, recipe)


def messages(text: str, recipe: Document, folder: Path) -> list[str]:
    with pytest.raises((InputError, ManyErrors)) as caught:
        space_of(text, recipe, folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_every_kind_is_drawn_within_its_ends(recipe: Document, tmp_path: Path) -> None:
    drawn = candidates(space_of(SPACE, recipe, tmp_path), recipe, 40, 7)
    assert len(drawn) == 40
    for candidate in drawn[1:]:
        values = candidate.values
        assert 1e-4 <= values["optimiser.lr"] <= 1e-2  # type: ignore[operator]
        assert 0 <= values["network.dropout"] <= 0.5  # type: ignore[operator]
        found = Recipe.model_validate(candidate.data)
        assert found.network.filters == values["network.filters"]  # type: ignore[union-attr]
        assert found.optimiser.lr == values["optimiser.lr"]
        assert found.name == "atac_yeast_tuned"
    assert {c.values["network.filters"] for c in drawn[1:]} == {32, 64}
    assert {c.values["network.dilated_layers"] for c in drawn[1:]} == {2, 3, 4}


def test_log_uniform_is_even_in_the_logarithm() -> None:
    rng, found = np.random.default_rng(3), Range(log_uniform=(1e-4, 1.0))
    below = np.mean([found.draw(rng) < 1e-2 for _ in range(2000)])  # type: ignore[operator]
    assert 0.45 < below < 0.55


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-6, 1e6), seed=st.integers(0, 2**32))
def test_rounding_stays_within_the_range(low: float, width: float, seed: int) -> None:
    high = low + width
    value = Range(uniform=(low, high)).draw(np.random.default_rng(seed))
    assert low <= value <= high  # type: ignore[operator]


def test_the_first_is_the_recipe_itself(recipe: Document, tmp_path: Path) -> None:
    first = candidates(space_of(SPACE, recipe, tmp_path), recipe, 1, 7)[0]
    assert first.values == {
        "optimiser.lr": 0.001,
        "network.dropout": 0.1,
        "network.filters": 32,
        "network.dilated_layers": 5,
    }
    assert first.data == recipe.data | {"name": "atac_yeast_tuned"}


def test_more_candidates_begin_with_the_same(recipe: Document, tmp_path: Path) -> None:
    space = space_of(SPACE, recipe, tmp_path)
    few, many = candidates(space, recipe, 5, 7), candidates(space, recipe, 12, 7)
    assert many[:5] == few
    assert candidates(space, recipe, 5, 8)[1:] != few[1:]


def test_a_drawn_recipe_is_yaml_that_reads_back(recipe: Document, tmp_path: Path) -> None:
    for candidate in candidates(space_of(SPACE, recipe, tmp_path), recipe, 4, 7):
        document = loads(dumps(candidate.data), tmp_path / "x.yaml")
        assert parse(Recipe, document) == Recipe.model_validate(candidate.data)


def test_nothing_is_tried_twice(recipe: Document, tmp_path: Path) -> None:
    text = "network.filters: {choice: [32, 64]}\nbatch_size: {choice: [16, 32]}"
    drawn = candidates(space_of(text, recipe, tmp_path), recipe, 20, 7)
    pairs = [(c.values["network.filters"], c.values["batch_size"]) for c in drawn]
    assert pairs[0] == (32, 16)
    assert sorted(pairs) == [(32, 16), (32, 32), (64, 16), (64, 32)]


def test_a_whole_network_is_one_choice(recipe: Document, tmp_path: Path) -> None:
    text = "network:\n  choice:\n  - {key: basenji, filters: 8}\n  - {key: bpnet, filters: 8}"
    drawn = candidates(space_of(text, recipe, tmp_path), recipe, 9, 7)
    assert {c.data["network"]["key"] for c in drawn[1:]} == {"basenji", "bpnet"}


def test_fields_that_the_file_leaves_out(recipe: Document, tmp_path: Path) -> None:
    text = "optimiser.betas: {choice: [[0.8, 0.99]]}\nnetwork.activation: {choice: [exp]}"
    found = Recipe.model_validate(
        candidates(space_of(text, recipe, tmp_path), recipe, 2, 7)[1].data
    )
    assert found.optimiser.betas == (0.8, 0.99)
    assert found.network.activation == "exp"  # type: ignore[union-attr]


def test_below_a_mapping_that_the_file_leaves_out(recipe: Document, tmp_path: Path) -> None:
    data = {name: value for name, value in recipe.data.items() if name != "augmentation"}
    bare = Document(recipe.path, data, recipe.lines)
    space = space_of("augmentation.max_shift: {int: [1, 9]}", bare, tmp_path)
    first, second = candidates(space, bare, 2, 7)
    assert first.values == {"augmentation.max_shift": 0}
    assert 1 <= Recipe.model_validate(second.data).augmentation.max_shift <= 9


def test_every_problem_at_once(recipe: Document, tmp_path: Path) -> None:
    text = """lr: {log_uniform: [1.0e-4, 1.0e-2]}
optimizer.lr: {uniform: [0.1, 0.5]}
network.filters: {uniform: [32, 64.5]}
network.dropout:
  uniform:
  - 0.5
  - 2
network.pool: {int: [2, 1]}
batch_size: {chioce: [1]}
seed: {log_uniform: [0, 3]}
network.output: {choice: [rate, logit]}
threads: 4
precision: {choice: [32-true], int: [1, 2]}
network: {choice: [{key: bpnet, filers: 3}]}
"""
    assert messages(text, recipe, tmp_path) == [
        "space.yaml:1: lr: recipe has no such field. Hint: did you mean 'optimiser.lr'?",
        "space.yaml:2: optimizer.lr: recipe has no such field. Hint: did you mean 'optimiser.lr'?",
        "space.yaml:3: network.filters.uniform.0: wrong value (got 32.0; expected integer)",
        "space.yaml:3: network.filters.uniform.1: wrong value (got 64.5; expected integer)",
        "space.yaml:7: network.dropout.uniform.1: wrong value (got 2.0; expected less than 1)",
        "space.yaml:8: network.pool.int: range is empty (got [2, 1]; expected [lowest, highest])",
        "space.yaml:9: batch_size.chioce: no such field. Hint: did you mean 'choice'?",
        "space.yaml:10: seed.log_uniform.0: wrong value (got 0; expected greater than 0)",
        "space.yaml:11: network.output.choice.1: with 'logit': loss.key: loss does not fit the "
        "network's output (got logit; expected rate)",
        "space.yaml:12: threads: wrong value (got 4; expected a mapping)",
        "space.yaml:13: precision: a range is one of four (got choice, int; expected choice, "
        "uniform, log_uniform, int)",
        "space.yaml:14: network.choice.0: network.filers: no such field. "
        "Hint: did you mean 'filters'?",
    ]


@pytest.mark.parametrize(
    "field", ["loss.key", "name", "window.bin_size", "split.train", "window", "sources.0.sha256"]
)
def test_what_would_make_trials_incomparable(field: str, recipe: Document, tmp_path: Path) -> None:
    (message,) = messages(f"{field}: {{choice: [1]}}", recipe, tmp_path)
    assert message.startswith(f"space.yaml:1: {field}: field is not searched. Hint: ")


@pytest.mark.parametrize("text", ["{}", "a: {choice: []}", "batch_size: {int: [1, 2, 3]}"])
def test_empty_and_overlong(text: str, recipe: Document, tmp_path: Path) -> None:
    assert messages(text, recipe, tmp_path)
