"""Read bigWig files in bulk."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.bigwig.child import CHUNK
from zooctl.files.bigwig.structure import (
    ByteSource,
    Entries,
    read_block,
    read_contigs,
    read_header,
    read_index,
)
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.contigs import other_style

_BLOCKS = 64
"""Blocks kept in memory, which neighbouring windows share; as a rule 20 kB each, at most 1.3 MB."""


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
        self.path = Path(path)
        self._source = ByteSource(self.path)
        try:
            self._header = read_header(self._source)
            self.contigs = read_contigs(self._source, self._header)
        except BaseException:
            self._source.close()
            raise
        self._numbers = {name: number for number, name in enumerate(self.contigs)}
        self._block = lru_cache(maxsize=_BLOCKS)(self._read_block)

    @cached_property
    def _blocks(self) -> list[NDArray[np.void]]:
        return read_index(self._source, self._header, len(self.contigs))

    def _read_block(self, number: int, index: int) -> Entries:
        block = self._blocks[number][index]
        try:
            return read_block(self._source, self._header, number, block)
        except InputError as error:
            place = f"{list(self.contigs)[number]}:{block['start']}-{block['end']}"
            raise InputError(
                f"{error.what} at {place}", path=self.path, got=error.got, hint=error.hint
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def values(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the value of each base of ``[start, end)``, NaN for a base without one, ``(n,)``.

        Raises:
            InputError: The contig is unknown or shorter than the range, the file is damaged, or
                one of these values is infinite.
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
            out[low - start : high - start] = self._chunk(chrom, low, high)
        return out

    def _chunk(self, chrom: str, start: int, end: int) -> NDArray[np.float32]:
        """Return the values of a range, NaN in the gaps between entries."""
        number = self._numbers[chrom]
        blocks = self._blocks[number]
        chosen = np.flatnonzero((blocks["start"] < end) & (blocks["end"] > start))
        read = [self._block(number, index).within(start, end) for index in chosen.tolist()]
        if not read:
            return np.full(end - start, np.nan, dtype=np.float32)
        entries = Entries(
            np.concatenate([part.starts for part in read]),
            np.concatenate([part.ends for part in read]),
            np.concatenate([part.values for part in read]),
        )
        if (entries.starts[1:] < entries.starts[:-1]).any():
            entries = entries.take(np.argsort(entries.starts, kind="stable"))
        if (entries.starts[1:] < entries.ends[:-1]).any():
            raise self._source.damaged(f"entries that overlap in {chrom}:{start}-{end}")
        infinite = np.isinf(entries.values)
        if infinite.any():
            at = int(np.argmax(infinite))
            raise self._infinite(
                f"{entries.values[at]} at {chrom}:{entries.starts[at]}-{entries.ends[at]}"
            )
        # Runs of bases: a gap, an entry, a gap, …, a gap.
        edges = np.empty(2 * len(entries.starts) + 2, dtype=np.int64)
        edges[0], edges[-1] = start, end
        edges[1:-1:2] = np.maximum(entries.starts, start)
        edges[2:-1:2] = np.minimum(entries.ends, end)
        runs = np.full(len(edges) - 1, np.nan, dtype=np.float32)
        runs[1::2] = entries.values
        return np.repeat(runs, np.diff(edges))

    def bins(
        self, chrom: str, start: int, end: int, bin_size: int, missing: float = 0.0
    ) -> NDArray[np.float32]:
        """Return the mean of each bin of ``[start, end)``, read in chunks.

        Args:
            chrom: The contig.
            start: 0-based start.
            end: End; ``end - start`` is a multiple of ``bin_size``.
            bin_size: In bp.
            missing: Value of bases without one; NaN makes their bins NaN.

        Returns:
            Means, ``((end - start) / bin_size,)``.

        Raises:
            InputError: As ``values``, or a mean is too large for 32 bits.
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
            with np.errstate(over="ignore"):  # refused below
                out[first:last] = bin_mean(values, bin_size)
        if np.isinf(out).any():
            at = start + int(np.argmax(np.isinf(out))) * bin_size
            raise self._infinite(f"a mean of {chrom}:{at}-{at + bin_size}")
        return out

    def _infinite(self, got: str) -> InputError:
        return InputError(
            "infinite value in the bigWig",
            path=self.path,
            got=got,
            expected="finite values",
            hint="write it again without this value",
        )

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
