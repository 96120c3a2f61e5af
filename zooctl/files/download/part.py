"""A partial download: pinned by size and digest, hashed as it grows, resumed later."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from zooctl.errors import IntegrityError
from zooctl.files.disk.pinned import PIECE, file_digest
from zooctl.progress import Advance


class Pin:
    """The pin of a download, by any digests, and its progress callback.

    Args:
        size: Size in bytes.
        digests: Algorithm, as ``hashlib`` names it, to hexadecimal digest.
        progress: Told of received and discarded bytes.
    """

    def __init__(self, size: int, digests: Mapping[str, str], progress: Advance) -> None:
        self.size = size
        self.digests = digests
        self.progress = progress

    def holds(self, path: Path) -> bool:
        """Say whether a file exists and has the pinned bytes."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        return all(file_digest(path, name) == text for name, text in self.digests.items())


class PartialFile:
    """The received bytes of a download, on disk, hashed as they arrive.

    Attributes:
        length: Received bytes.
        most: Largest length so far; unlike the length it never falls, so it bounds the attempts.
        resumed: Whether they came in more than one piece.
        misfits: Times that resumed bytes had another digest.
    """

    def __init__(self, path: Path, pin: Pin) -> None:
        self.path = path
        self.pin = pin
        self.length = self.most = 0
        self.resumed = False
        self.misfits = 0
        self._note = path.with_suffix(".from")
        # No link is followed, since the name is predictable.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.fdopen(os.open(path, flags, 0o666), "r+b")
        self._hashes = {name: hashlib.new(name) for name in pin.digests}
        while (data := self._file.read(PIECE)) and self.length <= pin.size:
            self._count(data)
        if self.length > pin.size:
            self.restart()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        if not self.length:
            self._remove()

    def _count(self, data: bytes) -> None:
        for digest in self._hashes.values():
            digest.update(data)
        self.length += len(data)
        self.most = max(self.most, self.length)
        self.pin.progress(len(data))

    def write(self, data: bytes) -> None:
        """Add received bytes.

        Raises:
            IntegrityError: The file would exceed its pinned size.
        """
        if self.length + len(data) > self.pin.size:
            got = f"more than {self.pin.size:,} bytes"
            self.restart()
            raise IntegrityError("the file differs from the pinned bytes", got=got)
        self._file.write(data)
        self._count(data)

    def restart(self) -> None:
        """Discard the received bytes."""
        self._file.seek(0)
        self._file.truncate()
        self._hashes = {name: hashlib.new(name) for name in self.pin.digests}
        if self.length:
            self.pin.progress(-self.length)
        self.length = 0
        self.resumed = False

    def wrong_digest(self) -> str | None:
        """Return name and value of the first digest that differs from its pin, else None."""
        for name, digest in self._hashes.items():
            if digest.hexdigest() != self.pin.digests[name]:
                return f"{name} {digest.hexdigest()}"
        return None

    def note(self, url: str, version: str) -> None:
        """Note the address and version of the file that the bytes belong to."""
        self._note.write_text(json.dumps([url, version]))

    def version_at(self, url: str) -> str:
        """Return the version noted last, if it was noted for this address; else an empty text."""
        with suppress(OSError, ValueError):
            noted, version = json.loads(self._note.read_text())
            return str(version) if noted == url else ""
        return ""

    def publish(self, target: Path) -> None:
        """Sync the complete file to disk and rename it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.path.replace(target)
        self._note.unlink(missing_ok=True)
        with suppress(OSError):  # Some network file systems can't sync a folder.
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
