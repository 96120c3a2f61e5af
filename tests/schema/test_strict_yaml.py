"""YAML means what it looks like, and errors say where."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.fields import Values
from zooctl.schema.strict_yaml import MAX_ERRORS, MAX_VALUES, dumps, load, loads, parse

HERE = Path("card.yaml")


def value(text: str) -> object:
    return loads(f"field: {text}", HERE).data["field"]


TEXTS = "no yes on off Yes True NULL 012 0x10 0o7 1:30 1_000 2024-01-31 .nan .inf 1e e5 + . 1.2.3 ="


@pytest.mark.parametrize("text", [*TEXTS.split(), "07.5", "+-1", "1 2"])
def test_text_that_yaml_would_change_stays(text: str) -> None:
    assert value(text) == text


NUMBERS = {
    "12": 12,
    "-3": -3,
    "0": 0,
    "1e-3": 0.001,
    "2.5": 2.5,
    "1.": 1.0,
    ".25": 0.25,
    "-0.0": -0.0,
}
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@pytest.mark.parametrize(("text", "expected"), [*NUMBERS.items(), *WORDS.items()])
def test_numbers_and_words(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("text", ["'12'", '"true"', "'null'", "|\n  12"])
def test_quoted_scalars_are_text(text: str) -> None:
    assert isinstance(value(text), str)


@given(st.integers(-(10**25), 10**25))
def test_every_integer_is_read_as_itself(number: int) -> None:
    assert value(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_as_itself(number: float) -> None:
    assert value(repr(number)) == number


@given(st.text(alphabet="0123456789.+-eE_:xob", min_size=1))
def test_what_looks_like_a_number_is_one_or_text(text: str) -> None:
    from zooctl.schema.strict_yaml import _scalar

    read = _scalar(text)
    assert isinstance(read, (str, int, float))
    assert read == type(read)(text)


def test_lines_of_fields() -> None:
    document = loads("name: toy\ntracks:\n  - {name: a,\n     unit: b}\n", HERE)
    assert document.line(("tracks",)) == 2
    assert document.line(("tracks", 0, "name")) == 3
    assert document.line(("tracks", 0, "unit")) == 4
    assert document.line(("tracks", 0, "strand", "sign")) == 3, "nearest field above"
    assert document.line(("nothing",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "field", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "a", "field is given twice"),
        ("a:\n  b: 1\n  b: 1\n", 3, "a.b", "field is given twice"),
        ("a: &x 1\n", 1, "a", "anchors are not accepted"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "a", "tags are not accepted"),
        ("a: !!str 5\n", 1, "a", "tags are not accepted"),
        ("a: {<<: {b: 1}}\n", 1, "a", "a key is not plain text"),
        ("? [1, 2]\n: 3\n", 1, None, "a key is not plain text"),
        ("- 1\n", 1, None, "top level is no mapping"),
        ("", 1, None, "top level is no mapping"),
        ("a: 1\n---\nb: 2\n", 2, None, "a second document in the file"),
        ("a: 1\n b: 2\n", 2, None, "not YAML"),
        ("a: 1\nb: @x\n", 2, None, "not YAML"),
        ("a: " + "[" * 40 + "]" * 40, 1, None, "nested too deeply"),
    ],
)
def test_refused(text: str, line: int, field: str | None, what: str) -> None:
    with pytest.raises(InputError) as caught:
        loads(text, HERE)
    assert (caught.value.path, caught.value.line) == ("card.yaml", line)
    assert (caught.value.field, caught.value.what) == (field, what)


def test_aliases_are_refused_with_everything_else() -> None:
    with pytest.raises(ManyErrors) as caught:
        loads("a: &x [1]\nb: *x\nb: 2\n", HERE)
    found = [(error.line, error.what) for error in caught.value.errors]
    assert found == [
        (1, "anchors are not accepted"),
        (2, "aliases are not accepted"),
        (3, "field is given twice"),
    ]


def test_a_yaml_bomb_is_refused_at_once() -> None:
    rows = ["a: &a [x]"] + [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    with pytest.raises(ManyErrors):
        loads("\n".join(rows), HERE)


def test_refusals_are_bounded() -> None:
    with pytest.raises(ManyErrors) as caught:
        loads("a: [" + "*a," * 100_000 + "]", HERE)
    assert len(caught.value.errors) == MAX_ERRORS
    with pytest.raises(InputError, match="too many values"):
        loads("a: [" + "1," * MAX_VALUES + "1]", HERE)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a card.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: caf\xc3\xa9\r\nseed: 1\r\n")
    assert load(path).data == {"name": "café", "seed": 1}
    path.write_bytes(b"name: x\nnote: \xff\n")
    with pytest.raises(InputError, match="not UTF-8 text") as caught:
        load(path)
    assert caught.value.line == 2
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    path.write_bytes(b"#" * 4_000_001)
    with pytest.raises(InputError, match="too large"):
        load(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_data_or_a_zoo_error(content: bytes) -> None:
    with suppress(ZooError):
        loads(content.decode("latin-1"), HERE)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
NUMBER = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXT | NUMBER | st.booleans() | st.none() | st.sampled_from(TEXTS.split())
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=10
)


@given(st.dictionaries(TEXT, DATA, min_size=1))
def test_what_is_written_is_read_back(data: dict[str, object]) -> None:
    assert loads(dumps(data), HERE).data == data


def test_written_text_is_quoted_where_it_looks_like_a_number() -> None:
    shared = ["1e5"]
    assert dumps({"a": shared, "b": shared}) == "a:\n- '1e5'\nb:\n- '1e5'\n"


class Inner(Values):
    lengths: tuple[int, ...] = Field(default=(), strict=False)
    rate: float = Field(default=0.5, gt=0)


class Outer(Values):
    name: str
    inner: Inner


def faults(text: str) -> list[tuple[int | None, str | None, str, object, object, str | None]]:
    with pytest.raises(ZooError) as caught:
        parse(Outer, loads(text, HERE))
    error = caught.value
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    assert all(isinstance(one, InputError) and one.path == "card.yaml" for one in errors)
    return [(e.line, e.field, e.what, e.got, e.expected, e.hint) for e in errors]


def test_all_faults_of_a_document_at_once() -> None:
    assert faults("name: 12\ninner:\n  rat: 1\n  rate: 0\n  lengths: [1, two]\nnames: x\n") == [
        (1, "name", "wrong value", "12", "text", 'for text write "12"'),
        (5, "inner.lengths.1", "wrong value", "'two'", "integer", _NUMBERS),
        (4, "inner.rate", "wrong value", "0", "greater than 0", None),
        (3, "inner.rat", "no such field", None, None, "did you mean 'rate'?"),
        (6, "names", "no such field", None, None, "did you mean 'name'?"),
    ]


_NUMBERS = "numbers are decimal without _ or leading zeros; booleans are true and false"


def test_missing_and_misplaced() -> None:
    assert faults("inner: 3\n") == [
        (1, "name", "required field is missing", None, None, None),
        (1, "inner", "wrong value", "3", "a mapping", None),
    ]


def test_nan_and_booleans_are_no_numbers() -> None:
    (fault,) = faults("name: x\ninner: {rate: true}\n")
    assert fault[:4] == (2, "inner.rate", "wrong value", "true")


def test_a_right_document() -> None:
    outer = parse(Outer, loads("name: x\ninner: {lengths: [1, 2], rate: 1}\n", HERE))
    assert outer.inner.lengths == (1, 2)
