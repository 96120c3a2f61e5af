"""The child process that writes one bigWig, run as a script by ``files.bigwig.process``.

pyBigWig writes through a C library that, on a full disk, crashes or loops for ever. Both end this
process alone: its file size limit follows the free space of the disk (the kernel then stops it at
the first byte too many), and every call has a budget of processor time. Messages come in on stdin,
one JSON line goes out on stdout. If stdin ends before the message ``KEEP``, the parent is dead, and
the file is removed.

The process imports nothing of zooctl, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

RUN, FINISH, KEEP = 1, 2, 3
# Kind of message, index of the contig, start, number of bins, bin size.
MESSAGE = struct.Struct("<BIQQQ")
CHUNK = 3_200_000
"""Bases read at once: larger chunks are no faster, smaller ones are."""

_INDEX_OFFSET_AT = 24
_SUMMARY_OFFSET_AT = 44
_R_TREE = struct.Struct("<IIQIIIIQII")
_R_TREE_MAGIC = 0x2468ACE0
_EMPTY_LEAF = struct.pack("<BBH", 1, 0, 0)
_BIGWIG_MAGIC = struct.pack("<I", 0x888FFC26)


class _ParentGoneError(Exception):
    """Stdin ended early."""


class _Written:
    """Record of the runs of bins handed to pyBigWig, and of the summary due in the header."""

    def __init__(self, contigs: list[tuple[str, int]]) -> None:
        self.contigs = contigs
        self.runs = array("Q")
        self.bases = 0
        self.sum = 0.0
        self.squares = 0.0
        self.min = float("inf")
        self.max = float("-inf")

    def add(self, contig: int, start: int, bin_size: int, values: NDArray[np.float32]) -> None:
        self.runs.extend((contig, start, len(values), bin_size))
        length = self.contigs[contig][1]
        self.bases += min(start + len(values) * bin_size, length) - start
        last = min(bin_size, length - start - (len(values) - 1) * bin_size)
        weights = np.full(len(values), bin_size, dtype="f8")
        weights[-1] = last
        wide = values.astype("f8")
        self.sum += float(wide @ weights)
        self.squares += float((wide * wide) @ weights)
        self.min = min(self.min, float(values.min()))
        self.max = max(self.max, float(values.max()))

    def summary(self) -> tuple[int, float, float, float, float]:
        """Return bases, minimum, maximum, sum and sum of squares, per base."""
        low, high = (self.min, self.max) if self.bases else (0.0, 0.0)
        return self.bases, low, high, self.sum, self.squares

    def pieces(self) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
        """Yield (contig, [(start, bins, bin size), …]) in order, each about a chunk long."""
        group: list[tuple[int, int, int]] = []
        current = -1
        for i in range(0, len(self.runs), 4):
            contig, start, left, bin_size = self.runs[i : i + 4]
            while left:
                bins = min(left, max(1, CHUNK // bin_size))
                if group and (contig != current or start + bins * bin_size > group[0][0] + CHUNK):
                    yield current, group
                    group = []
                current = contig
                group.append((start, bins, bin_size))
                start += bins * bin_size
                left -= bins
        if group:
            yield current, group


def _receive(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _ParentGoneError
    return data


class _Limits:
    """Limits of the process: file size by the free space, and processor time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        soft, self._hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._user = soft if soft != resource.RLIM_INFINITY else 2**62
        # Python ignores this signal, and the C library then loops on the failed write.
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)

    def renew(self, seconds: float) -> None:
        """Allow the space that the disk has free now, and ``seconds`` of processor time."""
        disk = os.statvfs(self._path.parent)
        if disk.f_blocks:  # Some network file systems state nothing.
            size = self._path.stat().st_size if self._path.exists() else 0
            free = disk.f_bavail * disk.f_frsize
            # The rest is left for the file system's own records.
            limit = min(self._user, size + free - free // 64)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, self._hard))
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _add(out: Any, name: str, length: int, start: int, size: int, values: Any) -> None:
    overhang = start + len(values) * size > length
    whole = values[:-1] if overhang else values
    if len(whole):
        out.addEntries(name, start, values=whole, span=size, step=size)
    if overhang:
        last = start + len(whole) * size
        out.addEntries(name, last, values=values[-1:], span=length - last, step=length - last)


def _write(path: Path, contigs: list[tuple[str, int]], limits: _Limits) -> _Written:
    import pyBigWig

    limits.renew(60)
    out = pyBigWig.open(str(path), "w")
    out.addHeader(contigs)
    written = _Written(contigs)
    bins = since = 0
    while True:
        kind, contig, start, n, size = MESSAGE.unpack(_receive(sys.stdin.buffer, MESSAGE.size))
        if kind == FINISH:
            break
        values = np.frombuffer(_receive(sys.stdin.buffer, 4 * n), dtype="<f4")
        since += 256 + n  # A run costs something, however short.
        if since >= 1 << 16:
            limits.renew(10)
            since = 0
        name, length = contigs[int(contig)]
        _add(out, name, length, start, size, values)
        written.add(contig, start, size, values)
        bins += n
    # Zoom levels are built here: usually under a second a million bins.
    limits.renew(60 + bins / 20_000)
    out.close()
    _correct(path, written)
    return written


def _correct(path: Path, written: _Written) -> None:
    """Correct pyBigWig's errors in the header, and complete files without values.

    Its maximum is about 0 when the first value is the largest or all are negative (genome
    browsers scale by it), and its sum is infinite where a bin's is too large for 32 bits. Without
    values there is no index, and other readers refuse the file.

    Raises:
        RuntimeError: pyBigWig covered another number of bases.
    """
    with path.open("r+b") as file:
        file.seek(_SUMMARY_OFFSET_AT)
        (summary,) = struct.unpack("<Q", file.read(8))
        file.seek(summary)
        (bases,) = struct.unpack("<Q", file.read(8))
        if bases != written.bases:
            raise RuntimeError(f"{bases} bases are covered in place of {written.bases}")
        file.seek(summary)
        file.write(struct.pack("<Qdddd", *written.summary()))
        if written.bases:
            return
        end = file.seek(-4, os.SEEK_END)  # The magic number, which stays last.
        tree = _R_TREE.pack(_R_TREE_MAGIC, 256, 0, 0, 0, 0, 0, end, 1024, 0)
        file.write(tree + _EMPTY_LEAF + _BIGWIG_MAGIC)
        file.seek(_INDEX_OFFSET_AT)
        file.write(struct.pack("<Q", end))


def _read_back(path: Path, written: _Written) -> dict[str, object]:
    import pyBigWig

    crc = bins = 0
    with pyBigWig.open(str(path)) as file:
        chroms = list(file.chroms().items())
        for contig, group in written.pieces():
            low = group[0][0]
            start, n, size = group[-1]
            end = start + (n - 1) * size + 1
            values = file.values(written.contigs[contig][0], low, end, numpy=True)
            firsts = [
                values[start - low : start - low + (n - 1) * size + 1 : size]
                for start, n, size in group
            ]
            found = np.concatenate(firsts).astype("<f4", copy=False)
            crc = zlib.crc32(found.tobytes(), crc)
            bins += int(np.count_nonzero(~np.isnan(found)))
    return {"contigs": chroms == written.contigs, "bins": bins, "crc": crc}


def _reply(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _serve(path: Path) -> None:
    limits = _Limits(path)
    (size,) = struct.unpack("<Q", _receive(sys.stdin.buffer, 8))
    contigs = [(name, length) for name, length in json.loads(_receive(sys.stdin.buffer, size))]
    written = _write(path, contigs, limits)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    signal.setitimer(signal.ITIMER_PROF, 0)
    _reply(**_read_back(path, written))
    if _receive(sys.stdin.buffer, 1) != bytes([KEEP]):
        raise _ParentGoneError


def main() -> None:
    """Write the bigWig named on the command line, from the messages on stdin."""
    path = Path(sys.argv[1])
    status = 1
    try:
        _serve(path)
        status = 0
    except _ParentGoneError:
        path.unlink(missing_ok=True)
    except Exception as error:
        _reply(error=f"{type(error).__name__}: {error}", errno=getattr(error, "errno", None))
    finally:
        # An orderly exit would let pyBigWig write on into an abandoned file.
        os._exit(status)


if __name__ == "__main__":
    main()
