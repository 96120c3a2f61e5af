"""Where weights begin, as a recipe may say it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from zooctl.schema.recipe.training import InitFrom, InitFromField, WeightPattern

DIGEST = "0" * 64
FIELD: TypeAdapter[InitFrom] = TypeAdapter(InitFromField)


def test_a_name_alone_is_a_model() -> None:
    assert FIELD.validate_python("ctcf_gm12878") == InitFrom(model="ctcf_gm12878")
    assert FIELD.validate_python({"model": "a", "lr_factor": 0.1}).lr_factor == 0.1


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ({}, "from a model or from a file"),
        ({"model": "a", "file": "b", "sha256": DIGEST}, "from a model or from a file"),
        ({"file": "b"}, "a file of weights is not pinned"),
        ({"model": "a", "lr_factor": 0.0}, "greater than 0"),
        ({"model": "a", "lr_factor": 2.0}, "less than or equal to 1"),
        ({"model": "a", "new": ["first[0]"]}, "match"),
        ({"model": "../a"}, "match"),
        (3, "valid dict"),
    ],
)
def test_wrong_beginnings(init: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FIELD.validate_python(init)


@pytest.mark.parametrize("pattern", ["first", "first.0.weight", "dilated.convs.?.bias", "*"])
def test_patterns(pattern: str) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(WeightPattern)
    assert adapter.validate_python(pattern) == pattern
