"""Inputs of a plan: their digests when it was made, and whether they are still the same."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.errors import InputError, IntegrityError
from zooctl.files.disk.pinned import file_digest
from zooctl.progress import Progress

_FOLDERS = ("store",)
"""Options that name a folder, which need not exist."""

_FILES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("fasta", "genes", "regions_file", "targets_file", "features", "inputs"), ()),
    "chrom_map": ("auto",),
    "background": ("none",),
    "backgrounds": ("random", "shuffled"),
}
"""Options that name files, and the words that stand in place of one."""

_NAMED = ("inputs",)
"""Options that name files as ``NAME=FILE``."""


@dataclass(frozen=True)
class PlannedInput:
    """A file that a plan's shards are computed from.

    Attributes:
        path: Its absolute path.
        size: Its bytes.
        mtime_ns: Time of its last change, for a quick comparison on the same machine.
        sha256: Its digest.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str


def take_inputs(paths: Iterable[Path], progress: Progress) -> list[PlannedInput]:
    """Return the digests of files, each once.

    Args:
        paths: The files.
        progress: Opens the display of reading them.
    """
    files = list(dict.fromkeys(path.absolute() for path in paths))
    found = [path.stat() for path in files]
    with progress(sum(one.st_size for one in found), "B", "digests of the inputs") as advance:
        return [
            PlannedInput(
                str(path), one.st_size, one.st_mtime_ns, file_digest(path, advance=advance)
            )
            for path, one in zip(files, found, strict=True)
        ]


def refuse_pipes(paths: Iterable[str | Path]) -> None:
    """Refuse what can be read only once, or by one process alone.

    Raises:
        InputError: One is stdin, a pipe or a device.
    """
    for path in map(str, paths):
        # What /dev/stdin is here, it is not in a worker.
        if path == "-" or path.startswith("/dev/") or (_is_there(path) and not _is_file(path)):
            raise InputError("a plan is of files", path=path, hint="write it into a file first")


def check_inputs(inputs: Sequence[PlannedInput]) -> None:
    """Check that files are those of a plan; one of the same size and time is not read again.

    Raises:
        InputError: A file is not here.
        IntegrityError: A file has changed.
    """
    for one in inputs:
        try:
            found = Path(one.path).stat()
        except OSError as error:
            got = os.strerror(error.errno or 0)
            raise InputError("input of the plan is not here", path=one.path, got=got) from None
        if (found.st_size, found.st_mtime_ns) == (one.size, one.mtime_ns):
            continue
        digest = file_digest(Path(one.path)) if found.st_size == one.size else ""
        if digest != one.sha256:
            raise changed_input(
                one.path,
                f"sha256 {digest}" if digest else f"{found.st_size:,} bytes",
                f"sha256 {one.sha256}" if digest else f"{one.size:,} bytes",
            )


def changed_input(path: str, got: str, expected: str) -> IntegrityError:
    """Return the error for an input that is another than the one that was planned for."""
    return IntegrityError(
        "input has changed since the plan was made",
        path=path,
        got=got,
        expected=expected,
        hint="restore it, or make a new plan",
    )


def files_among(values: Mapping[str, Any]) -> list[Path]:
    """Return the files that options name."""
    return [
        Path(path)
        for name, value in values.items()
        for text in (value if isinstance(value, (list, tuple)) else [value])
        if (path := _file_of(name, text)) is not None
    ]


def absolute(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in JSON's types, with absolute paths of the files and folders that they name.

    >>> absolute({"fasta": None, "rc": True, "tracks": ("CTCF",)})
    {'fasta': None, 'rc': True, 'tracks': ['CTCF']}
    """
    return {name: _absolute(name, value) for name, value in values.items()}


def _absolute(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_absolute(name, one) for one in value]
    if isinstance(value, Path) or (value and name in _FOLDERS):
        return str(Path(value).absolute())
    if (path := _file_of(name, value)) is not None:
        return value.removesuffix(path) + str(Path(path).absolute())
    return value


def _file_of(name: str, value: Any) -> str | None:
    """Return the file or pipe that an option names; None where it names none that is here."""
    if value is None or name not in _FILES or value in _FILES[name]:
        return None
    path = str(value).partition("=")[2] if name in _NAMED else str(value)
    return path if path == "-" or _is_there(path) else None


# Not Path.is_file(), which raises for a name that is too long.
def _is_file(name: str) -> bool:
    return os.path.isfile(name)  # noqa: PTH113


def _is_there(name: str) -> bool:
    return os.path.exists(name) and not os.path.isdir(name)  # noqa: PTH110, PTH112
