"""Runs of predicted bins as bytes: what a shard of tracks holds, and what the merge reads."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import IntegrityError
from zooctl.inference.scale.folder import ShardFile

# Index of the track and of the contig, start, number of bins, bin size.
_RUN = struct.Struct("<IIQQQ")


class BinsRun(NamedTuple):
    """A run of bins: its track and contig by their indices, first base, bin size and values."""

    track: int
    contig: int
    start: int
    bin_size: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class BinsSink:
    """Writes the bins of one track into a shard (``predict.Sink``).

    Attributes:
        file: The shard's data.
        track: Index of the track.
        contigs: Index of each contig.
    """

    file: ShardFile
    track: int
    contigs: Mapping[str, int]

    def add_bins(self, chrom: str, start: int, values: NDArray[np.float32], bin_size: int) -> None:
        """Write bins from base ``start`` on (0-based); a NaN is a bin without a value."""
        head = _RUN.pack(self.track, self.contigs[chrom], start, len(values), bin_size)
        self.file.write(head + values.astype("<f4", copy=False).tobytes())


def read_runs(pieces: Iterable[bytes]) -> Iterator[BinsRun]:
    """Yield the runs of a shard from its data.

    Raises:
        IntegrityError: The data end within a run.
    """
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        at = 0
        while len(waiting) - at >= _RUN.size:
            track, contig, start, n, bin_size = _RUN.unpack_from(waiting, at)
            end = at + _RUN.size + 4 * n
            if end > len(waiting):
                break
            values = np.frombuffer(bytes(waiting[at + _RUN.size : end]), "<f4")
            yield BinsRun(track, contig, start, bin_size, values)
            at = end
        del waiting[:at]
    if waiting:
        raise IntegrityError("bins of a shard end within a run", got=f"{len(waiting):,} bytes")
