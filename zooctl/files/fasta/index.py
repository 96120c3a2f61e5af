"""Indexes of FASTA files, made once for a content and kept in the cache, never beside the file.

An index beside a file may belong to an older content, so it is not read. A new content is scanned,
which also checks it, and its index is kept under its SHA-256, sealed. A file of unchanged size,
times and inode is recognised at once; any other is hashed, which saves the scan if only its place
is new. A kept index is compared with the text before it is used.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import compression, members
from zooctl.files.disk.pinned import digest_of, stream_digest
from zooctl.files.disk.sealed_cache import derived_folder, read_sealed, stamp, write_sealed
from zooctl.files.fasta.index_check import fits
from zooctl.files.fasta.scan import Scanner
from zooctl.progress import Advance

_PIECE = 1 << 22
# Seconds after a change within which another one may leave the time stamp as it is.
_CLOCK_TICK = 2.0


@dataclass(frozen=True)
class Index:
    """Offsets of the bases of a FASTA file.

    Attributes:
        fai: Text of the ``.fai`` file that ``samtools faidx`` would write.
        blocks: Offsets ``(n_blocks, 2)`` of each bgzip block in the file and of its text in the
            whole text; ``(0, 2)`` of a plain file.
        sha256: Digest of the file.
    """

    fai: str
    blocks: NDArray[np.uint64]
    sha256: str = ""


def index_of(stream: BufferedReader, progress: Advance | None = None) -> Index:
    """Return the index of an open FASTA file, from the cache if its content is known.

    Args:
        stream: The file, at its start.
        progress: Called with the number of bytes just read while an unknown file is scanned.

    Raises:
        InputError: The file is no sound FASTA, or gzipped but not with bgzip.
        UnsafeError: Others may write into the cache folder.
    """
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise InputError("not a regular file", path=stream.name)
    kind = compression(stream.read(64))
    if kind == "gzip":
        raise _plain_gzip(stream.name)
    folder = _cache()
    digest = _known_digest(folder, stream.name, status)
    if digest is None:
        stream.seek(0)
        digest = stream_digest(stream)
        _remember(folder, stream.name, status, digest)
    index = _load(folder, digest, bgzipped=kind == "bgzip")
    if index is None or not fits(stream, index.fai, index.blocks):
        stream.seek(0)
        index = _scan(stream, kind == "bgzip", progress)
        now = os.fstat(stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            raise InputError("file changed while it was read", path=stream.name)
        _save(folder, digest, index)
    return replace(index, sha256=digest)


def _plain_gzip(path: str) -> InputError:
    source = Path(path)
    target = source.with_name(source.name.removesuffix(".gz").removesuffix(".fa") + ".bgzip.fa.gz")
    return InputError(
        "gzipped FASTA cannot be read in any order",
        path=path,
        expected="plain or bgzipped FASTA",
        hint=f"bgzip it: gunzip -c {shlex.quote(path)} | bgzip > {shlex.quote(str(target))}",
    )


def _scan(stream: BufferedReader, bgzipped: bool, progress: Advance | None) -> Index:
    """Check the whole file, and return the offsets of its bases."""
    blocks: list[tuple[int, int]] = []
    pieces = _unpacked(stream, blocks) if bgzipped else _pieces(stream)
    scanner = Scanner(stream.name)
    for read, text in pieces:
        scanner.feed(text)
        if progress is not None:
            progress(read)
    fai = "".join(
        f"{record.name}\t{record.length}\t{record.offset}\t{record.line_bases}\t{record.line_width}\n"
        for record in scanner.finish()
    )
    return Index(fai, np.array(blocks, dtype=np.uint64).reshape(-1, 2))


def _pieces(stream: BufferedReader) -> Iterator[tuple[int, bytes]]:
    while text := stream.read(_PIECE):
        yield len(text), text


def _unpacked(stream: BufferedReader, blocks: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Yield bytes read and text of many blocks at once, and append each block to ``blocks``."""
    texts: list[bytes] = []
    start = waiting = read = 0
    for offset, size, text in members(stream):
        blocks.append((offset, start))
        start += len(text)
        texts.append(text)
        waiting += len(text)
        read += size
        if waiting >= _PIECE:
            yield read, b"".join(texts)
            texts, waiting, read = [], 0, 0
    yield read, b"".join(texts)


def _cache() -> Path | None:
    """Return the cache folder of the indexes; None if it cannot be created."""
    # The name changes whenever the content of the folder changes its meaning.
    with suppress(OSError, InputError):
        return derived_folder("fasta-2")
    return None


def _known_file(folder: Path, path: str) -> Path:
    key = digest_of(os.fsencode(os.path.realpath(path)))[:32]
    return folder / f"{key}.json"


def _known_digest(folder: Path | None, path: str, status: os.stat_result) -> str | None:
    if folder is None:
        return None
    known = read_sealed(_known_file(folder, path), os.path.realpath(path))
    with suppress(ValueError, KeyError, TypeError):
        if known is not None:
            content = json.loads(known)
            if content["stamp"] == stamp(status):
                return str(content["sha256"])
    return None


def _remember(folder: Path | None, path: str, status: os.stat_result, digest: str) -> None:
    if folder is None or time.time() - status.st_ctime < _CLOCK_TICK:
        return
    known = {"stamp": stamp(status), "sha256": digest}
    with suppress(OSError, InputError):
        write_sealed(_known_file(folder, path), os.path.realpath(path), json.dumps(known).encode())


def _load(folder: Path | None, digest: str, *, bgzipped: bool) -> Index | None:
    """Return the index of a content; None if there is none with a sound seal."""
    if folder is None:
        return None
    blocks = np.empty((0, 2), dtype=np.uint64)
    try:
        fai = read_sealed(folder / f"{digest}.fai", f"{digest} fai")
        if fai is None:
            return None
        if bgzipped:
            packed = read_sealed(folder / f"{digest}.gzi", f"{digest} gzi") or b""
            rows = np.frombuffer(packed, dtype="<u8", offset=8).reshape(-1, 2)
            if struct.unpack_from("<Q", packed) != (len(rows),):
                return None
            # The format leaves out the first block, at 0 and 0.
            blocks = np.vstack([np.zeros((1, 2), dtype="<u8"), rows]).astype(np.uint64)
        return Index(fai.decode("ascii"), blocks)
    except (ValueError, struct.error):
        return None


def _save(folder: Path | None, digest: str, index: Index) -> None:
    """Keep an index; several processes may do so at once, since all write the same."""
    if folder is None:
        return
    # A cache that cannot be written costs time, nothing else.
    with suppress(OSError, InputError):
        if len(index.blocks):
            rows = index.blocks[1:].astype("<u8")
            packed = struct.pack("<Q", len(rows)) + rows.tobytes()
            write_sealed(folder / f"{digest}.gzi", f"{digest} gzi", packed)
        write_sealed(folder / f"{digest}.fai", f"{digest} fai", index.fai.encode("ascii"))
