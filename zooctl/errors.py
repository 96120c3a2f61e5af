"""The error family: each error carries its place, the value, the expected value and a hint.

The command line prints ``error: file:line: what (got …; expected …). Hint: …`` and exits with the
code of the class. Any other exception is a bug of zooctl (exit code 1).
"""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any


class ZooError(Exception):
    """Base of all errors that a user can meet; never raised itself.

    Args:
        what: One sentence without a full stop.
        path: The file in question.
        line: Line in that file, counted from 1.
        field: Dotted field of a YAML or JSON document.
        got: The value that was found.
        expected: The right value.
        hint: Advice for the user.

    >>> print(InputError("start is not a number", path="a.bed", line=3, got="'x'",
    ...                  expected="an integer", hint="BED is chrom, start, end"))
    a.bed:3: start is not a number (got 'x'; expected an integer). Hint: BED is chrom, start, end
    """

    exit_code: int = 1

    def __init__(
        self,
        what: str,
        *,
        path: str | PathLike[str] | None = None,
        line: int | None = None,
        field: str | None = None,
        got: object = None,
        expected: object = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.path = None if path is None else fspath(path)
        self.line = line
        self.field = field
        self.got = got
        self.expected = expected
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        # A line break in a name would look like the end of the message.
        path = None if self.path is None else str(self.path).replace("\n", "\\n")
        where = ":".join(str(part) for part in (path, self.line) if part is not None)
        head = ": ".join(part for part in (where, self.field, self.what) if part)
        sides = [
            f"{name} {value}"
            for name, value in (("got", self.got), ("expected", self.expected))
            if value is not None
        ]
        text = head + (f" ({'; '.join(sides)})" if sides else "")
        return text + (f". Hint: {self.hint}" if self.hint else "")


class InputError(ZooError):
    """A fault in the user's input or call."""

    exit_code = 2


class VerificationError(ZooError):
    """A claim that does not hold when checked."""

    exit_code = 3


class NetworkError(ZooError):
    """A host that could not be reached, or did not answer as it should."""

    exit_code = 4


class IntegrityError(ZooError):
    """Bytes that differ from their pinned digest."""

    exit_code = 5


class UnsafeError(ZooError):
    """A refusal of input that could harm the user's machine."""

    exit_code = 6


class ManyErrors(ZooError):
    """Several errors of one document, reported together, one a line.

    The exit code is that of the first.
    """

    def __init__(self, errors: Sequence[ZooError]) -> None:
        super().__init__(f"{len(errors)} problems")
        self.errors = tuple(errors)
        self.exit_code = self.errors[0].exit_code

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Codes of a disk, a quota or a file that is full."""

# Codes that tell of a fault in the program, whatever the path.
_BUGS = frozenset({errno.EBADF, errno.EFAULT, errno.ENOTTY})
# Codes that tell of the machine, and name no path.
_MACHINE = NO_SPACE | {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EROFS}


def system_error(error: OSError) -> InputError | None:
    """Return the error for a path that the system refuses; None if the fault is the program's.

    The path may be any that a user gave or may change: an input, an output, a folder for temporary
    files, the cache. A path of the program itself or of Python is no user's.

    >>> print(system_error(PermissionError(13, "Permission denied", "a.bw")))
    a.bw: the system refuses it (got Permission denied)
    >>> system_error(OSError(9, "Bad file descriptor", "a.bw")) is None
    True
    """
    reason = error.strerror or str(error)
    paths = [
        os.fsdecode(path)
        for path in (error.filename, error.filename2)
        if isinstance(path, (str, bytes, PathLike))
    ]
    if "No usable temporary directory" in reason:
        hint = "set TMPDIR to a folder that you may write to"
        return InputError("there is no folder for temporary files", hint=hint)
    if not paths and error.errno in _MACHINE:
        what = "no space left" if error.errno in NO_SPACE else "the system refuses a file"
        return InputError(what, got=reason)
    if not paths or error.errno in _BUGS or any(map(_is_of_the_program, paths)):
        return None
    if error.errno in NO_SPACE:
        return InputError("no space left", path=paths[-1], got=reason)
    return InputError("the system refuses it", path=paths[-1], got=reason)


def _is_of_the_program(path: str) -> bool:
    """Say whether a path is of the package or of Python's installation."""
    place = Path(os.path.normpath(path))
    own = (Path(__file__).parent, sys.prefix, sys.base_prefix)
    return any(place.is_relative_to(folder) for folder in own)


EXTRAS = {
    "torch": "train",
    "onnxscript": "train",
    "lightning_fabric": "train",
    "sklearn": "train",
    "imblearn": "train",
    "matplotlib": "plot",
    "pyarrow": "parquet",
    "duckdb": "store",
    "h5py": "keras",
    "pandas": "frame",
    "tensorboard": "log",
    "wandb": "log",
    "ray": "cluster",
    "fsspec": "objects",
    "s3fs": "objects",
    "gcsfs": "objects",
    "captum": "interpret",
    "tangermeme": "interpret",
    "logomaker": "interpret",
    "memelite": "interpret",
    "modiscolite": "interpret",
    "gkmsvm": "interpret",
}
"""Library, as it is imported, to the extra of zooctl that installs it."""

_EVALUATION = ("scikit-learn", "scipy", "threadpoolctl")
"""The part of the extra ``train`` that evaluations need: no torch."""

# More than these are shorter as an extra.
_MOST_NAMED = 3


def is_installed(library: str) -> bool:
    """Return whether a library can be imported, without importing it."""
    return importlib.util.find_spec(library) is not None


def install_hint(*libraries: str) -> str:
    """Return the command that installs libraries and the rest of their extras.

    A few requirements are named themselves, which works however zooctl was installed. Of more, the
    extra is named, where zooctl was installed from a folder or a wheel that is still there.

    >>> install_hint("h5py")
    "pip install 'h5py>=3.12'"
    >>> install_hint("sklearn")
    "pip install 'scikit-learn>=1.6' 'scipy>=1.13' 'threadpoolctl>=3.5'"
    """
    import importlib.metadata  # loads slowly

    try:
        ours = importlib.metadata.distribution("zooctl")
    except importlib.metadata.PackageNotFoundError:
        return " ".join(["pip install", *libraries])  # runs from its source
    extras = {EXTRAS.get(library, library) for library in libraries}
    if "interpret" in extras:
        extras -= {"train", "plot"}  # are part of it
    needed = []
    for line in ours.requires or ():
        requirement, _, marker = line.partition(";")
        of = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if of is None or of[1] not in extras:
            continue
        if libraries != ("sklearn",) or requirement.startswith(_EVALUATION):
            needed.append(f"'{requirement.strip()}'")
    source = _source_of(ours.read_text("direct_url.json"))
    if len(needed) > _MOST_NAMED and source is not None:
        return f"pip install {source[0]}'{source[1]}[{','.join(sorted(extras))}]'"
    return " ".join(["pip install", *(needed or libraries)])


def _source_of(record: str | None) -> tuple[str, str] | None:
    """Return the folder or wheel that zooctl was installed from, after pip's option for it.

    None stands for one that is gone.

    Args:
        record: Text of ``direct_url.json``, in which pip keeps it.
    """
    import json
    import urllib.parse

    known: dict[str, Any] = json.loads(record or "{}")
    parts = urllib.parse.urlsplit(known.get("url", ""))
    place = Path(urllib.parse.unquote(parts.path))
    if parts.scheme != "file" or not place.exists():
        return None
    option = "-e " if known.get("dir_info", {}).get("editable") else ""
    return option, "." if place == Path.cwd() else str(place)


def need(libraries: str | Sequence[str], purpose: str) -> None:
    """Check that optional libraries are installed.

    Args:
        libraries: Names by which they are imported.
        purpose: The work that needs them; the error's text begins with it.

    Raises:
        InputError: One is not; the hint is the command that installs those that are missing.
    """
    given = (libraries,) if isinstance(libraries, str) else libraries
    missing = [library for library in given if not is_installed(library)]
    if missing:
        raise InputError(f"{purpose} needs {', '.join(missing)}", hint=install_hint(*missing))
