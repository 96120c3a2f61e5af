"""One process at a time in a folder of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zooctl.errors import InputError


@contextmanager
def hold(folder: Path, busy: str) -> Iterator[None]:
    """Hold a folder; the system lets go of it when this process ends, however it ends.

    Args:
        folder: An existing folder.
        busy: What to say where another process holds it.

    Raises:
        InputError: Another process does.
    """
    try:
        import fcntl
    except ImportError:  # a system without it
        yield
        return
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(busy, path=folder) from None
        except OSError:
            pass  # a file system without locks
        yield
