"""Explain pydantic's errors: field, value, accepted values, and the nearest of these as a hint."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

_QUOTED = re.compile(r"'([^']*)'")


class Complaint(NamedTuple):
    """One fault of a document; ``field`` is its path in the data."""

    field: tuple[str | int, ...]
    what: str
    got: str | None
    expected: str | None
    hint: str | None


def explain(error: ValidationError, model: type[BaseModel], data: object) -> Iterator[Complaint]:
    """Yield the faults of a document, in the order of its fields.

    Args:
        error: Error of ``model.model_validate(data)``.
        model: The model.
        data: The document.
    """
    for item in error.errors(include_url=False):
        field, context = _place(item["loc"], data), item.get("ctx", {})
        kind, got = item["type"], item["input"]
        if kind == "disagree":
            for problem in context["problems"]:
                below = tuple(int(p) if p.isdigit() else p for p in problem.field.split(".") if p)
                yield Complaint((*field, *below), *problem[1:])
        elif kind == "missing":
            yield Complaint(field, "required field is missing", None, None, None)
        elif kind == "extra_forbidden":
            names = _field_names(model, field[:-1], data)
            hint = nearest(str(field[-1]), names)
            yield Complaint(field, "no such field", None, None if hint else _listed(names), hint)
        elif kind in ("literal_error", "union_tag_invalid"):
            accepted = _QUOTED.findall(str(context.get("expected") or context.get("expected_tags")))
            if kind == "union_tag_invalid":
                field, got = (*field, "key"), context.get("tag")
            hint = nearest(str(got), accepted)
            listed = None if hint and len(accepted) > 8 else _listed(accepted)
            yield Complaint(field, "not one of the accepted values", show(got), listed, hint)
        elif kind == "too_short" and len(got) >= context["min_length"]:
            # pydantic counts the valid items alone; the others have errors of their own.
            continue
        elif kind == "union_tag_not_found":
            yield Complaint((*field, "key"), "required field is missing", None, None, None)
        else:
            yield Complaint(
                field, "wrong value", show(got), _expected(item), _quote_hint(kind, got)
            )


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return a hint that names the choice most similar to a word, or None if none is similar.

    >>> nearest("filtres", ["filters", "first_kernel"])
    "did you mean 'filters'?"
    """
    known = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), known, n=1)
    return f"did you mean {known[found[0]]!r}?" if found else None


def show(value: object) -> str:
    """Return a value for a message, in YAML's words and at most 80 characters.

    >>> show(True), show(None), show("012")
    ('true', 'null', "'012'")
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…'"


def _expected(item: Any) -> str:
    context = item.get("ctx", {})
    if item["type"] == "string_pattern_mismatch":
        return f"text that matches {context['pattern']}"
    if item["type"] in ("value_error", "assertion_error"):
        return str(context["error"])
    text = str(item["msg"]).removeprefix("Input should be ").removeprefix("a valid ")
    if item["type"].startswith(("model_", "dict_")):
        return "a mapping"
    if item["type"].startswith(("tuple_", "list_")):
        return "a list"
    if item["type"] == "too_short":
        return f"at least {context['min_length']} of them"
    return "text" if text == "string" else text


def _quote_hint(kind: str, got: object) -> str | None:
    if kind == "string_type" and isinstance(got, (int, float, bool)):
        return f'for text write "{show(got)}"'
    if kind in ("int_type", "float_type", "bool_type") and isinstance(got, str):
        return "numbers are decimal without _ or leading zeros; booleans are true and false"
    return None


def _listed(words: Iterable[str]) -> str | None:
    return ", ".join(words) or None


def _place(loc: tuple[str | int, ...], data: object) -> tuple[str | int, ...]:
    """Return the path in the data of a pydantic location, without its names of union members."""
    field: list[str | int] = []
    for part in loc:
        if isinstance(data, dict):
            if part == "[key]" or data.get("key") == part:
                continue
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        else:
            continue
        field.append(part)
    return tuple(field)


def _field_names(model: type[BaseModel], field: tuple[str | int, ...], data: Any) -> list[str]:
    """Return the field names of the model at a path."""
    for part in field:
        data = data[part]
        if isinstance(part, str):
            if part not in model.model_fields:
                return []
            candidates = list(_models(model.model_fields[part].annotation))
            if len(candidates) > 1:
                candidates = [c for c in candidates if _accepts_key(c, data)]
            if not candidates:
                return []
            model = candidates[0]
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models named anywhere in an annotation."""
    arguments = typing.get_args(annotation)
    if not arguments and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in arguments:
        yield from _models(argument)


def _accepts_key(model: type[BaseModel], data: Any) -> bool:
    info = model.model_fields.get("key")
    key = data.get("key") if isinstance(data, dict) else None
    return info is not None and key in typing.get_args(info.annotation)
