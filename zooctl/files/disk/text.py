"""Lines of text files: plain, gzipped or bgzipped, with LF or CRLF, with or without a BOM.

All is bounded, so that no file fills the memory: lines have a greatest length, and gzipped files
a greatest ratio of their text to their size.
"""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal, cast

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import compression, has_end, members

MOST_LINE = 1 << 24
"""Longest line in bytes: rows of the widest tables of the field have about a million."""

_MOST_RATIO = 250
"""Largest ratio of text to gzipped bytes; lines of coordinates have at most about 30."""
_RATIO_FROM = 1 << 28
"""Bytes of text from which the ratio counts: less harms nobody, whatever it was packed into."""
_PIECE = 1 << 18
_BYTE_ORDER_MARK = "\ufeff"

Compression = Literal["none", "gzip", "bgzip"]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number of each line, from 1, and its text without the line end; ``-`` is stdin.

    Raises:
        InputError: The file cannot be opened, is damaged or cut short, is not UTF-8 text, has a
            line beyond ``MOST_LINE``, or is a small archive of a huge text.
    """
    try:
        stream = _stdin() if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise InputError(
            "file cannot be opened", path=path, got=os.strerror(error.errno or 0)
        ) from None
    with stream:
        kind = compression(stream.peek(64))
        if kind == "bgzip" and stream.seekable():
            require_end(stream, str(path))
        pieces = text_pieces(stream, kind, str(path), most_ratio=_MOST_RATIO)
        number = 0
        try:
            for number, line in enumerate(split_lines(pieces, MOST_LINE, str(path)), 1):
                text = line.decode("utf-8").rstrip("\r\n")
                yield number, text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text
        except UnicodeDecodeError:
            raise InputError(
                "not text", path=path, line=number, expected="UTF-8, plain or gzipped"
            ) from None


def _stdin() -> BufferedReader:
    if sys.stdin is None:
        raise InputError("stdin is closed", hint="name a file")
    return cast(BufferedReader, sys.stdin.buffer)


def require_end(stream: BufferedReader, name: str) -> None:
    """Refuse a bgzipped file cut between two blocks, which gzip would read as a whole file.

    The stream is left at its start.
    """
    if not has_end(stream):
        raise InputError(
            "bgzipped file is cut short",
            path=name,
            got="no empty block at its end",
            hint="copy or make it again",
        )
    stream.seek(0)


def text_pieces(
    stream: BinaryIO,
    kind: Compression,
    name: str,
    *,
    most_ratio: int | None = None,
    offset: int = 0,
) -> Iterator[bytes]:
    """Yield the text of a file in non-empty pieces of some 100 KB.

    Args:
        stream: The file at its start.
        kind: Its compression.
        name: Its name in errors.
        most_ratio: Largest ratio of text to gzipped bytes; None for any.
        offset: Byte that the stream is at, where it is not the start.

    Raises:
        InputError: The file cannot be read, is damaged or cut short, or exceeds the ratio.
    """
    counted = _Counted(stream)
    n_text = 0
    try:
        for piece in _unpacked(counted, kind, offset):
            yield piece
            n_text += len(piece)
            bomb = most_ratio is not None and n_text > max(_RATIO_FROM, most_ratio * counted.n_read)
            if bomb and kind != "none":
                raise InputError(
                    "small archive of a huge text",
                    path=name,
                    got=f"{n_text:,} bytes out of {counted.n_read:,}",
                    expected=f"at most {most_ratio} times as many",
                    hint="unpack it first if it is what it should be",
                )
    except InputError as error:
        error.path = name  # a stream knows stdin as <stdin>
        raise
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            "gzipped file is damaged or cut short",
            path=name,
            got=str(error),
            hint="copy or make it again",
        ) from None
    except OSError as error:
        raise InputError(
            "file cannot be read", path=name, got=os.strerror(error.errno or 0)
        ) from None


def _unpacked(stream: _Counted, kind: Compression, offset: int) -> Iterator[bytes]:
    if kind == "bgzip":
        yield from (text for _, _, text in members(cast(BinaryIO, stream), offset))
        return
    if kind == "none":
        # A pipe gives what it has, so that nothing waits for a whole piece.
        while piece := stream.read1(_PIECE):
            yield piece
        return
    source = gzip.GzipFile(fileobj=cast(BinaryIO, stream))
    while piece := source.read(_PIECE):
        yield piece


class _Counted:
    """A file that counts the bytes read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.name = stream.name
        self.n_read = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self._stream.read(size)
        self.n_read += len(content)
        return content

    def read1(self, size: int) -> bytes:
        """Return the bytes that are there, at least one before the end."""
        content = cast(BufferedReader, self._stream).read1(size)
        self.n_read += len(content)
        return content


def split_lines(pieces: Iterator[bytes], most: int, name: str) -> Iterator[bytes]:
    r"""Yield lines without their ``\n``; those of many pieces are joined once, in linear time.

    Args:
        pieces: The text.
        most: Longest line in bytes.
        name: Name of the file in errors.

    Raises:
        InputError: A line is longer.
    """
    open_line: list[bytes] = []
    size, number = 0, 1
    for piece in pieces:
        first, *rest = piece.split(b"\n")
        open_line.append(first)
        size += len(first)
        if size > most:
            raise InputError(
                "line is too long",
                path=name,
                line=number,
                got=f"over {most:,} bytes, from {b''.join(open_line[:1])[:20]!r} on",
                hint="is it a text file?",
            )
        if rest:
            yield b"".join(open_line)
            yield from rest[:-1]
            number += len(rest)
            open_line = [rest[-1]]
            size = len(rest[-1])
    if last := b"".join(open_line):
        yield last
