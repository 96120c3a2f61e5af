"""Text for people: messages, tables, sizes and times, all safe to print on a terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Collection, Iterable, Sequence

import typer

# A column that is cut keeps so many letters.
_LEAST = 10


def plain(text: str) -> str:
    """Return text for people: what could steer a terminal as escapes, and tokens left out."""
    from zooctl.schema.escape import visible, without_secrets

    return visible(without_secrets(text))


def echo(text: object) -> None:
    """Print a line on stdout: escaped on a terminal; as it is in a pipe, names byte for byte."""
    line = str(text)
    if sys.stdout is not None and sys.stdout.isatty():
        typer.echo(plain(line))
        return
    try:
        line.encode()
    except UnicodeEncodeError:
        # Python's names for bytes that are not UTF-8, which whoever reads the name needs.
        typer.echo(line.encode(errors="surrogateescape"))
    else:
        typer.echo(line)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout: fitted to a terminal, or in full width where it is piped.

    Args:
        headers: One a column.
        rows: Cells as text; unsafe characters are escaped.
    """
    cells = [[plain(cell).replace("\n", " ") for cell in row] for row in rows]
    if sys.stdout is not None and sys.stdout.isatty():
        _print_fitted(headers, cells)
        return
    columns = zip(headers, *cells, strict=True)
    widths = [max(_width(cell) for cell in column) for column in columns]
    for row in (headers, *cells):
        padded = [
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ]
        typer.echo("  ".join(padded).rstrip())


def is_terminal() -> bool:
    """Say whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def print_tsv(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print tab-separated values to stdout, for programs; unsafe characters are escaped."""
    for row in (headers, *rows):
        typer.echo("\t".join(plain(cell).replace("\n", " ").replace("\t", " ") for cell in row))


def print_cut(
    headers: Sequence[str], rows: Sequence[Sequence[str]], cut: Collection[str], room: int
) -> None:
    """Print a table with a line for each row: long cells of some columns are cut to fit.

    Args:
        headers: One a column.
        rows: Cells as text; unsafe characters are escaped.
        cut: Headers of the columns that may be cut; the others are whole, if it does not fit, too.
        room: Columns of the terminal.
    """
    cells = [[plain(cell).replace("\n", " ") for cell in row] for row in (headers, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for _ in range(sum(widths) + 2 * (len(widths) - 1) - room):
        able = [at for at, header in enumerate(headers) if header in cut and widths[at] > _LEAST]
        if able:
            widths[max(able, key=widths.__getitem__)] -= 1
    for row in cells:
        fitted = [_cut(cell, width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join(fitted).rstrip())


def _cut(text: str, width: int) -> str:
    """Return text in exactly so many columns, with a sign where some of it is left out."""
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns a text takes: East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _print_fitted(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in cells:
        # Text, not str: square brackets in a card are no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def echo_json(document: object) -> None:
    """Print a document as JSON on stdout."""
    import json

    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def echo_files(files: Iterable[object], as_json: bool, **facts: object) -> None:
    """Print what a command wrote: a path a line, or JSON with what else is known of it.

    Args:
        files: Files or folders.
        as_json: Print ``{fact: value, ..., "files": [...]}``.
        **facts: Of the JSON alone.
    """
    if as_json:
        echo_json({**facts, "files": [str(file) for file in files]})
        return
    for file in files:
        echo(file)


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns, values as they are."""
    width = max((len(name) for name, _ in fields), default=0)
    for name, value in fields:
        first, *rest = plain(value).strip().split("\n")
        typer.echo(f"{name:<{width}}  {first}".rstrip())
        for line in rest:
            typer.echo(f"{'':<{width}}  {line}".rstrip())


def cell_text(value: object) -> str:
    """Return a cell: ``-`` where there is no value, numbers to four digits.

    >>> [cell_text(value) for value in (None, 0.123456, 12, "CTCF")]
    ['-', '0.1235', '12', 'CTCF']
    """
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def size_text(size: int) -> str:
    """Return a number of bytes for people, in powers of ten.

    >>> [size_text(size) for size in (812, 431_000, 983_659_424)]
    ['812 B', '431.0 kB', '983.7 MB']
    """
    if size < 1000:
        return f"{size} B"
    for unit, scale in (("kB", 1e3), ("MB", 1e6)):
        if size < 1000 * scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e9:.1f} GB"


def duration_text(seconds: float) -> str:
    """Return a time for people.

    >>> duration_text(0.2), duration_text(59.7), duration_text(3700), duration_text(200_000)
    ('1 s', '1 min', '1 h 2 min', '55 h 33 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
