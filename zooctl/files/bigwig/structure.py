"""Parse the structure of a bigWig: header, contigs, index of its blocks, and their entries.

A C library that trusts the numbers of a file crashes on one changed byte of its header or trees. So
files are read here, where every offset, count and size is compared with the file before it is used.
The format is that of Kent et al. 2010 (doi:10.1093/bioinformatics/btq351, supplementary tables).
Zoom levels are not read.
"""

from __future__ import annotations

import os
import struct
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.sequence.numbers import is_name

_MAGIC = 0x888FFC26
_BIGBED_MAGIC = 0x8789F2EB
_CHROM_TREE_MAGIC = 0x78CA8C91
_INDEX_MAGIC = 0x2468ACE0
_NEWEST_VERSION = 4

# Magic, version, zoom levels, offsets of contigs, data and index, fields (2), offsets of autoSql
# and summary, size of an unpacked block (0 where blocks are not packed).
_HEADER = struct.Struct("<IHHQQQHHQQI")
# Magic, children of a node, bytes of a name, bytes of a value, contigs, reserved.
_CHROM_TREE = struct.Struct("<IIIIQQ")
# Magic, children of a node, blocks, first and last place (4), end of the data, entries of a block.
_INDEX = struct.Struct("<IIQIIIIQI")
_INDEX_SIZE = 48
# Whether it is a leaf, reserved, children.
_NODE = struct.Struct("<BBH")
# Contig, start, end, step, span, kind, reserved, entries.
_SECTION = struct.Struct("<IIIIIBBH")

_PLACE = [("chrom", "<u4"), ("start", "<u4"), ("last_chrom", "<u4"), ("end", "<u4")]
_BRANCH = np.dtype([*_PLACE, ("offset", "<u8")])
_LEAF = np.dtype([*_PLACE, ("offset", "<u8"), ("size", "<u8")])
# By the kind of a section: bedGraph, variable step, fixed step.
_ENTRIES = {
    1: np.dtype([("start", "<u4"), ("end", "<u4"), ("value", "<f4")]),
    2: np.dtype([("start", "<u4"), ("value", "<f4")]),
    3: np.dtype([("value", "<f4")]),
}
# A section counts its entries in 16 bits, so no sound block is larger.
_LARGEST_BLOCK = _SECTION.size + 0xFFFF * _ENTRIES[1].itemsize
# Names of contigs have tens of letters; the format sets no limit.
_LONGEST_NAME = 1 << 12


class Entries(NamedTuple):
    """Entries of a bigWig, each ``(n,)``: 0-based half-open intervals, and their values."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    values: NDArray[np.float32]

    def within(self, start: int, end: int) -> Entries:
        """Return the entries that reach into a range, which lie in order."""
        low = int(np.searchsorted(self.ends, start, side="right"))
        high = int(np.searchsorted(self.starts, end, side="left"))
        return self.take(slice(low, max(low, high)))

    def take(self, rows: slice | NDArray[np.int64]) -> Entries:
        """Return some of the entries."""
        return Entries(self.starts[rows], self.ends[rows], self.values[rows])


class ByteSource:
    """The bytes of a bigWig, read by offset.

    Args:
        path: A local file.

    Raises:
        InputError: It is missing, no bigWig, or cut short.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise InputError("no such file", path=path, expected="a bigWig")
        try:
            self._number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise InputError("bigWig cannot be opened", path=path, got=error.strerror) from None
        # Closed at the latest with the object.
        self._close = weakref.finalize(self, os.close, self._number)
        self.size = os.fstat(self._number).st_size

    def close(self) -> None:
        """Close the file."""
        self._close()

    def take(self, offset: int, size: int, part: str) -> bytes:
        """Return bytes by their place; ``part`` names them in the error.

        Raises:
            InputError: They lie outside of the file, or cannot be read.
        """
        if offset > self.size - size:
            raise self.damaged(f"{part} outside of the file")
        try:
            # Not through the stream's position, which processes would share after a fork.
            data = os.pread(self._number, size, offset)
        except OSError as error:
            raise InputError("bigWig cannot be read", path=self.path, got=error.strerror) from None
        if len(data) < size:
            raise self.damaged(f"{part} outside of the file")
        return data

    def damaged(self, got: str) -> InputError:
        """Return the error for a file whose numbers contradict each other."""
        return InputError(
            "damaged bigWig", path=self.path, got=got, hint="download or write it again"
        )


