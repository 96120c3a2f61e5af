"""Blocked gzip (BGZF), the output of ``bgzip``: members of at most 64 KiB, with random access.

Format: SAM specification, section 4.1. Each member states its own size in the extra field ``BC``;
an empty member marks the end, and distinguishes a whole file from one cut between members.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_MEMBER_TEXT = 0xFF00  # as bgzip: incompressible text of this size still fits into 64 KiB
_USUAL_HEAD = 18  # with the size alone in its extra field
_MOST_HEAD = 12 + 0xFFFF  # with the longest extra field
_MOST_TEXT = 1 << 16  # of a member, by the specification


def compression(head: bytes) -> Literal["none", "gzip", "bgzip"]:
    """Return the compression of a file, from its first 64 bytes.

    >>> compression(b">chr21"), compression(END), compression(bytes([0x1F, 0x8B, 8, 0]))
    ('none', 'bgzip', 'gzip')
    """
    if not head.startswith(b"\x1f\x8b"):
        return "none"
    return "gzip" if _member_size(head) is None else "bgzip"


def _member_size(head: bytes) -> int | None:
    """Return the size in bytes of the member that starts with ``head``; None if not stated."""
    if len(head) < 18 or head[:3] != b"\x1f\x8b\x08" or not head[3] & 4:
        return None
    position, end = 12, 12 + int.from_bytes(head[10:12], "little")
    while position + 4 <= min(end, len(head)):
        size = int.from_bytes(head[position + 2 : position + 4], "little")
        if head[position : position + 2] == b"BC" and size == 2:
            return int.from_bytes(head[position + 4 : position + 6], "little") + 1
        position += 4 + size
    return None


def members(stream: BinaryIO, offset: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Yield ``(offset, size, text)`` of each member with text, after verifying its checksum.

    Args:
        stream: A bgzipped file at its start, or a pipe.
        offset: Byte that the stream is at, where that is the start of a later member.

    Raises:
        InputError: The file is damaged, or ends without the empty member.
    """
    path, last_was_empty = stream.name, False
    while head := stream.read(_USUAL_HEAD):
        if len(head) == _USUAL_HEAD and head[3] & 4:
            # The whole extra field, which ends here in bgzip's output.
            head += stream.read(max(0, int.from_bytes(head[10:12], "little") - 6))
        size = _member_size(head)
        if size is None:
            raise InputError(
                "bgzipped file is damaged", path=path, got=f"no block at byte {offset:,}"
            )
        member = head + stream.read(max(0, size - len(head)))
        if len(member) < size:
            raise InputError("bgzipped file is cut short", path=path, got=f"{offset:,} whole bytes")
        text = _inflate(member, path, offset)
        last_was_empty = not text
        if text:
            yield offset, size, text
        offset += size
    if not last_was_empty:
        raise InputError(
            "bgzipped file is cut short", path=path, expected="an empty block at its end"
        )


def _inflate(member: bytes | memoryview, path: str, offset: int) -> bytes:
    """Return the text of a member, whose checksum and length are those at its end.

    Bytes behind the end of its compressed text would be read by some programs and not by others.
    """
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(member, _MOST_TEXT + 1)
    except zlib.error as error:
        raise _damaged(path, offset, str(error)) from None
    if len(text) > _MOST_TEXT:
        raise _damaged(path, offset, f"more than {_MOST_TEXT:,} bytes of text")
    if not unpacker.eof:
        raise InputError("bgzipped file is cut short", path=path, got=f"{offset:,} whole bytes")
    if unpacker.unused_data:
        hidden = len(unpacker.unused_data)
        raise _damaged(path, offset, f"{hidden:,} bytes behind the end of its text")
    return text


def _member(view: memoryview, path: str, offset: int) -> memoryview:
    """Return the member that bytes start with, without what follows."""
    size = _member_size(bytes(view[:_MOST_HEAD]))
    if size is None or size > len(view):
        raise _damaged(path, offset, "no whole block")
    return view[:size]


def _damaged(path: str, offset: int, got: str) -> InputError:
    return InputError(
        f"bgzipped file is damaged in the block at byte {offset:,}",
        path=path,
        got=got,
        hint="copy or make it again",
    )


