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
    """Return the files that options name, as ``NAME=FILE`` too."""
    texts: list[str] = []
    for value in values.values():
        texts += [value] if isinstance(value, str) else []
        texts += value if isinstance(value, (list, tuple)) else []
    names = (text.partition("=")[2] or text for text in texts if isinstance(text, str))
    return [Path(name) for name in names if _is_file(name)]


def absolute(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in JSON's types, with absolute paths of the files and folders that they name.

    >>> absolute({"fasta": None, "rc": True, "tracks": ("CTCF",)})
    {'fasta': None, 'rc': True, 'tracks': ['CTCF']}
    """
    return {
        name: _absolute(Path(value) if name in _FOLDERS and value else value)
        for name, value in values.items()
    }


def _absolute(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_absolute(one) for one in value]
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, str) and "=" in value:
        name, _, path = value.partition("=")
        return f"{name}={os.path.abspath(path)}" if _is_file(path) else value  # noqa: PTH100
    if isinstance(value, str) and _is_file(value):
        return str(Path(value).absolute())
    return value


def _is_file(name: str) -> bool:
    # Not Path.is_file(), which raises for a name that is too long.
    return os.path.isfile(name)  # noqa: PTH113
