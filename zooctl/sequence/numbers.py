"""Numbers and names of text files: plain ASCII, bounded, or refused.

Python's own readers take more than any file format means: ``int`` takes ``1_000`` and digits of
other scripts and ends in an exception at thousands of digits, ``str.isdigit`` takes ``²``, which
``int`` does not, and a number past int64 ends in an exception of numpy later on.
"""

from __future__ import annotations

import math
import re

LARGEST = 10**15 - 1
"""Largest integer of a file by default: no contig is as long, and no sum of a few leaves int64."""

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?", re.ASCII)
_MOST_CHARACTERS = 400  # of a decimal number; the longest exact double of the field has about 330
_NOT_IN_NAMES = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")


def parse_int(text: str | bytes, least: int = 0, most: int = LARGEST) -> int | None:
    """Return an integer written in plain digits; None where it is none, or out of bounds.

    Args:
        text: The text, without spaces around.
        least: Smallest value that is taken.
        most: Largest value that is taken.

    >>> parse_int("9411239"), parse_int("-1"), parse_int("-1", least=-1)
    (9411239, None, -1)
    >>> parse_int("²"), parse_int("1_000"), parse_int("1e3"), parse_int("9" * 5000)
    (None, None, None, None)
    """
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    if len(text) > 32:
        text = text.lstrip("0") or "0"  # padding is legal, however long
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if least <= value <= most else None


def parse_float(text: str, least: float = -math.inf, most: float = math.inf) -> float | None:
    """Return a finite decimal number; None where it is none, or out of bounds.

    >>> parse_float("1.5e-3"), parse_float("1e999"), parse_float("nan"), parse_float("1_0")
    (0.0015, None, None, None)
    """
    if len(text) > _MOST_CHARACTERS or not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) and least <= value <= most else None


def is_name(text: str) -> bool:
    """Return whether a text can name a contig or a motif: no spaces or control characters.

    >>> is_name("HLA-A*01:01:01:01"), is_name("chr 1"), is_name(""), is_name("chr1\\x00")
    (True, False, False, False)
    """
    return bool(text) and not _NOT_IN_NAMES.search(text)
