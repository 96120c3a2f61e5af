"""Compare the index of a FASTA file with its text."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedReader
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import BlockText
from zooctl.sequence.numbers import parse_int

# Reading at a few places takes milliseconds; genomes have a few dozen chromosomes and up to a
# million scaffolds.
_SAMPLE = 64
# Headers rarely exceed the first; the scan takes none longer than the second.
_HEADERS = (1 << 10, (1 << 20) + 2)
_BLANK = 1 << 10
# Blocks of bgzip have at most 64 KiB of text, and as much in the file; empty ones, which are left
# out, may stand between two.
_MOST_STEP = np.array([1 << 20, 1 << 16], dtype=np.uint64)

Read = Callable[[int, int], bytes]


class _Line(NamedTuple):
    """A line of the index."""

    name: bytes
    length: int
    offset: int
    line_bases: int
    line_width: int

    def place(self, base: int) -> int:
        """Return the offset of a base in the text."""
        return self.offset + base // self.line_bases * self.line_width + base % self.line_bases


def fits(stream: BufferedReader, fai: str, blocks: NDArray[np.uint64]) -> bool:
    """Return whether an index leads to sequences of its names and lengths.

    All its numbers are compared with each other; headers, line ends and last bases are looked up in
    the text for up to 64 sequences, evenly spread.

    Args:
        stream: The file.
        fai: Text of the index.
        blocks: Offsets of bgzip blocks in file and text, ``(n_blocks, 2)``; none of a plain file.
    """
    lines = [_line(text) for text in fai.split("\n")[:-1]]
    known = [line for line in lines if line is not None]
    if not known or len(known) < len(lines) or not fai.endswith("\n"):
        return False
    if any(a.place(a.length - 1) + len(b.name) + 3 > b.offset for a, b in pairwise(known)):
        return False
    if len({line.name for line in known}) < len(known) or not _ascending(blocks):
        return False
    text = BlockText(stream, blocks[:, 0], blocks[:, 1]) if len(blocks) else stream

    def read(offset: int, size: int) -> bytes:
        text.seek(offset)
        return text.read(size)

    following = [*known[1:], None]
    try:
        return _blocks_fit(stream, blocks) and all(
            _line_fits(read, known[at], following[at]) for at in _chosen(len(known))
        )
    except (InputError, OSError, ValueError):  # a block that is none, a place that is none
        return False


def _line(text: str) -> _Line | None:
    name, *fields = text.split("\t")
    numbers = [parse_int(field) for field in fields]
    if len(numbers) != 4 or None in numbers or not name:
        return None
    line = _Line(name.encode(), *(number for number in numbers if number is not None))
    sound = 0 < line.line_bases < line.line_width <= line.line_bases + 2 and line.length > 0
    return line if sound else None


def _chosen(n: int) -> list[int]:
    """Return a sample of indices below ``n``, the first and the last among them."""
    return sorted({round(at) for at in np.linspace(0, n - 1, _SAMPLE)})


def _ascending(blocks: NDArray[np.uint64]) -> bool:
    """Return whether each block of bgzip lies behind the last, in the file and in the text."""
    if not len(blocks):
        return True
    if blocks[0].any() or (blocks[1:] <= blocks[:-1]).any():
        return False
    steps = np.diff(blocks, axis=0)
    return not len(steps) or bool((steps.max(axis=0) <= _MOST_STEP).all())


def _blocks_fit(stream: BufferedReader, blocks: NDArray[np.uint64]) -> bool:
    """Return whether blocks hold as much text as the index says, at up to 64 places.

    Of the last one no length is known; the last sequence is looked up in it.
    """
    sizes = np.diff(blocks[:, 1].astype(np.int64))
    apart = np.array([0, 1 << 40], dtype=np.uint64)  # so that each block is read alone
    return all(
        len(BlockText(stream, blocks[at : at + 2, 0], apart).read(1 << 17)) == sizes[at]
        for at in (_chosen(len(sizes)) if len(sizes) else ())
    )


def _line_fits(read: Read, line: _Line, following: _Line | None) -> bool:
    if not _header_fits(read, line):
        return False
    width, end = line.line_width, line.line_width - line.line_bases
    # Line ends lie where the index has them: behind the first line, and behind the last base.
    if line.length > line.line_bases:
        first = read(line.offset + line.line_bases - 1, end + 2)
        if not _ends(first[:1], first[1 : 1 + end], end) or first[-1:] in b"\r\n":
            return False
    elif read(line.offset + line.length - 1, 1 + end)[1:] not in (b"\n", b"\r\n", b"\r", b""):
        return False
    last = read(line.place(line.length - 1), 1 + _BLANK)
    if last[:1] in (b"", b"\r", b"\n", b">") or last[1:2] not in (b"", b"\r", b"\n"):
        return False
    rest = last[1:].lstrip(b"\r\n")
    if following is None:
        # The last sequence ends the file; a few blank lines may follow.
        return not rest and width > 0
    return not rest or rest.startswith(b">" + following.name[: len(rest) - 1])


def _ends(base: bytes, ending: bytes, size: int) -> bool:
    return base not in (b"\r", b"\n", b">", b"") and ending == (b"\n" if size == 1 else b"\r\n")


def _header_fits(read: Read, line: _Line) -> bool:
    """Return whether the line before the first base is the header of this sequence."""
    for size in _HEADERS:
        start = max(0, line.offset - size)
        before = read(start, line.offset - start)
        if len(before) < line.offset - start or not before.endswith(b"\n"):
            return False
        header = before[before.rfind(b"\n", 0, -1) + 1 :]
        if start == 0 and len(header) == len(before):
            header = header.removeprefix(b"\xef\xbb\xbf")
        if len(header) < len(before) or start == 0:
            return header.startswith(b">") and header[1:].split(maxsplit=1)[:1] == [line.name]
    return False
