"""Digests of JSON documents in canonical form (RFC 8785), one digest whoever writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import rfc8785

Json: TypeAlias = "str | int | float | Mapping[str, Json] | Sequence[Json] | None"


def digest(document: Json) -> str:
    """Return ``sha256:`` and the digest of a document's canonical form.

    Raises:
        ValueError: A number is not finite, or an integer is beyond the doubles' exact range.

    >>> digest({"z": 1.0, "a": None}) == digest({"a": None, "z": 1})
    True
    """
    return "sha256:" + hashlib.sha256(rfc8785.dumps(document)).hexdigest()
