"""Write a bigWig through a child process: whole and verified, or absent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError, VerificationError
from zooctl.files.bigwig.process import WriterProcess
from zooctl.files.disk.atomic import atomic_output

_BUFFERED_BINS = 1 << 18


class BigWigWriter:
    """Writes one bigWig, a context manager; the file appears complete and verified, or not at all.

    The header lists every contig in the given order; bins are fixed-step entries and must come
    sorted. Neighbouring runs are joined, so calls may be small, and bins make the same bytes in
    whatever calls they come. Zoom levels are kept. pyBigWig runs in a process of its own, because a
    full disk crashes it; the file is read back before it is renamed.

    Args:
        target: The bigWig to make.
        contigs: Length of every contig in bp, in the order of the header.
        force: Replace an existing target.

    Raises:
        InputError: The target can't be written, or the disk is full.
        VerificationError: A value is infinite, or the file does not hold the written values.

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
        # The run to be sent: contig index, start, end before clipping, bin size, values.
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

        NaN leaves a gap. The last bin is clipped to the end of the contig.

        Args:
            chrom: A contig of the header.
            start: 0-based position of the first bin.
            values: One value a bin, ``(n_bins,)``.
            bin_size: In bp.

        Raises:
            VerificationError: A value is infinite.
            ValueError: Bins are unsorted, overlap earlier ones, or lie outside of the contig.
        """
        with np.errstate(over="ignore"):  # overflow makes an infinite value, refused below
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
        """Join values to the waiting run; pieces of one length make bytes of the bins alone."""
        joins = (contig, start, bin_size) == (self._contig, self._end, self._bin_size)
        if not joins:
            self._send()
            self._contig, self._start, self._bin_size = contig, start, bin_size
        while len(values):
            room = _BUFFERED_BINS - (start - self._start) // bin_size
            self._waiting.append(values[:room])
            values, start = values[room:], start + len(values[:room]) * bin_size
            self._end = start
            if (start - self._start) // bin_size == _BUFFERED_BINS:
                self._send()
                self._start = start

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
