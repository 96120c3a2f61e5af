"""Parse the motif formats of the field: rows below ``>name``, and MEME."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.numbers import is_name, parse_float, parse_int
from zooctl.sequence.onehot import BASES

Profile = NDArray[np.float64]

SITES = 20
"""Sites of a profile of frequencies that states none: the default of the MEME format."""

MOST_SITES = 1e12
"""Largest count: a genome of 10^11 bases has no more sites, and logarithms stay in 64 bits."""

# Known motifs have up to 40 positions.
_LONGEST = 10_000
# Frequencies are rounded; the MEME tools take as much.
_SUM_TOLERANCE = 0.1


class Parsed(NamedTuple):
    """A profile of a file.

    Attributes:
        name: Identifier in its collection.
        counts: Counts of A, C, G, T, ``(length, 4)``.
        line: Its first line.
        assumed: Whether it states frequencies and no number of sites.
    """

    name: str
    counts: Profile
    line: int
    assumed: bool


def parse_motifs(path: Path) -> list[Parsed]:
    """Return the profiles of a file, plain or gzipped (see ``files.motifs.read_motifs``).

    Raises:
        InputError: The file has no profile, or a row is not numbers.
    """
    lines = [line for _, line in read_lines(path)]
    is_meme = any(line.startswith("MEME version") for line in lines[:20])
    found = list(_read_meme(path, lines) if is_meme else _read_fasta_like(path, lines))
    if not found:
        raise InputError(
            "no motif in the file", path=path, expected="HOCOMOCO, JASPAR or MEME profiles"
        )
    return found


def _numbers(path: Path, line: int, text: str) -> list[float]:
    values = []
    for word in text.split():
        value = parse_float(word, most=MOST_SITES)
        if value is None:
            raise InputError(
                "not a row of numbers",
                path=path,
                line=line,
                got=repr(text.strip()[:60]),
                expected=f"numbers from 0 to {MOST_SITES:g}",
            )
        if value < 0:
            raise InputError(
                "motif counts are negative",
                path=path,
                line=line,
                got=word,
                expected="counts or frequencies, not log-odds",
            )
        values.append(value)
    return values


def _name(path: Path, line: int, text: str) -> str:
    """Return the first word of a header, a motif's name."""
    name = "".join(text.split()[:1])
    if not is_name(name):
        raise InputError(
            "a motif has no name" if not name else "not a motif's name",
            path=path,
            line=line,
            got=repr(name[:40]) if name else None,
        )
    return name


def _read_fasta_like(path: Path, lines: list[str]) -> Iterator[Parsed]:
    """Yield the profiles of a file of ``>name`` headers."""
    name, first = "", 0
    rows: list[tuple[str, list[float]]] = []
    decimal = False
    for number, line in enumerate([*lines, ">"], start=1):
        text = line.strip()
        if text.startswith(">"):
            if name:
                matrix = _matrix(path, first, name, rows)
                # Whole numbers are counts, even of one site.
                assumed = decimal and bool((abs(matrix.sum(axis=1) - 1) <= _SUM_TOLERANCE).all())
                counts = matrix * SITES if assumed else matrix
                yield Parsed(name, counts, first, assumed)
            if number <= len(lines):
                name, first, rows, decimal = _name(path, number, text[1:]), number, [], False
        elif text and not text.startswith("#"):
            letter = re.match(r"([ACGT])\b", text)
            body = re.sub(r"[\[\]|:]", " ", text[1:] if letter else text)
            rows.append((letter[1] if letter else "", _numbers(path, number, body)))
            decimal = decimal or "." in body


def _matrix(path: Path, line: int, name: str, rows: list[tuple[str, list[float]]]) -> Profile:
    """Return the counts ``(length, 4)`` of rows by position or by base."""
    letters = "".join(letter for letter, _ in rows)
    widths = {len(values) for _, values in rows}
    by_base = letters == BASES or (not letters and len(rows) == 4 and widths != {4})
    if len(widths) != 1 or (letters and letters != BASES) or not (by_base or widths == {4}):
        raise InputError(
            "rows do not make a profile",
            path=path,
            line=line,
            field=name,
            expected="four numbers a position, or a row of equal length for each of A, C, G, T",
        )
    matrix = np.array([values for _, values in rows], dtype=np.float64)
    return np.ascontiguousarray(matrix.T) if by_base else matrix


def _read_meme(path: Path, lines: list[str]) -> Iterator[Parsed]:
    """Yield the letter-probability matrices of a MEME file as counts (probability times sites)."""
    name = ""
    for index, line in enumerate(lines):
        if line.startswith("MOTIF"):
            name = _name(path, index + 1, line.removeprefix("MOTIF"))
        elif line.startswith("letter-probability matrix"):
            # Any value may be missing: "nsites= E= 0".
            fields = dict(re.findall(r"(\w+)=\s*((?:(?!\w+=)\S)*)", line))
            matrix = _meme_rows(path, lines, index, name, fields.get("w", ""))
            sites = float(SITES)
            if stated := fields.get("nsites", ""):
                sites = parse_float(stated, least=1e-6, most=MOST_SITES) or 0.0
            if not sites:
                raise InputError(
                    "nsites is not a number of sites",
                    path=path,
                    line=index + 1,
                    field=name or None,
                    got=repr(stated[:40]),
                    hint=f"leave nsites= out, and it is {SITES}",
                )
            yield Parsed(name, matrix * sites, index + 1, not stated)


def _meme_rows(path: Path, lines: list[str], index: int, name: str, stated: str) -> Profile:
    """Return the rows below a matrix's header: as many as it states, or up to one that is none."""
    width = parse_int(stated, least=1, most=_LONGEST) if stated else None
    rows: list[list[float]] = []
    if width is not None or not stated:
        for number, text in enumerate(
            lines[index + 1 : index + 1 + (width or _LONGEST)], index + 2
        ):
            if width is None and not re.match(r"\s*[-+.\d]", text):
                break
            rows.append(_numbers(path, number, text))
    if not name or not rows or len(rows) < (width or 1) or any(len(row) != 4 for row in rows):
        raise InputError(
            "not a matrix of w rows of four probabilities",
            path=path,
            line=index + 1,
            field=name or None,
            got=f"w= {stated[:40]}, {len(rows)} rows" if stated else f"{len(rows)} rows",
        )
    matrix = np.array(rows)
    wrong = np.flatnonzero(abs(matrix.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if len(wrong):
        raise InputError(
            "probabilities of a position do not add up to 1",
            path=path,
            line=index + 2 + int(wrong[0]),
            field=name,
            got=f"{matrix[wrong[0]].sum():g}",
        )
    return matrix
