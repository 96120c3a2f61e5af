"""Read genomes from FASTA files, plain or bgzipped, by interval, through pyfaidx."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyfaidx

from zooctl.errors import InputError
from zooctl.files.disk.bgzf import BlockText
from zooctl.files.fasta.index import Index, index_of
from zooctl.progress import Advance
from zooctl.sequence.contigs import unknown_contig
from zooctl.sequence.onehot import Codes, N, encode

_READ = 1 << 20  # bases read at once for a large piece; more is slower
_CHUNK = 1 << 16  # bases of one entry of the small cache: about one bgzip block
_CHUNKS = 64


@dataclass(frozen=True)
class _Source:
    """One file: its path and digest, and pyfaidx's reader on its text."""

    path: Path
    sha256: str
    reader: pyfaidx.Faidx


class Fasta:
    """A genome in one or several FASTA files; a context manager. Open one per process.

    Args:
        paths: The files; a name may occur in only one of them.
        progress: Called with the number of bytes just read while an unknown file is scanned.

    Attributes:
        paths: The files.
        contigs: Length of each contig, in file order.

    Raises:
        InputError: A file cannot be read or is no sound FASTA.
    """

    def __init__(self, *paths: str | os.PathLike[str], progress: Advance | None = None) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self.contigs: dict[str, int] = {}
        self._sources: dict[str, _Source] = {}
        self._opened: list[_Source] = []
        self._chunk = lru_cache(maxsize=_CHUNKS)(self._read_chunk)
        try:
            for path in self.paths:
                self._add(path, progress)
        except BaseException:
            self.close()
            raise

    def _add(self, path: Path, progress: Advance | None) -> None:
        source = _open_source(path, progress)
        self._opened.append(source)
        for name, entry in source.reader.index.items():
            if name in self.contigs:
                raise InputError(
                    f"sequence {name!r} occurs in more than one file",
                    path=path,
                    got=f"also in {self._sources[name].path}",
                )
            self.contigs[name] = int(entry.rlen)
            self._sources[name] = source

    def codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of bases ``start`` to ``end - 1``, ``(end - start,)``.

        Small pieces near each other come from memory; large ones are read anew.

        Raises:
            InputError: No such contig, or bases outside of it.
        """
        length = self._length(chrom)
        if not 0 <= start <= end <= length:
            raise InputError(
                f"bases outside of {chrom}",
                got=f"{start:,} to {end:,}",
                expected=f"within 0 to {length:,}",
            )
        codes = np.empty(end - start, dtype=np.uint8)
        if end - start > _CHUNK:
            for low in range(start, end, _READ):
                high = min(low + _READ, end)
                codes[low - start : high - start] = self._read(chrom, low, high)
            return codes
        for number in range(start // _CHUNK, -(-end // _CHUNK)):
            first = number * _CHUNK
            low, high = max(first, start), min(first + _CHUNK, end)
            chunk = self._chunk(chrom, number)
            codes[low - start : high - start] = chunk[low - first : high - first]
        return codes

    def sha256(self, chrom: str) -> str:
        """Return the SHA-256 of the file that holds a contig.

        Raises:
            InputError: No such contig.
        """
        self._length(chrom)
        return self._sources[chrom].sha256

    def padded_codes(self, chrom: str, start: int, end: int) -> Codes:
        """Return the codes of ``start`` to ``end - 1``, with N outside of the contig, ``(n,)``.

        Raises:
            InputError: No such contig.
        """
        low, high = max(start, 0), min(end, self._length(chrom))
        codes = np.full(end - start, N, dtype=np.uint8)
        if low < high:
            codes[low - start : high - start] = self.codes(chrom, low, high)
        return codes

    def _length(self, chrom: str) -> int:
        if chrom not in self.contigs:
            raise unknown_contig(chrom, self.contigs)
        return self.contigs[chrom]

    def _read_chunk(self, chrom: str, number: int) -> Codes:
        start = number * _CHUNK
        return self._read(chrom, start, min(start + _CHUNK, self.contigs[chrom]))

    def _read(self, chrom: str, start: int, end: int) -> Codes:
        """Read codes from the file; pyfaidx counts from 1 and includes the end."""
        source = self._sources[chrom]
        letters = source.reader.fetch(chrom, start + 1, end)
        if len(letters) != end - start:
            raise InputError("file changed while it was read", path=source.path)
        return encode(letters.encode("ascii"))

    def close(self) -> None:
        """Close the files."""
        for source in self._opened:
            source.reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open_source(path: Path, progress: Advance | None) -> _Source:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(
            "FASTA cannot be opened", path=path, got=os.strerror(error.errno or 0)
        ) from None
    try:
        index = index_of(stream, progress)
        return _Source(path, index.sha256, _reader(stream, index))
    except BaseException:
        stream.close()
        raise


def _reader(stream: BufferedReader, index: Index) -> pyfaidx.Faidx:
    """Return pyfaidx's reader with our index on our stream.

    By itself, pyfaidx trusts an index that is newer than the file, recognises bgzip by the file's
    name and reads it through Biopython, which fails at blocks of 65,536 bases. So it is opened on
    the index alone, and then given the text.
    """
    with tempfile.TemporaryDirectory() as folder:
        fai = Path(folder) / "fai"
        try:
            fai.write_text(index.fai, "ascii")
        except OSError as error:  # of a full disk, which names no file
            error.filename = error.filename or str(fai)
            raise
        reader = pyfaidx.Faidx(fai, indexname=fai, as_raw=True, rebuild=False)
    reader.file.close()
    reader.file = (
        BlockText(stream, index.blocks[:, 0], index.blocks[:, 1]) if len(index.blocks) else stream
    )
    return reader
