"""The table of source documents names commands, options, fields, values and files that exist."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from zooctl.cli.main import build_app
from zooctl.schema.recipe.recipe import Recipe

DOCS = Path(__file__).resolve().parent.parent / "docs"
STATES = {"here", "partly", "not yet", "cited only"}
N_ROWS = 184
# A state has to be earned: what was missing when the table was first written may only shrink.
MOST_NOT_YET = 2


def rows() -> list[list[str]]:
    text = (DOCS / "source-rows.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


ROWS = rows()
SPANS = sorted({span for row in ROWS for span in re.findall(r"`([^`]+)`", row[4])})
COMMAND_SPANS = [span for span in SPANS if span.startswith("zooctl ")]
PATHS = [s for s in SPANS if s not in COMMAND_SPANS and ("/" in s or s == "Containerfile")]
FILES = {
    "--index",
    "hub.txt",
    "learning_curve.png",
    "motif.png",
    "tracks.png",
}  # written by a command, or its option
FIELD_SPANS = [s for s in SPANS if s not in {*COMMAND_SPANS, *PATHS, *FILES}]


def test_every_row_stands_once_with_a_state_and_a_place() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, N_ROWS + 1))
    assert all(len(row) == 5 and all(row) for row in ROWS)
    assert {row[3] for row in ROWS} <= STATES
    assert sum(row[3] == "not yet" for row in ROWS) <= MOST_NOT_YET
    for number, _, _, state, where in ROWS:
        if state == "here":
            assert re.search(r"`|\]\(", where), f"row {number}"


@pytest.mark.parametrize("span", COMMAND_SPANS)
def test_commands_and_options_exist(span: str) -> None:
    _, *words = span.split()
    command: Any = build_app()
    while words and not words[0].startswith("-") and getattr(command, "commands", None):
        assert words[0] in command.commands, span
        command = command.commands[words.pop(0)]
    options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    for word in words:
        assert not word.startswith("-") or word in options, f"{span}: {word}"


def members(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from members(argument)


def literals(annotation: Any) -> set[Any]:
    found: set[Any] = set()
    if typing.get_origin(annotation) is typing.Literal:
        found |= set(typing.get_args(annotation))
    for argument in typing.get_args(annotation):
        found |= literals(argument)
    return found


def found_fields(path: str) -> list[Any]:
    """Annotations of a dotted field, in each model that has it on its way."""
    models: list[type[BaseModel]] = [Recipe]
    *inner, last = path.split(".")
    for part in inner:
        models = [
            below
            for model in models
            if part in model.model_fields
            for below in members(model.model_fields[part].annotation)
        ]
    return [model.model_fields[last].annotation for model in models if last in model.model_fields]


@pytest.mark.parametrize("span", FIELD_SPANS)
def test_fields_of_recipes_and_their_values_exist(span: str) -> None:
    path, _, value = span.partition(": ")
    found = found_fields(path)
    assert found, f"no field {path}"
    if value:
        assert value in set().union(*map(literals, found)), span


@pytest.mark.parametrize("span", PATHS)
def test_files_of_the_tree_exist(span: str) -> None:
    assert (DOCS.parent / span).exists()


def test_pages_exist() -> None:
    text = (DOCS / "source-rows.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (DOCS / link).is_file(), link


@pytest.mark.parametrize(
    ("path", "there"), [("windows.blank.start", True), ("windows.nothing", False)]
)
def test_a_field_that_is_not_there_is_noticed(path: str, there: bool) -> None:
    assert bool(found_fields(path)) == there
    assert "adam" in literals(found_fields("optimiser.key")[0]) | literals(
        found_fields("optimiser.key")[1]
    )
