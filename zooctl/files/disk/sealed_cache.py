"""Derived content of the cache (indexes, arrays): made by us, for one source, and unchanged since.

Nobody pinned the digest of derived content, so a changed cache would change predictions without a
word. It is therefore kept in folders that only its owner can write into, and sealed: small content
with a first line that states its source and digest, arrays by such a file beside them. Whatever has
no sound seal is made anew.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from zooctl.errors import InputError, UnsafeError
from zooctl.files.disk.atomic import atomic_output
from zooctl.files.disk.cache import make_cache_folder
from zooctl.files.disk.pinned import digest_of, file_digest

_WORD = "zooctl-derived-1"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def derived_folder(name: str) -> Path:
    """Create and return a folder of the cache for derived content.

    Raises:
        UnsafeError: It is a link, belongs to another user, or others may write into it.
        OSError: It cannot be created (a read-only or full disk).
    """
    folder = make_cache_folder(name)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and _is_ours(status):
        return folder
    raise UnsafeError(
        "others may change this folder of the cache",
        path=folder,
        hint="remove it, or take from others the right to write into it (chmod go-w)",
    )


def _is_ours(status: os.stat_result) -> bool:
    """Return whether only this user, or the system's administrator, can have written a file."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid in (os.getuid(), 0) and not status.st_mode & _OTHERS_WRITE


def write_sealed(path: Path, source: str, content: bytes) -> None:
    """Write content with its seal.

    Args:
        path: File in a ``derived_folder``.
        source: All that the content depends on.
        content: Bytes.

    Raises:
        InputError: The file cannot be written.
    """
    with atomic_output(path, force=True) as new:
        new.write_bytes(_seal(source, content) + content)
        _close_to_others(new)


def read_sealed(path: Path, source: str) -> bytes | None:
    """Return content; None where there is none of this source, or its seal is broken."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        try:
            whole = file.read()
        except OSError:
            return None
    content = whole.partition(b"\n")[2]
    return content if whole.startswith(_seal(source, content)) else None


def _seal(source: str, content: bytes) -> bytes:
    return f"{_WORD} {digest_of(source.encode())} {digest_of(content)}\n".encode("ascii")


def _close_to_others(path: Path) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS_WRITE)


def seal_array(temporary: Path, path: Path, source: str) -> None:
    """Seal a file that is about to be renamed, by a file beside its final name.

    Args:
        temporary: The complete file.
        path: Its final name, in a ``derived_folder``.
        source: All that the content depends on.
    """
    _close_to_others(temporary)
    _write_stamp(path, source, file_digest(temporary), None)


def is_sealed(path: Path, source: str) -> bool:
    """Return whether a sealed array exists and is unchanged.

    It is hashed once after it was written; from then on its times and inode are compared, which
    change with a content.
    """
    with suppress(OSError, ValueError, TypeError, KeyError):
        status = path.lstat()
        sealed = read_sealed(_seal_of(path), source)
        if sealed is None or not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            return False
        known = json.loads(sealed)
        if known["stamp"] == stamp(status):
            return True
        if file_digest(path) == known["sha256"]:
            with suppress(InputError, OSError):  # a cache that is read alone
                _write_stamp(path, source, known["sha256"], status)
            return True
    return False


def stamp(status: os.stat_result) -> dict[str, int]:
    """Return the times, size and inode that change with a content; nobody can set the ctime."""
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "ctime_ns": status.st_ctime_ns,
        "inode": status.st_ino,
    }


def _write_stamp(path: Path, source: str, sha256: str, status: os.stat_result | None) -> None:
    known = {"sha256": sha256, "stamp": None if status is None else stamp(status)}
    write_sealed(_seal_of(path), source, json.dumps(known).encode())


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal")
