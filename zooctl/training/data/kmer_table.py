"""Values of k-mers from a table, such as shape of DNA, one for the k-mer around each base."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.intervals.text_table import TextTable, read_text_table
from zooctl.sequence.onehot import Codes, N, encode, reverse_complement

# 4**8 values; shape tables are of pentamers.
MOST_BASES = 8


@dataclass(frozen=True, eq=False)
class KmerColumn:
    """A value for each k-mer.

    Attributes:
        k: Length of the k-mers.
        values: In the order of the k-mers, the first base the most significant, and then the mean
            of all for a k-mer with an unknown base, ``(4**k + 1,)`` float32.
    """

    k: int
    values: NDArray[np.float32]

    def along(self, codes: Codes) -> NDArray[np.float32]:
        """Return the value of the k-mer around each base of ``(length,)`` codes.

        The base is the middle one, and the right one of two.

        >>> column = KmerColumn(1, np.array([1, 2, 3, 4, 2.5], np.float32))
        >>> column.along(np.array([0, 3, 4], np.uint8)).tolist()
        [1.0, 4.0, 2.5]
        """
        flanks = (self.k // 2, self.k - 1 - self.k // 2)
        padded = np.pad(codes, flanks, constant_values=N).astype(np.int64)
        number, known = np.zeros(len(codes), np.int64), np.ones(len(codes), np.bool_)
        for offset in range(self.k):
            base = padded[offset : offset + len(codes)]
            number, known = 4 * number + base, known & (base != N)
        found: NDArray[np.float32] = self.values[np.where(known, number, 4**self.k)]
        return found


def read_kmer_column(path: Path, column: str) -> KmerColumn:
    """Read a column of a table of k-mers.

    Args:
        path: Tab-separated, plain or gzipped: a header, then a line a k-mer, its bases first.
        column: Name in the header.

    Raises:
        InputError: It is no such table, or lacks a k-mer on both strands.
    """
    table = read_text_table(path)
    place, k = table.column(column), len(table.rows[0][1][0])
    if not 1 <= k <= MOST_BASES:
        raise InputError("k-mers are too long", path=path, got=k, expected=f"1 to {MOST_BASES}")
    values = np.full(4**k, np.nan)
    for row in range(len(table.rows)):
        values[_number(_codes(table, row, k))] = table.number(row, place)
    for kmer in np.flatnonzero(np.isnan(values)):
        digits = (kmer // 4 ** np.arange(k - 1, -1, -1) % 4).astype(np.uint8)
        values[kmer] = values[_number(reverse_complement(digits[None])[0])]
    if lacking := int(np.isnan(values).sum()):
        what = "table lacks k-mers on both strands"
        raise InputError(what, path=path, got=f"{lacking:,} of {4**k:,} lack a value")
    return KmerColumn(k, np.append(values, values.mean()).astype(np.float32))


def _codes(table: TextTable, row: int, k: int) -> Codes:
    line, cells = table.rows[row]
    codes = encode(cells[0].encode())
    if len(codes) != k or (codes == N).any():
        raise InputError(
            "line does not begin with a k-mer",
            path=table.path,
            line=line,
            got=repr(cells[0][:40]),
            expected=f"{k} of A, C, G and T",
        )
    return codes


def _number(codes: Codes) -> int:
    return int((codes.astype(np.int64) * 4 ** np.arange(len(codes) - 1, -1, -1)).sum())
