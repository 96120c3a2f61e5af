"""Canonical JSON (RFC 8785), so that a document has one digest whoever writes it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "str | int | float | Mapping[str, Json] | Sequence[Json] | None"

# Beyond these a double cannot tell neighbouring integers apart.
_MOST = 2**53 - 1


def canonical(document: Json) -> bytes:
    """Return the one form that a JSON document has: keys sorted by UTF-16, no spaces, UTF-8.

    Raises:
        ValueError: A number is not finite, or an integer is beyond what a double holds exactly.

    >>> canonical({"b": 1, "a": [None, True, 1e-7, 4.50]})
    b'{"a":[null,true,1e-7,4.5],"b":1}'
    """
    return _text(document).encode()


def digest(document: Json) -> str:
    """Return ``sha256:`` and the digest of a document's canonical form."""
    return "sha256:" + hashlib.sha256(canonical(document)).hexdigest()


def _text(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > _MOST:
            raise ValueError(f"integer {value} is beyond 2**53")
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{_text(value[key])}" for key in keys) + "}"
    return "[" + ",".join(map(_text, value)) + "]"


def number(value: float) -> str:
    """Return a double as ECMAScript prints it: the shortest digits that read back the same.

    >>> [number(x) for x in (0.0, -0.0, 1.0, 1e21, 333333333.33333329, 1e-6, 1e-27)]
    ['0', '0', '1', '1e+21', '333333333.3333333', '0.000001', '1e-27']
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    # The value is 0.digits times 10 to the power of point.
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    head = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{head}e{point - 1:+d}"
