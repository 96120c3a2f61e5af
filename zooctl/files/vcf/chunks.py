"""Finished chunks of an output on disk, so that a killed run can resume.

A hidden folder beside the target holds the bgzipped text of the chunks and a journal. A chunk
counts once the journal has its line; text behind the last such chunk is cut off. The journal also
holds the settings that the chunks depend on, and the digest of the input up to each chunk.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import END, compress
from zooctl.files.disk.lock import hold
from zooctl.files.disk.pinned import PIECE, digest_of, matches

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


def bgzipped(text: bytes) -> bytes:
    """Return text as blocks of a bgzipped file, without the end mark."""
    packed = io.BytesIO()
    compress(io.BytesIO(text), packed)
    return packed.getvalue()[: -len(END)]


class Parts:
    """The finished chunks of one output; a context manager, one process at a time.

    Args:
        target: The output.
        settings: Settings that a chunk's bytes depend on.
        resume: Whether to continue from existing chunks; else they are removed.

    Attributes:
        chunks: The finished chunks, in order.
        text: The file with their bgzipped text.

    Raises:
        InputError: Another process writes this output; or, with ``resume``, the existing chunks
            have other settings.
    """

    def __init__(self, target: Path, settings: Settings, *, resume: bool) -> None:
        self.target = target
        real = Path(os.path.realpath(target))
        digest = digest_of(os.fsencode(real.name))[:16]
        # The target's own name could make one that is too long.
        self.folder = real.parent / f".zooctl-parts-{digest}"
        self.folder.mkdir(exist_ok=True)
        self._lock = ExitStack()
        busy = "another zooctl is writing this output"
        self._lock.enter_context(hold(self.folder, busy, target))
        self.text = self.folder / "text.bgz"
        self._journal = self.folder / "journal.jsonl"
        self.chunks: list[Chunk] = []
        try:
            if resume:
                self._load(dict(settings))
            self._begin(dict(settings))
        except BaseException:
            # Existing chunks stay, for a call with their settings.
            self._lock.close()
            raise

    def _load(self, settings: dict[str, object]) -> None:
        """Read the journal as far as it is whole and agrees with the text."""
        try:
            first, *rest = self._journal.read_text("utf-8").splitlines()
            stored = json.loads(first)
        except (OSError, ValueError):
            return
        if not isinstance(stored, dict):
            return
        for name in dict.fromkeys([*settings, *stored]):
            if stored.get(name) != settings.get(name):
                raise InputError(
                    f"cannot resume: {name} has changed since",
                    path=self.target,
                    got=settings.get(name),
                    expected=stored.get(name),
                    hint="run it as before, or without --resume to begin anew",
                )
        with suppress(OSError), self.text.open("rb") as text:
            for line in rest:
                with suppress(ValueError, TypeError):
                    chunk = Chunk(**json.loads(line))
                    if matches(text.read(chunk.size), chunk.size, chunk.sha256):
                        self.chunks.append(chunk)
                        continue
                break

    def _begin(self, settings: dict[str, object]) -> None:
        """Open both files behind the last finished chunk."""
        lines = [settings, *(asdict(chunk) for chunk in self.chunks)]
        beside = self._journal.with_suffix(".new")
        beside.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        beside.replace(self._journal)
        self._file = self.text.open("ab")
        self._file.truncate(sum(chunk.size for chunk in self.chunks))
        self._notes = self._journal.open("a", encoding="utf-8")

    def add(self, text: bytes, *, records: int, read: str, note: Mapping[str, Any]) -> None:
        """Add a finished chunk: sync its text to disk, then its line in the journal."""
        packed = bgzipped(text)
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
        with self.text.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def remove(self) -> None:
        """Remove all chunks, after the output is complete."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Keep the chunks for a later run; without any, remove the folder."""
        self._file.close()
        self._notes.close()
        self._lock.close()
        if not self.chunks:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
