"""Numbers and names of text files."""

import pytest

from zooctl.sequence.numbers import LARGEST, is_name, parse_float, parse_int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("0" * 5000 + "7", 7),
        (str(LARGEST), LARGEST),
        (b"48129895", 48_129_895),
    ],
)
def test_integers(text: str | bytes, value: int) -> None:
    assert parse_int(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "+1", "-1", " 1", "1 ", "1\n", "1.0", "1e3", "1_000", "0x10", "²", "٣", "x"),
        *(str(LARGEST + 1), str(2**63), "9" * 5000, b"\xb2", b"1\x00"),
    ],
)
def test_no_integers(text: str | bytes) -> None:
    assert parse_int(text) is None


def test_bounds_of_integers() -> None:
    assert parse_int("0", least=1) is None
    assert parse_int("-5", least=-5) == -5
    assert parse_int("2147483648", most=2**31 - 1) is None


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), (".5", 0.5), ("5.", 5.0), ("-1E+3", -1e3)])
def test_floats(text: str, value: float) -> None:
    assert parse_float(text) == value


@pytest.mark.parametrize(
    "text", ["", ".", "nan", "inf", "-Infinity", "1e999", "1_0", "٣", "²", "1e", "0x1p3", "9" * 401]
)
def test_no_floats(text: str) -> None:
    assert parse_float(text) is None


def test_bounds_of_floats() -> None:
    assert parse_float("1.5", most=1) is None
    assert parse_float("-0.1", least=0) is None


@pytest.mark.parametrize("name", ["chr1", "HLA-A*01:01", "染色体1", "é"])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", " chr1", "chr\t1", "chr1\x1b[31m", "a\u2028b", "\udcff"])
def test_no_names(name: str) -> None:
    assert not is_name(name)
