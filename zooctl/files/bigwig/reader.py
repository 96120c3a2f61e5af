"""Read bigWig files in bulk."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.bigwig.child import CHUNK
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.contigs import other_style

_MAGIC = 0x888FFC26
_BIGBED_MAGIC = 0x8789F2EB


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
        """Return the value of each base of ``[start, end)``, NaN for a base without one, ``(n,)``.

        Raises:
            InputError: The contig is unknown or shorter than the range, or the file is damaged.
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
    """Refuse files that pyBigWig would crash on or misread, and addresses, which it downloads."""
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
            "bigWig is cut short",
            path=path,
            got=f"{size:,} bytes",
            hint="download or write it again",
        )