def find_members(stream: BinaryIO, positions: Sequence[int]) -> list[tuple[int, int]]:
    """Return the member that holds each byte of a bgzipped file's text, by sizes alone.

    Args:
        stream: The file, at its start.
        positions: Bytes of the text, in order.

    Returns:
        Offset of the member in the file, and the byte's place in the member's text; for a byte at
        the end of the text, those of the end.

    Raises:
        InputError: The file is damaged.
    """
    found: list[tuple[int, int]] = []
    offset = start = 0
    for position in positions:
        size, length = _sizes(stream, offset)
        while size and start + length <= position:
            offset, start = offset + size, start + length
            size, length = _sizes(stream, offset)
        found.append((offset, position - start))
    return found


def _sizes(stream: BinaryIO, offset: int) -> tuple[int, int]:
    """Return the bytes of a member and of its text; 0 for both at the end of the file."""
    stream.seek(offset)
    head = stream.read(_USUAL_HEAD)
    if not head:
        return 0, 0
    size = _member_size(head)
    if size is None and len(head) == _USUAL_HEAD:
        size = _member_size(head + stream.read(_MOST_HEAD))
    if size is None:
        raise _damaged(stream.name, offset, "no whole block")
    stream.seek(offset + size - 4)
    return size, int.from_bytes(stream.read(4), "little")


def has_end(stream: BinaryIO) -> bool:
    """Say whether a file ends with the empty member; the stream is left at its end."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - len(END)))
    return stream.read() == END


class BlockText:
    """The text of a bgzipped file as an open file, with ``seek`` and ``read``.

    Args:
        stream: The bgzipped file; closed with this object.
        offsets: First byte in the file of each member with text, ``(n_members,)``.
        starts: First byte of its text in the whole text, ``(n_members,)``, from 0.
    """

    def __init__(
        self, stream: BinaryIO, offsets: NDArray[np.uint64], starts: NDArray[np.uint64]
    ) -> None:
        self._stream = stream
        self._offsets: list[int] = offsets.tolist()
        self._starts: list[int] = starts.tolist()
        self._position = 0

    def seek(self, position: int) -> int:
        """Move to a byte of the text, and return its number."""
        self._position = position
        return position

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes of text, fewer at its end.

        Raises:
            InputError: A member is damaged.
        """
        first = bisect_right(self._starts, self._position) - 1
        stop = max(bisect_right(self._starts, self._position + size - 1), first + 1)
        begin = self._offsets[first]
        self._stream.seek(begin)
        if stop < len(self._offsets):
            packed = self._stream.read(self._offsets[stop] - begin)
        else:
            packed = self._stream.read()
        view, path = memoryview(packed), self._stream.name
        text = b"".join(
            _inflate(_member(view[low - begin :], path, low), path, low)
            for low in self._offsets[first:stop]
        )
        skip = self._position - self._starts[first]
        text = text[skip : skip + size]
        self._position += len(text)
        return text

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def bgzip_blocks(text: bytes) -> bytes:
    """Return text as blocks of a bgzipped file, without the end mark."""
    packed = io.BytesIO()
    compress(io.BytesIO(text), packed)
    return packed.getvalue()[: -len(END)]


class BlockWriter:
    """Writes text as a bgzipped file: the same blocks, whatever pieces the text comes in.

    Args:
        target: The file; it stays open.
    """

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._waiting = bytearray()

    def write(self, text: bytes) -> None:
        """Add text."""
        self._waiting += text
        whole = len(self._waiting) // _MEMBER_TEXT * _MEMBER_TEXT
        if whole:
            self._target.write(bgzip_blocks(bytes(self._waiting[:whole])))
            del self._waiting[:whole]

    def finish(self) -> None:
        """Write the rest, and the end mark."""
        self._target.write(bgzip_blocks(bytes(self._waiting)) + END)
        self._waiting.clear()


def compress(source: BinaryIO, target: BinaryIO, level: int = 6) -> None:
    """Write the rest of ``source`` to ``target`` in bgzip's form.

    >>> import gzip, io
    >>> packed = io.BytesIO()
    >>> compress(io.BytesIO(b">chr21"), packed)
    >>> compression(packed.getvalue()), gzip.decompress(packed.getvalue())
    ('bgzip', b'>chr21')
    """
    while text := source.read(_MEMBER_TEXT):
        packer = zlib.compressobj(level, zlib.DEFLATED, -15)
        packed = packer.compress(text) + packer.flush()
        size = len(packed) + 26
        target.write(END[:16] + struct.pack("<H", size - 1) + packed)
        target.write(struct.pack("<II", zlib.crc32(text), len(text)))
    target.write(END)
