"""Read the lines of a VCF, plain, gzipped, bgzipped or BCF, from a file, stdin or a FIFO.

Damaged and cut files are detected here. Through htslib a bgzipped file cut between two blocks reads
as a complete one, so blocks are read by ``bgzf``, and the records of a BCF are counted.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import compression
from zooctl.files.disk.text import require_end, split_lines, text_pieces
from zooctl.files.vcf.bcf import BCF, MOST_LINE, binary_lines, count_records

STDIN = "-"


@contextmanager
def open_lines(path: str) -> Iterator[Iterator[bytes]]:
    """Open a VCF or BCF and yield its lines, the header included, without their ``\\n``.

    Args:
        path: The file, or ``-`` for stdin.

    Raises:
        InputError: It cannot be opened, is empty, damaged or cut short. Damage further on is raised
            when the lines reach it.
    """
    with open_stream(path) as stream:
        name = "stdin" if path == STDIN else path
        kind = compression(stream.peek(64))
        if kind == "bgzip" and stream.seekable():
            # Refused at once, not when the end is reached.
            require_end(stream, name)
        pieces = text_pieces(stream, kind, name)
        first = next(pieces, b"")
        if not first:
            raise InputError("file is empty, not VCF", path=name)
        if not first.startswith(BCF):
            yield split_lines(_chained(first, pieces), MOST_LINE, name)
            return
        with (
            _as_file(path, first, pieces) as (file, n_records),
            closing(binary_lines(file, n_records, name)) as lines,
        ):
            yield lines


@contextmanager
def open_stream(path: str) -> Iterator[BufferedReader]:
    """Open a file, or stdin.

    Raises:
        InputError: It cannot be opened.
    """
    if path == STDIN:
        if sys.stdin is None:
            raise InputError("stdin is closed", hint="name a file")
        yield cast(BufferedReader, sys.stdin.buffer)
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise InputError(
            "file cannot be opened", path=path, got=os.strerror(error.errno or 0)
        ) from None
    with stream:
        yield stream


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


@contextmanager
def _as_file(path: str, first: bytes, rest: Iterator[bytes]) -> Iterator[tuple[Path, int]]:
    """Yield a BCF as a named file for htslib, and the number of its records.

    Every block is read and checked on the way.
    """
    name = "stdin" if path == STDIN else path
    if path != STDIN and Path(path).is_file():
        yield Path(path), count_records(_chained(first, rest), name)
        return
    with tempfile.TemporaryDirectory(prefix="zooctl-") as folder:
        copy = Path(folder) / "stdin.bcf"
        with copy.open("wb") as file:
            n_records = count_records(_copied(_chained(first, rest), file), name)
        yield copy, n_records


def _copied(pieces: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
    for piece in pieces:
        file.write(piece)
        yield piece
