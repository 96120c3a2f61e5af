"""A work folder of this user alone, although it lies where others may write.

Its name can be foreseen, so another user may have put a folder or a link there before. The folder
is therefore created for its owner alone or found to be so, opened once without following a link,
and its files are reached through that opened folder, whatever its path leads to later.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from zooctl.errors import InputError, UnsafeError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class OwnFolder:
    """A folder that is ours; created if it is missing.

    Args:
        path: The folder, whose parent exists.

    Attributes:
        path: The folder.

    Raises:
        InputError: It cannot be created or opened.
        UnsafeError: It is a link, no folder, another user's, or others may write into it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode):
                raise _unsafe(path, "a link" if stat.S_ISLNK(found.st_mode) else "no folder")
            self._handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise InputError(
                "work folder cannot be created",
                path=path,
                got=os.strerror(error.errno or 0),
                hint="write the output into another folder",
            ) from None
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        found = os.fstat(self._handle)
        if found.st_uid != os.getuid():
            raise _unsafe(self.path, f"one of user {found.st_uid}")
        if found.st_mode & _OTHERS_WRITE:
            raise _unsafe(self.path, f"mode {stat.S_IMODE(found.st_mode):o}")
        os.fchmod(self._handle, 0o700)

    def is_there(self) -> bool:
        """Return whether its path still leads to this folder."""
        with suppress(OSError):
            return os.path.samestat(self.path.lstat(), os.fstat(self._handle))
        return False

    def open(self, name: str, mode: str, **options: Any) -> IO[Any]:
        """Open a file in it as ``open`` does; a link is not followed.

        Raises:
            OSError: As ``open``.
            UnsafeError: It is a link.
        """

        def opener(path: str, flags: int) -> int:
            try:
                return os.open(path, flags | os.O_NOFOLLOW, 0o600, dir_fd=self._handle)
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise _unsafe(self.path / path, "a link") from None
                raise

        return open(name, mode, opener=opener, **options)

    def replace(self, name: str, other: str) -> None:
        """Rename a file in it."""
        os.replace(name, other, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def remove(self) -> None:
        """Remove its files and itself, as far as that is possible."""
        with suppress(OSError):
            for name in os.listdir(self._handle):  # noqa: PTH208  # pathlib takes no handle
                with suppress(OSError):
                    os.unlink(name, dir_fd=self._handle)
            if self.is_there():
                self.path.rmdir()

    def close(self) -> None:
        """Close the opened folder."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _unsafe(path: Path, got: str) -> UnsafeError:
    return UnsafeError(
        "somebody else may change the work folder",
        path=path,
        got=got,
        expected="a folder of your own that nobody else may write into",
        hint="remove it, or write the output into a folder of your own",
    )