@dataclass(frozen=True)
class BigWigHeader:
    """Places of the parts of a bigWig.

    Attributes:
        contigs: Offset of the tree of contigs.
        index: Offset of the index; 0 of a file without values that has none.
        packed: Whether blocks are compressed.
    """

    contigs: int
    index: int
    packed: bool


def read_header(source: ByteSource) -> BigWigHeader:
    """Return the header of a bigWig.

    Raises:
        InputError: The file is no bigWig, cut short or damaged.
    """
    size = source.size
    head = source.take(0, min(64, size), "header")
    tail = source.take(max(0, size - 4), min(4, size), "end")
    if head[:4] != struct.pack("<I", _MAGIC):
        bed = head[:4] == struct.pack("<I", _BIGBED_MAGIC)
        found = "a bigBed" if bed else "something else" if head else "an empty file"
        raise InputError("not a bigWig", path=source.path, got=found, expected="a bigWig")
    # Every current writer ends the file with its magic number; it is the one mark of a whole file.
    if len(head) < 64 or tail != head[:4] or max(struct.unpack_from("<QQQ", head, 8)) >= size:
        raise InputError(
            "bigWig is cut short",
            path=source.path,
            got=f"{size:,} bytes",
            hint="download or write it again",
        )
    _, version, _, contigs, data, index, _, _, _, _, unpacked = _HEADER.unpack_from(head)
    if not 1 <= version <= _NEWEST_VERSION:
        raise source.damaged(f"version {version}")
    if not index:
        (blocks,) = struct.unpack("<Q", source.take(data, 8, "number of blocks"))
        if blocks:
            raise source.damaged("values without an index")
    return BigWigHeader(contigs, index, unpacked > 0)


def read_contigs(source: ByteSource, header: BigWigHeader) -> dict[str, int]:
    """Return the length of each contig in bp, in the order of their numbers.

    Raises:
        InputError: The tree of contigs is damaged or empty.
    """
    head = source.take(header.contigs, _CHROM_TREE.size, "tree of contigs")
    magic, _, name_size, value_size, count, _ = _CHROM_TREE.unpack(head)
    if magic != _CHROM_TREE_MAGIC or value_size != 8 or not 1 <= name_size <= _LONGEST_NAME:
        raise source.damaged("no tree of contigs")
    leaf = np.dtype([("name", "V", name_size), ("number", "<u4"), ("length", "<u4")])
    branch = np.dtype([("name", "V", name_size), ("offset", "<u8")])
    nodes = _leaves(source, header.contigs + _CHROM_TREE.size, leaf, branch, "tree of contigs")
    items = np.concatenate([np.empty(0, leaf), *nodes])
    if not len(items) and not count:
        raise InputError("bigWig without contigs", path=source.path)
    items = items[np.argsort(items["number"], kind="stable")]
    if len(items) != count or (items["number"] != np.arange(count)).any():
        raise source.damaged(f"{len(items):,} contigs in place of {count:,}")
    contigs = {
        _name(source, bytes(name)): int(length)
        for name, length in zip(items["name"], items["length"], strict=True)
    }
    if len(contigs) < count:
        raise source.damaged("two contigs of one name")
    return contigs


def _name(source: ByteSource, padded: bytes) -> str:
    try:
        name = padded.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        name = ""
    if not is_name(name):
        raise source.damaged("a contig without a sound name")
    return name


