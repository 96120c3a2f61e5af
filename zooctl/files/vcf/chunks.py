"""Finished chunks of an output on disk, so that a killed run can resume.

A hidden folder beside the target holds the bgzipped text of the chunks and a journal. A chunk
counts once the journal has its line; text behind the last such chunk is cut off. The journal also
holds the settings that the chunks depend on, and the digest of the input up to each chunk.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import bgzip_blocks
from zooctl.files.disk.folder import OwnFolder
from zooctl.files.disk.lock import hold
from zooctl.files.disk.pinned import PIECE, digest_of, matches

_TEXT, _JOURNAL, _BESIDE = "text.bgz", "journal.jsonl", "journal.new"

Settings = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Chunk:
    """One finished chunk.

    Attributes:
        records: Number of input records up to its end.
        read: Digest of the input up to its end.
        size: Size of its compressed text in bytes.
        sha256: Digest of its compressed text.
        note: Data for a later run, in JSON's types.
    """

    records: int
    read: str
    size: int
    sha256: str
    note: dict[str, Any] = field(default_factory=dict)


class Parts:
    """The finished chunks of one output; a context manager, one process at a time.

    Args:
        target: The output.
        settings: Settings that a chunk's bytes depend on.
        resume: Whether to continue from existing chunks; else they are removed.

    Attributes:
        chunks: The finished chunks, in order.
        n_discarded: Records of an unfinished run that was there and is begun anew.
        text: The file with their bgzipped text.

    Raises:
        InputError: Another process writes this output; or, with ``resume``, the existing chunks
            have other settings.
        UnsafeError: Somebody else may write into the folder.
    """

    def __init__(self, target: Path, settings: Settings, *, resume: bool) -> None:
        self._target = target
        real = Path(os.path.realpath(target))
        digest = digest_of(os.fsencode(real.name))[:16]
        # The target's own name could make one that is too long.
        self.folder = real.parent / f".zooctl-parts-{digest}"
        self.text = self.folder / _TEXT
        self.chunks: list[Chunk] = []
        self.n_discarded = 0
        with ExitStack() as stack:
            self._own = OwnFolder(self.folder)
            stack.callback(self._own.close)
            busy = "another zooctl is writing this output"
            stack.enter_context(hold(self.folder, busy, target))
            if not self._own.is_there():  # its owner finished, and removed it
                raise InputError(busy, path=target)
            # Existing chunks stay after an error, for a call with their settings.
            stored, lines = self._stored()
            if resume and stored is not None:
                self._load(dict(settings), stored, lines)
            elif stored is not None:
                self.n_discarded = max((chunk.records for chunk in _chunks(lines)), default=0)
            self._begin(dict(settings), stack)
            self._lock = stack.pop_all()

    @property
    def target(self) -> Path:
        """The output."""
        return self._target

    @property
    def done(self) -> list[Chunk]:
        """The chunks that an earlier run has finished."""
        return list(self.chunks)

    def _stored(self) -> tuple[dict[str, object] | None, list[str]]:
        """Return the settings of the journal, None without any, and its other lines."""
        try:
            with self._own.open(_JOURNAL, "r", encoding="utf-8") as file:
                first, *rest = file.read().splitlines()
            stored = json.loads(first)
        except (OSError, ValueError):
            return None, []
        return (stored, rest) if isinstance(stored, dict) else (None, [])

    def _load(
        self, settings: dict[str, object], stored: dict[str, object], lines: list[str]
    ) -> None:
        """Take the chunks as far as the journal is whole and agrees with the text."""
        for name in dict.fromkeys([*settings, *stored]):
            if stored.get(name) != settings.get(name):
                raise InputError(
                    f"cannot resume: {name} has changed since",
                    path=self._target,
                    got=settings.get(name),
                    expected=stored.get(name),
                    hint="run it as before, or without --resume to begin anew",
                )
        with suppress(OSError, TypeError), self._own.open(_TEXT, "rb") as text:
            for chunk in _chunks(lines):
                if not matches(text.read(chunk.size), chunk.size, chunk.sha256):
                    break
                self.chunks.append(chunk)

    def _begin(self, settings: dict[str, object], stack: ExitStack) -> None:
        """Open both files behind the last finished chunk."""
        lines = [settings, *(asdict(chunk) for chunk in self.chunks)]
        with self._own.open(_BESIDE, "w", encoding="utf-8") as beside:
            beside.writelines(json.dumps(line) + "\n" for line in lines)
        self._own.replace(_BESIDE, _JOURNAL)
        self._notes = self._own.open(_JOURNAL, "a", encoding="utf-8")
        stack.callback(self._notes.close)
        self._file = self._own.open(_TEXT, "ab")
        stack.callback(self._file.close)
        self._file.truncate(sum(chunk.size for chunk in self.chunks))

    def add(self, text: bytes, *, records: int, read: str, note: Mapping[str, Any]) -> None:
        """Add a finished chunk: sync its text to disk, then its line in the journal."""
        packed = bgzip_blocks(text)
        chunk = Chunk(records, read, len(packed), digest_of(packed), dict(note))
        self._file.write(packed)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._notes.write(json.dumps(asdict(chunk)) + "\n")
        self._notes.flush()
        os.fsync(self._notes.fileno())
        self.chunks.append(chunk)

    def pieces(self) -> Iterator[bytes]:
        """Yield the bgzipped text of all chunks."""
        with self._own.open(_TEXT, "rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all chunks, with their ends."""
        with self._own.open(_TEXT, "rb") as file, gzip.GzipFile(fileobj=file) as text:
            yield from text

    def remove(self) -> None:
        """Remove all chunks, after the output is complete."""
        self.chunks = []
        self.close()

    def close(self) -> None:
        """Keep the chunks for a later run; without any, remove the folder."""
        self._file.close()
        self._notes.close()
        if not self.chunks:
            # Before another process may hold it.
            self._own.remove()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _chunks(lines: Iterable[str]) -> Iterator[Chunk]:
    """Yield the chunks of a journal's lines, up to the first that is torn."""
    with suppress(ValueError, TypeError):
        for line in lines:
            yield Chunk(**json.loads(line))
