"""Folders of reports: made before any work, and written file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.atomic import atomic_output, check_output


def make_folder(folder: Path, report: str, force: bool) -> None:
    """Make the folder of a report, before any work.

    Args:
        folder: The folder.
        report: Name of the file that says that a report is there.
        force: Whether a report is replaced.

    Raises:
        InputError: It cannot be made, or holds a report and ``force`` is not given.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("not a folder that can be made", path=folder, got=error.strerror) from None
    check_output(folder / report, force)


def write_text(path: Path, text: str, force: bool) -> None:
    """Write a text file, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    with atomic_output(path, force=force) as temporary:
        temporary.write_text(text)


def write_table(path: Path, rows: Sequence[Mapping[str, object]], force: bool) -> None:
    """Write rows of cells by column as TSV with a header; ``.`` where there is no value.

    Raises:
        InputError: It cannot be written.
    """
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    write_text(path, "".join("\t".join(line) + "\n" for line in lines), force)


def _cell(value: object) -> str:
    if value is None:
        return "."
    return f"{value:.6g}" if isinstance(value, float) else str(value)
