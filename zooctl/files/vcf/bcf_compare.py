"""Comparison of a record with the one that htslib made of it: has a value been lost or changed?

BCF holds numbers as 32-bit integers and floats, so a number may be written otherwise ("0.10" as
"0.1"). All other text must be the same. A missing value may be left out or stand as dots.
"""

from __future__ import annotations

import math
from itertools import zip_longest

import numpy as np

from zooctl.sequence.numbers import parse_float

_COLUMNS = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_POS, _QUAL, _INFO = 1, 5, 7
_DIGITS = 1e-5  # htslib writes six significant digits


def changed(source: bytes, back: bytes) -> str | None:
    """Return the column and the value that differ, as text; None if none does.

    Args:
        source: The record's line.
        back: The line that htslib writes for it.

    >>> first = b"chr1\\t5\\t.\\tA\\tC\\t29.50\\tPASS\\tAC=1.5;DB"
    >>> changed(first, b"chr1\\t5\\t.\\tA\\tC\\t29.5\\tPASS\\tAC=1.5;DB")
    >>> changed(first, b"chr1\\t5\\t.\\tA\\tC\\t29.5\\tPASS\\tAC=1;DB")
    'INFO AC is 1.5, would become 1'
    """
    if source == back:
        return None
    ours, theirs = source.split(b"\t"), back.split(b"\t")
    if len(ours) != len(theirs):
        return f"{len(ours)} columns, would become {len(theirs)}"
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if one == other:
            continue
        if index == _INFO:
            fault = _info(one, other)
        elif index < len(_COLUMNS):
            numeric = index in (_POS, _QUAL)
            same = numeric and _same_value(one, other)
            fault = None if same else _fault(_COLUMNS[index], one, other)
        else:
            fault = _sample(ours[len(_COLUMNS) - 1], one, other)
        if fault:
            return fault
    return None


def _fault(name: str, one: bytes, other: bytes) -> str:
    shown = (text.decode("utf-8", "replace")[:60] or "empty" for text in (one, other))
    return "{} is {}, would become {}".format(name, *shown)


def _info(one: bytes, other: bytes) -> str | None:
    ours, theirs = _entries(one), _entries(other)
    for mine, yours in zip_longest(ours, theirs, fillvalue=(b"", b"")):
        if mine[0] != yours[0]:
            return _fault("INFO", b";".join(mine[:1]), yours[0])
        if not _same_values(mine[1], yours[1]):
            return _fault(f"INFO {mine[0].decode('utf-8', 'replace')[:40]}", mine[1], yours[1])
    return None


def _entries(info: bytes) -> list[tuple[bytes, bytes]]:
    """Return keys and values; a flag has the value of a missing one."""
    parts = [entry.partition(b"=") for entry in info.split(b";") if entry not in (b"", b".")]
    return [(key, value or b".") for key, _, value in parts]


def _sample(keys: bytes, one: bytes, other: bytes) -> str | None:
    columns = zip_longest(keys.split(b":"), one.split(b":"), other.split(b":"), fillvalue=b".")
    for key, mine, yours in columns:
        if not _same_values(mine or b".", yours):
            return _fault(f"FORMAT {key.decode('utf-8', 'replace')[:40]}", mine, yours)
    return None


def _same_values(one: bytes, other: bytes) -> bool:
    """Compare lists, in which missing values at the end may be left out."""
    if one == other:
        return True
    pairs = zip_longest(one.split(b","), other.split(b","), fillvalue=b".")
    return all(_same_value(mine, yours) for mine, yours in pairs)


def _same_value(one: bytes, other: bytes) -> bool:
    """Compare values; numbers as 32-bit floats to the digits that htslib writes."""
    if one == other:
        return True
    a, b = (parse_float(text.decode("latin-1")) for text in (one, other))
    if a is None or b is None:
        return one.lower() in (b"nan", b"inf", b"-inf") and one.lower() == other.lower()
    with np.errstate(over="ignore"):
        return math.isclose(float(np.float32(a)), b, rel_tol=_DIGITS, abs_tol=1e-44)
