"""Files pinned by size and SHA-256: digest, comparison, and the one error where they differ."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from zooctl.errors import InputError, IntegrityError
from zooctl.progress import Advance, no_advance

PIECE = 1 << 20
"""Bytes read at once."""


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal.

    >>> digest_of(b"ACGT")[:12]
    '1dff3e84fe78'
    """
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path, algorithm: str = "sha256", advance: Advance = no_advance) -> str:
    """Return the digest of a file, in hexadecimal, read in pieces.

    Args:
        path: The file.
        algorithm: As ``hashlib`` names it.
        advance: Told the bytes of each piece.
    """
    with path.open("rb") as stream:
        return stream_digest(stream, algorithm, advance)


def stream_digest(
    stream: BinaryIO, algorithm: str = "sha256", advance: Advance = no_advance
) -> str:
    """Return the digest of the rest of an open file (see ``file_digest``)."""
    digest = hashlib.new(algorithm)
    while piece := stream.read(PIECE):
        digest.update(piece)
        advance(len(piece))
    return digest.hexdigest()


def matches(content: bytes, size: int, sha256: str) -> bool:
    """Say whether bytes are the pinned ones."""
    return len(content) == size and digest_of(content) == sha256


def is_pinned(path: Path, size: int, sha256: str, advance: Advance = no_advance) -> bool:
    """Say whether a file exists and has the pinned bytes; of a wrong size, none are read."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    return file_digest(path, advance=advance) == sha256


def read_pinned(
    path: Path, size: int, sha256: str, *, subject: str | None = None, hint: str | None = None
) -> bytes:
    """Return the bytes of a file after comparing them with their pin.

    The file is read once, so the bytes returned are the bytes compared, and never more than one
    byte beyond the pinned size.

    Args:
        path: The file.
        size: Its pinned size in bytes.
        sha256: Its pinned digest.
        subject: Name of the file in the error; its file name if None.
        hint: Advice in the error.

    Raises:
        InputError: The file cannot be read.
        IntegrityError: It has other bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(size + 1)
    except OSError as error:
        raise InputError("cannot be read", path=path, got=error.strerror) from None
    if not matches(content, size, sha256):
        raise changed(path, size, sha256, subject=subject, hint=hint)
    return content


def check_pinned(path: Path, size: int, sha256: str, *, subject: str | None = None) -> None:
    """Compare a file of any size with its pin, in pieces.

    Raises:
        IntegrityError: The file has other bytes.
    """
    if not is_pinned(path, size, sha256):
        raise changed(path, size, sha256, subject=subject)


def changed(
    path: Path, size: int, sha256: str, *, subject: str | None = None, hint: str | None = None
) -> IntegrityError:
    """Return the error for a file on disk that differs from its pin (see ``read_pinned``)."""
    found = path.stat().st_size
    digest = file_digest(path) if found == size else ""
    return differs(
        subject or path.name,
        got=(found, digest),
        expected=(size, sha256),
        path=path,
        hint=hint,
    )


def differs(
    subject: str,
    *,
    got: tuple[int, str],
    expected: tuple[int, str],
    path: str | os.PathLike[str] | None = None,
    hint: str | None = None,
) -> IntegrityError:
    """Return the error for bytes that differ from their pin.

    Args:
        subject: Name of the bytes.
        got: Their size and digest.
        expected: The pinned size and digest.
        path: File that holds them.
        hint: Advice.

    >>> print(differs("model.onnx", got=(11, ""), expected=(12, "ab")))
    model.onnx differs from the pinned bytes (got 11 bytes; expected 12 bytes)
    """
    by_size = got[0] != expected[0]
    sides = [
        f"{size:,} bytes" if by_size else f"sha256 {sha256}" for size, sha256 in (got, expected)
    ]
    return IntegrityError(
        f"{subject} differs from the pinned bytes",
        path=path,
        got=sides[0],
        expected=sides[1],
        hint=hint,
    )
