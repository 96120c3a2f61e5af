"""Errors name the field of the document, whatever pydantic calls the place."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from zooctl.schema.explain import Complaint, explain, nearest, show
from zooctl.schema.fields import Items, Values


class Cat(Values):
    key: Literal["cat"]
    lives: int = 9


class Dog(Values):
    key: Literal["dog"]
    tricks: Items[str] = ()


class House(Values):
    pet: Annotated[Cat | Dog, Field(discriminator="key")]
    rooms: dict[str, Cat] = Field(default_factory=dict)
    colour: Literal["red", "green", "blue"] = "red"


def faults(data: object) -> list[Complaint]:
    with pytest.raises(ValidationError) as caught:
        House.model_validate(data)
    return list(explain(caught.value, House, data))


def test_the_chosen_member_of_a_union_is_no_part_of_the_path() -> None:
    assert faults({"pet": {"key": "cat", "lives": "nine"}})[0].field == ("pet", "lives")
    assert faults({"pet": {"key": "dog", "tricks": [1]}})[0].field == ("pet", "tricks", 0)


def test_an_unknown_field_is_compared_with_those_of_the_chosen_member() -> None:
    (fault,) = faults({"pet": {"key": "dog", "trick": []}})
    assert fault == Complaint(
        ("pet", "trick"), "no such field", None, None, "did you mean 'tricks'?"
    )
    (fault,) = faults({"pet": {"key": "cat", "tricks": []}})
    assert (fault.hint, fault.expected) == (None, "key, lives")


def test_an_unknown_key_has_the_nearest_as_hint() -> None:
    (fault,) = faults({"pet": {"key": "dgo"}})
    assert fault.field == ("pet", "key")
    assert (fault.got, fault.expected, fault.hint) == ("'dgo'", "cat, dog", "did you mean 'dog'?")
    (fault,) = faults({"pet": {"lives": 1}})
    assert (fault.field, fault.what) == (("pet", "key"), "required field is missing")


def test_fields_below_a_free_name() -> None:
    (fault,) = faults({"pet": {"key": "cat"}, "rooms": {"attic": {"key": "cat", "lives": 0.5}}})
    assert fault.field == ("rooms", "attic", "lives")


def test_a_value_like_none_of_the_choices_is_shown_all_of_them() -> None:
    (fault,) = faults({"pet": {"key": "cat"}, "colour": "XYZ"})
    assert (fault.hint, fault.expected) == (None, "red, green, blue")


def test_nearest_ignores_letter_case() -> None:
    assert nearest("mit", ["MIT", "ISC"]) == "did you mean 'MIT'?"
    assert nearest("zzz", ["MIT", "ISC"]) is None


def test_shown_values_are_short() -> None:
    assert len(show("x" * 1000)) < 81
    assert show([1] * 1000) == "a list"
