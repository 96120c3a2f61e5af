"""The environment of a model, built from the lock files that its weights were proven with."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import zooctl
from zooctl.catalog.entry import Entry
from zooctl.errors import InputError, IntegrityError, NetworkError, ZooError
from zooctl.reproduction.environment.compare_recorded import (
    RecordedEnvironment,
    changed_locks,
    recorded_environment,
)
from zooctl.reproduction.environment.software_digest import LOCKS

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")

# Texts of pip where a file differs from the locked one, and where it finds none.
_OTHER_BYTES = ("DO NOT MATCH THE HASHES", "Hashes are required")
_NOT_FOUND = re.compile(
    "No matching distribution found|Could not find a version|"
    "(Connection|NameResolution|ReadTimeout|Proxy|SSL|HTTP)Error|HTTP error"
)


@dataclass(frozen=True)
class EnvironmentSetup:
    """Packages to install.

    Attributes:
        locks: Lock files, in the order in which they are installed.
        package: Folder of this program's source; None where it was not installed from one.
    """

    locks: tuple[Path, ...]
    package: Path | None


def prepare(entry: Entry) -> EnvironmentSetup:
    """Return the lock files of a model, as its weights were proven with.

    Raises:
        InputError: No lock file is here, or the weights were proven with another Python.
        IntegrityError: One differs from the recorded digest.
    """
    known = recorded_environment(entry)
    if known is not None:
        _check_python(entry, known)
    for error in changed_locks(entry, known):
        raise error
    # In the order of LOCKS: packages of the first depend on none of the later.
    names = [one for one in LOCKS if known is None or not known.locks or one in known.locks]
    locks = [entry.root / name for name in names if (entry.root / name).is_file()]
    if not locks:
        raise InputError("no lock file is here", path=entry.root, expected=" and ".join(LOCKS))
    source = Path(zooctl.__file__).resolve().parent.parent
    return EnvironmentSetup(tuple(locks), source if (source / "pyproject.toml").is_file() else None)


def create(setup: EnvironmentSetup, folder: Path) -> None:
    """Build a virtual environment; one that fails half-way is removed.

    pip finds packages by its own settings: PIP_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX.

    Args:
        setup: Packages to install.
        folder: New, or empty.

    Raises:
        InputError: The folder is not empty, or a package cannot be installed here.
        NetworkError: pip does not find a package.
        IntegrityError: A package has other bytes than the lock file says.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("folder is not empty", path=folder, hint="-o names another folder")
    try:
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        python = str((folder / "bin" / "python").absolute())
        pip = [python, *_PIP, "install", "--no-deps"]
        for lock in setup.locks:
            _run([*pip, "--require-hashes", "--requirement", str(lock)], lock)
        if setup.package is not None:
            package = str(setup.package)
            _run([*pip, "--no-build-isolation", "--editable", package], Path(package))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _check_python(entry: Entry, known: RecordedEnvironment) -> None:
    told = str(known.environment.software.get("python", ""))
    version = told.rpartition(" ")[2].split(".")[:2]
    here = [str(part) for part in sys.version_info[:2]]
    if version != here:
        raise InputError(
            "the weights were proven with another Python",
            path=entry.card_path,
            got=".".join(here),
            expected=".".join(version),
            hint="run zooctl with that one",
        )


def _run(command: Sequence[str], path: Path) -> None:
    """Run a program to its end.

    Raises:
        ZooError: It failed; of the class that its last lines tell.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise _error(done.stderr, path)


def _error(said: str, path: Path) -> ZooError:
    """Return the error that pip's output tells.

    >>> _error("ERROR: No matching distribution found for a==1", Path("a.lock"))
    NetworkError('a package was not found')
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("ERROR")] or lines or ["no output"]
    if any(text in said for text in _OTHER_BYTES):
        last = next((line for line in lines if "==" in line), told[0])
        return IntegrityError("a package differs from the locked one", path=path, got=last)
    if _NOT_FOUND.search(said):
        return NetworkError(
            "a package was not found",
            path=path,
            got=told[-1],
            hint="PIP_FIND_LINKS and PIP_EXTRA_INDEX_URL name further places to look",
        )
    return InputError("the environment cannot be built", path=path, got=told[-1])
