"""Read tables of measured variant effects, as massively parallel assays publish them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from zooctl.errors import InputError
from zooctl.files.intervals.text_table import TextTable, read_text_table
from zooctl.sequence.numbers import parse_int

# Field to its names as a column, here and in published tables; letter case does not matter.
_NAMES = {
    "chrom": ("chrom", "chr", "#chrom"),
    "pos": ("pos", "position"),
    "ref": ("ref", "reference"),
    "alt": ("alt", "alternative"),
    "value": ("value", "effect", "log2_effect", "coefficient"),
    "n": ("n", "barcodes"),
    "element": ("element", "name"),
    "assembly": ("assembly", "release"),
}
_REQUIRED = ("chrom", "pos", "ref", "alt", "value")
_UCSC = {"GRCh37": "hg19", "GRCh38": "hg38"}


class Effect(NamedTuple):
    """A measured effect.

    Attributes:
        element: Regulatory element that was assayed as one; the contig if the table names none.
        chrom: Contig, as the table names it.
        start: Base, 0-based.
        ref: Reference.
        alt: Alternative, in the table's own notation (``-`` for a deletion, in some).
        value: The effect.
        n: Number of observations; None if the table does not state it.
    """

    element: str
    chrom: str
    start: int
    ref: str
    alt: str
    value: float
    n: float | None


def read_effects(path: str | os.PathLike[str], assembly: str) -> list[Effect]:
    """Read the lines of a table that have a position in an assembly, in file order.

    Args:
        path: Tab-separated, plain or gzipped, with the columns chrom, pos (counted from 1), ref,
            alt and value, and if there are n, element and assembly; or as Kircher et al. 2019
            (doi:10.1038/s41467-019-11526-w) call them, Chrom, Pos, Ref, Alt, Coefficient,
            Barcodes, Element and Release. ``NA`` for a position leaves a line out.
        assembly: UCSC's name; lines of other assemblies are left out if the table names assemblies.

    Raises:
        InputError: A column is missing, a position or value is no number, or no line is left.
    """
    table = read_text_table(Path(path))
    columns = _columns(table)
    found = []
    for row, (line, cells) in enumerate(table.rows):
        cell = {name: cells[column] for name, column in columns.items()}
        own = cell.get("assembly", assembly)
        if cell["pos"] == "NA" or _UCSC.get(own, own) != assembly:
            continue
        position = parse_int(cell["pos"], least=1)
        if position is None:
            raise InputError(
                "position is not a number",
                path=table.path,
                line=line,
                got=repr(cell["pos"][:40]),
                expected="an integer from 1",
            )
        found.append(
            Effect(
                cell.get("element") or cell["chrom"],
                cell["chrom"],
                position - 1,
                cell["ref"].upper(),
                cell["alt"].upper(),
                table.number(row, columns["value"]),
                table.number(row, columns["n"]) if "n" in columns else None,
            )
        )
    if not found:
        raise InputError("table has no effect in this assembly", path=table.path, expected=assembly)
    return found


def _columns(table: TextTable) -> dict[str, int]:
    """Return the index of each known column."""
    header = [name.lower() for name in table.header]
    found = {}
    for name, known in _NAMES.items():
        places = [header.index(one) for one in known if one in header]
        if places:
            found[name] = places[0]
        elif name in _REQUIRED:
            raise InputError(
                f"table has no column {name}",
                path=table.path,
                line=1,
                got=", ".join(table.header),
                expected=" or ".join(known),
            )
    return found