def _leaves(
    source: ByteSource, root: int, leaf: np.dtype[np.void], branch: np.dtype[np.void], tree: str
) -> Iterator[NDArray[np.void]]:
    """Yield the items of each leaf of a tree, in order."""
    waiting = [root]
    room = source.size
    while waiting:
        offset = waiting.pop()
        is_leaf, _, count = _NODE.unpack(source.take(offset, _NODE.size, tree))
        if is_leaf > 1 or (not is_leaf and not count):
            raise source.damaged(f"a node of the {tree} that is neither leaf nor branch")
        kind = leaf if is_leaf else branch
        size = count * kind.itemsize
        # Nodes of a sound file share no bytes; in a circle they would.
        room -= _NODE.size + size
        if room < 0:
            raise source.damaged(f"nodes of the {tree} that overlap")
        items = np.frombuffer(source.take(offset + _NODE.size, size, tree), dtype=kind)
        if is_leaf:
            yield items
        else:
            waiting.extend(items["offset"][::-1].tolist())


def read_index(source: ByteSource, header: BigWigHeader, n_contigs: int) -> list[NDArray[np.void]]:
    """Return the blocks of each contig by its number: arrays with start, end, offset and size.

    Raises:
        InputError: The index is damaged.
    """
    if not header.index:
        return [np.empty(0, _LEAF)] * n_contigs
    head = source.take(header.index, _INDEX_SIZE, "index")
    magic, _, count, *_ = _INDEX.unpack_from(head)
    if magic != _INDEX_MAGIC:
        raise source.damaged("no index")
    nodes = _leaves(source, header.index + _INDEX_SIZE, _LEAF, _BRANCH, "index")
    blocks = np.concatenate([np.empty(0, _LEAF), *nodes])
    if len(blocks) != count:
        raise source.damaged(f"{len(blocks):,} blocks in place of {count:,}")
    size = source.size
    beyond = (blocks["size"] > size) | (blocks["offset"] > size - np.minimum(blocks["size"], size))
    # Blocks share no bytes either, which bounds the work of reading them all.
    if beyond.any() or int(blocks["size"].sum(dtype=np.float64)) > size:
        raise source.damaged("blocks outside of the file")
    # Neither order nor bounds are those of the entries in every file: libBigWig states bounds that
    # overlap where it changes the kind of section.
    places = (blocks["chrom"] < n_contigs) & (blocks["chrom"] == blocks["last_chrom"])
    if not (places & (blocks["start"] <= blocks["end"])).all():
        raise source.damaged("a block without a sound place")
    blocks = blocks[np.argsort(blocks["chrom"], kind="stable")]
    edges = np.searchsorted(blocks["chrom"], np.arange(n_contigs + 1))
    return [blocks[low:high] for low, high in pairwise(edges)]


def read_block(source: ByteSource, header: BigWigHeader, chrom: int, block: np.void) -> Entries:
    """Return the entries of a block of the index.

    Args:
        source: The file.
        header: Its header.
        chrom: Number of the contig.
        block: An item of ``read_index``.

    Raises:
        InputError: The block is damaged.
    """
    data = source.take(int(block["offset"]), int(block["size"]), "block")
    if header.packed:
        data = _unpacked(source, data)
    if len(data) < _SECTION.size:
        raise source.damaged("a block without a header")
    number, start, _, step, span, kind, _, count = _SECTION.unpack_from(data)
    dtype = _ENTRIES.get(kind)
    if number != chrom or dtype is None or len(data) != _SECTION.size + count * dtype.itemsize:
        raise source.damaged("a block that contradicts its header")
    items = np.frombuffer(data, dtype=dtype, offset=_SECTION.size)
    if kind == 3:
        starts = start + step * np.arange(count, dtype=np.int64)
    else:
        starts = items["start"].astype(np.int64)
    ends = items["end"].astype(np.int64) if kind == 1 else starts + span
    if (ends < starts).any() or (starts[1:] < ends[:-1]).any():
        raise source.damaged("entries that overlap or are unsorted")
    if count and (starts[0] < block["start"] or ends[-1] > block["end"]):
        raise source.damaged("entries outside of their block")
    return Entries(starts, ends, np.ascontiguousarray(items["value"], dtype=np.float32))


def _unpacked(source: ByteSource, data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, _LARGEST_BLOCK + 1)
    except zlib.error as error:
        raise source.damaged(f"a block that cannot be unpacked: {error}") from None
    if not unpacker.eof:
        raise source.damaged("a block that is cut short or too large")
    return text
