"""Canonical JSON: the examples of RFC 8785, and properties of every document."""

from __future__ import annotations

import json
import math
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from zooctl.reproduction.report.canonical import digest

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)

# RFC 8785, appendix B: bits of a double to its text.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize("bits", NUMBERS)
def test_numbers_of_the_standard(bits: str) -> None:
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert rfc8785.dumps(value).decode() == NUMBERS[bits]


def test_the_documents_of_the_standard() -> None:
    # RFC 8785, 3.2.2 and 3.2.3; keys are sorted by UTF-16, so that the emoji comes before U+FB33.
    document = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert rfc8785.dumps(document).decode() == (
        '{"literals":[null,true,false],'
        '"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    keys = ["€", "\r", "\ufb33", "1", "😀", "\u0080", "ö"]
    found = list(json.loads(rfc8785.dumps(dict.fromkeys(keys, 1))))
    assert found == ["\r", "1", "\u0080", "ö", "€", "😀", "\ufb33"]


@given(document=documents)
def test_reads_back_as_it_was(document: object) -> None:
    assert json.loads(rfc8785.dumps(document), parse_int=float) == document  # type: ignore[arg-type]


@given(document=st.dictionaries(st.text(alphabet="abé€", max_size=4), documents, max_size=5))
def test_the_order_of_keys_does_not_matter(document: dict[str, object]) -> None:
    other = dict(reversed(list(document.items())))
    assert digest(document) == digest(other)  # type: ignore[arg-type]


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back(value: float) -> None:
    assert float(rfc8785.dumps(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, -(2**53)])
def test_numbers_that_json_cannot_hold_exactly(value: float) -> None:
    with pytest.raises(ValueError):
        digest(value)


def test_a_golden_digest() -> None:
    # printf '{"a":{"b":"é","c":null},"z":1}' | sha256sum
    assert digest({"z": 1, "a": {"c": None, "b": "é"}}) == (
        "sha256:5c6e3a79f6f1f8b2eb297227d7ab122dc905e00b05405853ea1053f6064f9242"
    )
