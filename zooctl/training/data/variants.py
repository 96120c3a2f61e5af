"""Measured variants of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.text_table import read_text_table
from zooctl.progress import Say
from zooctl.schema.recipe.windows import VariantWindows
from zooctl.sequence.onehot import BASES, Codes, encode
from zooctl.sequence.windows import Integers

# Above this share of lines with another reference base, the table is of another assembly.
_MOST_MISMATCHES = 0.1


@dataclass(frozen=True)
class Variants:
    """Substitutions of single bases, in the order of their table.

    Attributes:
        chrom: Contig of each, ``n`` of them.
        position: From 0, ``(n,)``.
        alternative: Code of the alternative base, ``(n,)`` uint8.
        effect: Measured effect on each track, ``(n, n_tracks)`` float32.
    """

    chrom: NDArray[np.str_]
    position: Integers
    alternative: Codes
    effect: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.position)


def read_variants(
    path: Path,
    windows: VariantWindows,
    effects: list[str],
    codes: Mapping[str, Codes],
    say: Say,
) -> Variants:
    """Read the variants of a table on given contigs.

    Args:
        path: The table.
        windows: Its columns and rows to use.
        effects: Column of each track.
        codes: Genome of the contigs.
        say: Takes a line with the number of lines left out.

    Raises:
        InputError: A column is missing, a position or an effect is no number, no line is left, or
            the reference bases are not those of the genome.
    """
    table = read_text_table(path)
    names = windows.columns
    place = {name: table.column(getattr(names, name)) for name in ("chrom", "pos", "ref", "alt")}
    for column, value in windows.rows.items():
        here = table.column(column)
        table = table.take(
            [row for row, (_, cells) in enumerate(table.rows) if cells[here] == value]
        )
    columns = [table.column(name) for name in effects]
    kept: list[tuple[str, int, int]] = []
    values: list[list[float]] = []
    others = mismatches = 0
    for row, (_, cells) in enumerate(table.rows):
        chrom = windows.chrom_prefix + cells[place["chrom"]]
        if chrom not in codes:
            continue
        ref, alt = cells[place["ref"]].upper(), cells[place["alt"]].upper()
        if not (len(ref) == len(alt) == 1 and ref in BASES and alt in BASES and ref != alt):
            others += 1
            continue
        position = int(table.number(row, place["pos"])) - 1
        inside = 0 <= position < len(codes[chrom])
        if not inside or codes[chrom][position] != encode(ref.encode())[0]:
            mismatches += 1
            continue
        kept.append((chrom, position, int(encode(alt.encode())[0])))
        values.append([table.number(row, column) for column in columns])
    _check(path, len(kept), mismatches, codes)
    if others or mismatches:
        say(
            f"{path.name}: left out {others:,} lines that are no substitution of a base, and "
            f"{mismatches:,} of another reference base"
        )
    return Variants(
        np.array([chrom for chrom, _, _ in kept]),
        np.array([position for _, position, _ in kept], np.int64),
        np.array([code for _, _, code in kept], np.uint8),
        np.array(values, np.float32),
    )


def _check(path: Path, kept: int, mismatches: int, codes: Mapping[str, Codes]) -> None:
    if mismatches > _MOST_MISMATCHES * (kept + mismatches):
        raise InputError(
            "reference bases are not those of the genome",
            path=path,
            got=f"{mismatches:,} of {kept + mismatches:,} differ",
            hint="is the table of another assembly?",
        )
    if not kept:
        raise InputError(
            "no line is a substitution on a chromosome of the split",
            path=path,
            expected=", ".join(codes),
            hint="windows.rows and windows.chrom_prefix choose the lines",
        )
