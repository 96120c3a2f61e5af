"""The cache folder of indexes, genomes, weights and data."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from zooctl.errors import InputError, UnsafeError

# Libraries that would keep caches of their own in the home folder or among temporary files.
_FOREIGN = {"MPLCONFIGDIR": "matplotlib", "TORCHINDUCTOR_CACHE_DIR": "torchinductor"}


def place_foreign_caches() -> None:
    """Give libraries a folder of this cache for theirs, unless the user gave them another.

    They read the variables when they are imported.
    """
    with suppress(InputError):
        for variable, name in _FOREIGN.items():
            os.environ.setdefault(variable, str(cache_folder() / name))


def cache_folder() -> Path:
    """Return the path of the cache folder, without creating it.

    ``$ZOOCTL_HOME``, else ``$XDG_CACHE_HOME/zooctl``, else ``~/.cache/zooctl``.

    Raises:
        InputError: Neither variable is set, and the user has no home folder.
    """
    if own := os.environ.get("ZOOCTL_HOME"):
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification has relative paths ignored.
    if shared and Path(shared).is_absolute():
        return Path(shared) / "zooctl"
    try:
        return Path.home() / ".cache" / "zooctl"
    except RuntimeError:
        raise InputError(
            "there is no home folder for the cache", hint="set ZOOCTL_HOME to a folder"
        ) from None


def make_cache_folder(*parts: str) -> Path:
    """Create and return ``cache_folder()/parts``, readable by its owner alone where new.

    Raises:
        UnsafeError: The cache belongs to another user and others may write into it, so its content
            cannot be trusted.
        OSError: It cannot be created (a read-only or full disk).
    """
    root = cache_folder()
    root.parent.mkdir(parents=True, exist_ok=True)
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.stat()
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if hasattr(os, "getuid") and status.st_uid != os.getuid() and others_write:
        raise UnsafeError(
            "the cache folder belongs to another user and others may write into it",
            path=root,
            hint="set ZOOCTL_HOME to a folder of your own",
        )
    folder = root.joinpath(*parts)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class CachePart(NamedTuple):
    """A folder of the cache: its name, and number and bytes of the files in it."""

    name: str
    files: int
    size: int


def cache_parts() -> list[CachePart]:
    """Return the folders of the cache, by name; none where there is no cache."""
    root = cache_folder()
    found = []
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink():
            sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file()]
            found.append(CachePart(folder.name, len(sizes), sum(sizes)))
    return found


def remove_part(name: str) -> None:
    """Remove a folder of the cache.

    Raises:
        InputError: The cache has no such folder.
    """
    names = [part.name for part in cache_parts()]
    if name not in names:
        raise InputError("no such part of the cache", got=name, expected=", ".join(names))
    shutil.rmtree(cache_folder() / name)
