"""Scores written to stdout chunk by chunk, or copied to it once they are whole."""

from __future__ import annotations

import gzip
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import END, bgzip_blocks
from zooctl.files.vcf.chunks import Chunk
from zooctl.files.vcf.output import Form
from zooctl.files.vcf.select import passing

STDOUT = "-"

OUTPUT_TYPES: dict[str, Form] = {"v": "vcf", "z": "vcf.gz", "u": "bcf", "b": "bcf"}
"""Letters of bcftools' ``-O`` to the format."""


class ChunkSink(Protocol):
    """A receiver of chunks of scores: ``chunks.Parts``, or ``StdoutParts``."""

    @property
    def done(self) -> list[Chunk]:
        """The chunks that an earlier run has finished."""
        ...

    def add(self, text: bytes, *, records: int, read: str, note: Mapping[str, Any]) -> None:
        """Take a finished chunk."""
        ...


class StdoutParts:
    """Chunks of scores that are written to stdout at once; nothing is kept.

    Args:
        head: Header, or column names.
        form: A format that is written as it comes: not BCF, and not Parquet.
        least: Smallest percentile of a line that is written; None for all.

    Attributes:
        n_lines: Lines written.

    Raises:
        InputError: stdout is closed, or a terminal for bytes that are no text.
    """

    def __init__(self, head: bytes, form: Form, least: float | None) -> None:
        self._packed = form.endswith(".gz")
        self._table = not form.startswith("vcf")
        self._least = least
        self._stream = open_stdout(text=not self._packed)
        self.n_lines = 0
        self._write(head)

    @property
    def done(self) -> list[Chunk]:
        """No chunk: a stream has no past."""
        return []

    def add(self, text: bytes, *, records: int, read: str, note: Mapping[str, Any]) -> None:
        """Write a chunk."""
        if self._least is not None:
            lines = text.splitlines(keepends=True)
            text = b"".join(line for _, line in passing(lines, self._table, self._least))
        self.n_lines += text.count(b"\n")
        self._write(text)

    def finish(self) -> None:
        """Write the end mark of a bgzipped stream."""
        if self._packed:
            self._stream.write(END)
        self._stream.flush()

    def _write(self, text: bytes) -> None:
        if text:
            self._stream.write(bgzip_blocks(text) if self._packed else text)
            self._stream.flush()


def is_streamed(form: Form) -> bool:
    """Say whether a format can be written as it comes.

    A BCF begins with the names of all contigs and fields, and a Parquet file ends with its table.
    """
    return form not in ("bcf", "parquet")


def open_stdout(*, text: bool) -> BinaryIO:
    """Return stdout for bytes.

    Raises:
        InputError: It is closed, or a terminal, and the bytes are no text.
    """
    if sys.stdout is None:
        raise InputError("stdout is closed", hint="name a file with -o")
    if not text and sys.stdout.isatty():
        raise InputError("stdout is a terminal", expected="a pipe or a file for compressed output")
    stream: BinaryIO = sys.stdout.buffer
    return stream


def copy_to_stdout(path: Path, *, unpacked: bool) -> None:
    """Copy a finished file to stdout.

    Args:
        path: The file.
        unpacked: Take the compression off, as of a BCF for a pipe.
    """
    stream = open_stdout(text=False)
    with gzip.open(path) if unpacked else path.open("rb") as file:
        shutil.copyfileobj(file, stream)
    stream.flush()
