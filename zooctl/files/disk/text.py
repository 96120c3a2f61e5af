"""Lines of text files: plain, gzipped or bgzipped, with LF or CRLF, with or without a BOM."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import compression, has_end

_BYTE_ORDER_MARK = "\ufeff"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number of each line, from 1, and its text without the line end.

    Raises:
        InputError: The file cannot be opened, is damaged or cut short, or is not UTF-8 text.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(
            "file cannot be opened", path=path, got=os.strerror(error.errno or 0)
        ) from None
    with stream:
        kind = compression(stream.peek(64))
        if kind == "bgzip" and stream.seekable():
            _require_end(stream, path)
        lines = stream if kind == "none" else gzip.GzipFile(fileobj=stream)
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                text = line.decode("utf-8").rstrip("\r\n")
                yield number, text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text
        except UnicodeDecodeError:
            raise InputError(
                "not text", path=path, line=number, expected="UTF-8, plain or gzipped"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                "gzipped file is damaged or cut short", path=path, got=str(error)
            ) from None


def _require_end(stream: BufferedReader, path: Path) -> None:
    """Refuse a bgzipped file cut between two blocks, which gzip would read as a whole file."""
    if not has_end(stream):
        raise InputError(
            "bgzipped file is cut short", path=path, expected="an empty block at its end"
        )
    stream.seek(0)
