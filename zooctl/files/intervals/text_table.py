"""Read tab-separated tables with a header, plain or gzipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.text import read_lines
from zooctl.sequence.numbers import parse_float


@dataclass(frozen=True)
class TextTable:
    """The text of a table.

    Attributes:
        path: The file.
        header: Names of the columns.
        rows: Number of each line, from 1, and its cells, one a column.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, name: str) -> int:
        """Return the index of a column.

        Raises:
            InputError: No column has this name.
        """
        if name not in self.header:
            raise InputError(
                "table has no such column",
                path=self.path,
                line=1,
                got=name,
                expected=", ".join(self.header),
            )
        return self.header.index(name)

    def number(self, row: int, column: int) -> float:
        """Return a cell as a finite number.

        Raises:
            InputError: The cell is something else.
        """
        line, cells = self.rows[row]
        value = parse_float(cells[column])
        if value is None:
            raise InputError(
                f"{self.header[column]} is not a number",
                path=self.path,
                line=line,
                got=repr(cells[column][:40]),
            )
        return value

    def take(self, rows: Sequence[int]) -> TextTable:
        """Return the table of these rows."""
        return TextTable(self.path, self.header, tuple(self.rows[row] for row in rows))


def read_text_table(path: Path) -> TextTable:
    """Read a table; empty lines are skipped.

    Raises:
        InputError: It cannot be read, has no row, names a column twice, or has a line of another
            number of cells than the header.
    """
    lines = _cells(path)
    _, header = next(lines, (0, ()))
    rows = tuple(lines)
    if not rows:
        raise InputError("table has no rows", path=path, expected="a header, and lines below it")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError("two columns have one name", path=path, line=1, got=repr(twice))
    for line, cells in rows:
        if len(cells) != len(header):
            raise InputError(
                "line has another number of cells than the header",
                path=path,
                line=line,
                got=len(cells),
                expected=len(header),
                hint="cells are separated by tabs",
            )
    return TextTable(path, header, rows)


def _cells(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, line in read_lines(path):
        if line.strip():
            yield number, tuple(cell.strip() for cell in line.split("\t"))
