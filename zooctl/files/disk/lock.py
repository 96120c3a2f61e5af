"""Locks between processes, through filelock; the system releases them when a process dies."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from zooctl.errors import InputError

_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK})


@contextmanager
def locked(target: Path) -> Iterator[bool]:
    """Wait for the lock of a target and hold it; yield False where the file system has no locks.

    Raises:
        InputError: The lock file beside the target cannot be written.
    """
    lock = _acquire(target.with_name(f".{target.name[:200]}.lock"), timeout=-1)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def hold(folder: Path, busy: str, subject: Path | None = None) -> Iterator[None]:
    """Hold a folder without waiting; a file system without locks is used all the same.

    Args:
        folder: An existing folder.
        busy: Text of the error where another process holds it.
        subject: File or folder that the error names; the folder itself if None.

    Raises:
        InputError: Another process holds it, or the lock file cannot be written.
    """
    try:
        lock = _acquire(folder / ".lock", timeout=0)
    except Timeout:
        raise InputError(busy, path=subject or folder) from None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquire(path: Path, timeout: float) -> FileLock | None:
    """Return an acquired lock; None where the file system has no locks."""
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except NotImplementedError:
        return None
    except Timeout:  # one of OSError's family
        raise
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise InputError(
            "the folder cannot be written", path=path.parent, got=os.strerror(error.errno or 0)
        ) from None
    return lock
