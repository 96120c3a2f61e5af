"""Places in a VCF from which its records can be read on, without those before them.

A plain file is entered at a byte, a bgzipped one at a block and a byte of its text, with or without
an index and whatever the order of the records. In a gzipped file and in a BCF the lines before are
read and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from zooctl.files.disk.bgzf import compression, find_members
from zooctl.files.disk.text import split_lines, text_pieces
from zooctl.files.vcf.bcf import BCF, MOST_LINE
from zooctl.files.vcf.lines import open_lines, open_stream


class Mark(NamedTuple):
    """A place as a reader passes it: lines before it, and bytes of text before it."""

    lines: int
    text: int


class TextPlace(NamedTuple):
    """A place to read from.

    Attributes:
        lines: Lines before it.
        offset: Byte of the file to start at; None to read the file from its start.
        skip: Bytes of text to leave out from there on.
    """

    lines: int
    offset: int | None
    skip: int


def find_places(path: str, marks: Sequence[Mark]) -> list[TextPlace]:
    """Return the places of marks, which are in order.

    Raises:
        InputError: The file cannot be opened, or is damaged.
    """
    with open_stream(path) as stream:
        kind = compression(stream.peek(64))
        first = next(text_pieces(stream, kind, path), b"")
        if kind == "gzip" or first.startswith(BCF):
            return [TextPlace(lines, None, 0) for lines, _ in marks]
        if kind == "none":
            return [TextPlace(lines, text, 0) for lines, text in marks]
        found = find_members(stream, [text for _, text in marks])
    return [TextPlace(lines, *at) for (lines, _), at in zip(marks, found, strict=True)]


@contextmanager
def open_lines_at(path: str, place: TextPlace) -> Iterator[Iterator[bytes]]:
    """Open a VCF or BCF and yield its lines from a place on, as ``open_lines`` does."""
    if place.offset is None:
        with open_lines(path) as lines:
            yield islice(lines, place.lines, None)
        return
    with open_stream(path) as stream:
        kind = compression(stream.peek(64))
        stream.seek(place.offset)
        pieces = text_pieces(stream, kind, path, offset=place.offset)
        yield split_lines(_behind(pieces, place.skip), MOST_LINE, path)


def _behind(pieces: Iterator[bytes], skip: int) -> Iterator[bytes]:
    """Yield text without its first bytes."""
    for piece in pieces:
        if len(piece) > skip:
            yield piece[skip:]
            yield from pieces
        skip -= len(piece)
