"""bigWig files: bulk reading, and writing that leaves a verified file or none."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.files.atomic import atomic_output
from zooctl.files.bigwig_process import WriterProcess
from zooctl.files.bigwig_writer import CHUNK
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.contigs import other_style

_MAGIC = 0x888FFC26
_BIGBED_MAGIC = 0x8789F2EB
_BUFFERED_BINS = 1 << 18


class BigWigWriter:
    """Writes one bigWig; the file appears under its name complete and verified, or not at all.

    The header lists every contig in the given order; bins are fixed-step entries and must come
    sorted. Neighbouring runs are joined, so calls may be small. Zoom levels are kept. pyBigWig
    runs in a process of its own, because a full disk crashes it; the file is read back before it
    is renamed.

    Args:
        target: The bigWig to make.
        contigs: Length of every contig in bp, in the order of the header.
        force: Replace an existing target.

    Raises:
        InputError: The target can't be written, or the disk is full.
        VerificationError: A value is infinite, or the file does not hold what was written.

    Example::

        with BigWigWriter("out.bw", {"chr21": 48_129_895}) as writer:
            writer.add_bins("chr21", 0, np.ones(1_000, np.float32), bin_size=32)
    """

    def __init__(
        self, target: str | os.PathLike[str], contigs: Mapping[str, int], *, force: bool = False
    ) -> None:
        self.target = Path(target)
        self.contigs = dict(contigs)
        self._force = force
        self._index = {name: i for i, name in enumerate(self.contigs)}
        # What waits to be sent: contig index, start, end before clipping, bin size, values.
        self._contig = self._start = self._end = self._bin_size = 0
        self._waiting: list[NDArray[np.float32]] = []
        self._stack = ExitStack()
        _check_contigs(self.target, self.contigs)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_output(self.target, force=self._force))
            self._process = WriterProcess(temporary, self.target, self.contigs)
            stack.push(self._leave)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def add_bins(self, chrom: str, start: int, values: NDArray[np.floating], bin_size: int) -> None:
        """Write ``values[i]`` over ``[start + i * bin_size, start + (i + 1) * bin_size)``.

        NaN means "no value" and leaves a gap. The last bin is clipped to the end of the contig.

        Args:
            chrom: A contig of the header.
            start: 0-based position of the first bin.
            values: One value a bin, ``(n_bins,)``.
            bin_size: In bp.

        Raises:
            VerificationError: A value is infinite.
            ValueError: Bins are unsorted, overlap what was written, or lie outside the contig.
        """
        with np.errstate(over="ignore"):  # What overflows is infinite, and named below.
            values = np.array(values, dtype=np.float32)  # A copy: callers reuse their buffers.
        if not values.size:
            return
        self._check(chrom, start, values, bin_size)
        finite = np.isfinite(values)
        if finite.all():
            self._append(self._index[chrom], start, values, bin_size)
            return
        infinite = np.isinf(values)
        if infinite.any():
            first = int(np.argmax(infinite))
            low = start + first * bin_size
            raise VerificationError(
                f"infinite value at {chrom}:{low}-{low + bin_size}", path=self.target
            )
        edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False])).astype(np.int8)))
        for low, high in edges.reshape(-1, 2).tolist():
            self._append(self._index[chrom], start + low * bin_size, values[low:high], bin_size)

    def _check(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        length = self.contigs.get(chrom)
        if length is None:
            raise ValueError(f"contig {chrom!r} is not in the header")
        if values.ndim != 1 or bin_size < 1 or start < 0:
            raise ValueError(f"bad run at {chrom}:{start}, bin size {bin_size}, {values.shape}")
        if start + (values.size - 1) * bin_size >= length:
            raise ValueError(f"bins from {chrom}:{start} reach past the end at {length}")
        if (self._index[chrom], start) < (self._contig, self._end):
            raise ValueError(f"bins from {chrom}:{start} are unsorted or overlap the last ones")

    def _append(self, contig: int, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        joins = (contig, start, bin_size) == (self._contig, self._end, self._bin_size)
        if not joins or self._end - self._start >= _BUFFERED_BINS * bin_size:
            self._send()
            self._contig, self._start, self._bin_size = contig, start, bin_size
        self._waiting.append(values)
        self._end = start + len(values) * bin_size

    def _send(self) -> None:
        if not self._waiting:
            return
        data = np.concatenate(self._waiting).astype("<f4", copy=False).tobytes()
        self._waiting = []
        self._process.send(self._contig, self._start, self._bin_size, data)

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._send()
                self._process.finish()
        finally:
            self._process.end()


def _check_contigs(target: Path, contigs: Mapping[str, int]) -> None:
    if not contigs:
        raise InputError("a bigWig needs at least one contig", path=target)
    for name, length in contigs.items():
        if not 0 < length < 2**32:
            raise InputError(
                f"contig {name} does not fit a bigWig",
                path=target,
                got=f"{length} bp",
                expected="1 to 4,294,967,295 bp",
            )


class BigWig:
    """Reads one bigWig in bulk.

    Args:
        path: A local bigWig.

    Attributes:
        path: Its path.
        contigs: Length of every contig in bp, in the order of the file.

    Raises:
        InputError: The file is missing, no bigWig, cut short or damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        import pyBigWig

        self.path = Path(path)
        _check_file(self.path)
        try:
            self._file = pyBigWig.open(str(self.path))
            chroms = self._file.chroms()
        except RuntimeError:
            raise InputError("damaged bigWig", path=self.path) from None
        if not chroms:
            raise InputError("bigWig without contigs", path=self.path)
        self.contigs: dict[str, int] = {name: int(length) for name, length in chroms.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of every base of ``[start, end)``, NaN where there is none.

        Raises:
            InputError: The contig is unknown, the range leaves it, or the file is damaged.
        """
        length = self._length(chrom)
        if not 0 <= start <= end <= length:
            raise InputError(
                f"range outside {chrom}",
                path=self.path,
                got=f"{chrom}:{start}-{end}",
                expected=f"within 0-{length}",
            )
        out = np.empty(end - start, dtype=np.float32)
        for low in range(start, end, CHUNK):
            high = min(low + CHUNK, end)
            try:
                out[low - start : high - start] = self._file.values(chrom, low, high, numpy=True)
            except RuntimeError:
                raise InputError(
                    f"damaged bigWig at {chrom}:{low}-{high}", path=self.path
                ) from None
        return out

    def bins(
        self, chrom: str, start: int, end: int, bin_size: int, missing: float = 0.0
    ) -> NDArray[np.float32]:
        """Return the mean of every bin of ``[start, end)``, read in chunks.

        Args:
            chrom: The contig.
            start: 0-based start.
            end: End; ``end - start`` is a multiple of ``bin_size``.
            bin_size: In bp.
            missing: Value of bases without one; NaN makes their bins NaN.

        Returns:
            Means, ``((end - start) / bin_size,)``.

        Raises:
            InputError: As ``values``.
            ValueError: ``bin_size`` does not divide the range.
        """
        if bin_size < 1 or (end - start) % bin_size:
            raise ValueError(f"{start}-{end} does not divide into bins of {bin_size}")
        out = np.empty((end - start) // bin_size, dtype=np.float32)
        step = max(1, CHUNK // bin_size)
        for first in range(0, len(out), step):
            last = min(first + step, len(out))
            values = self.values(chrom, start + first * bin_size, start + last * bin_size)
            values[np.isnan(values)] = missing
            out[first:last] = bin_mean(values, bin_size)
        return out

    def _length(self, chrom: str) -> int:
        length = self.contigs.get(chrom)
        if length is not None:
            return length
        other = other_style(chrom)
        if other in self.contigs:
            hint = f"it has {other}: the two name chromosomes differently"
        else:
            hint = "it has " + ", ".join([*list(self.contigs)[:5], "…"][: len(self.contigs)])
        raise InputError(f"no contig {chrom} in the bigWig", path=self.path, hint=hint)


def _check_file(path: Path) -> None:
    """Refuse what pyBigWig would crash on, misread, or fetch from the network."""
    if not path.is_file():
        raise InputError("no such file", path=path, expected="a bigWig")
    with path.open("rb") as file:
        head = file.read(64)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        tail = file.read(4)
    if head[:4] != struct.pack("<I", _MAGIC):
        bed = head[:4] == struct.pack("<I", _BIGBED_MAGIC)
        found = "a bigBed" if bed else "something else" if head else "an empty file"
        raise InputError("not a bigWig", path=path, got=found, expected="a bigWig")
    offsets = struct.unpack_from("<QQQ", head, 8) if len(head) == 64 else (size + 1,)
    # Every current writer ends the file with its magic number; it is the one mark of a whole file.
    if max(offsets) >= size or tail != head[:4]:
        raise InputError(
            "bigWig is cut short", path=path, got=f"{size:,} bytes", hint="fetch or write it again"
        )
