"""From a recipe's sources to batches: genome codes and signal as arrays, windows cut out of them.

Signals are read once in bulk, kept per base in memory-mapped files named by the sha256 of their
source, and binned when a window is cut, so that windows may start at any base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zooctl.files.atomic import atomic_output
from zooctl.files.bigwig import BigWig
from zooctl.files.cache import cache_folder
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry, Integers, gather

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Windows that are trained on together.

    Attributes:
        codes: Genome codes ``(n, input_length)`` uint8.
        target: Measured signal ``(n, n_tracks, n_bins)`` float32, mean of each bin.
        control: Control signal ``(n, n_controls, n_bins)`` float32, mean of each bin.
    """

    codes: Codes
    target: Signal
    control: Signal


@dataclass(frozen=True)
class Dataset:
    """Everything a run reads, by contig.

    Attributes:
        geometry: Lengths of a window.
        codes: Genome codes of each contig, ``(length,)`` uint8.
        target: Signal per base of each contig, ``(n_tracks, length)`` float32.
        control: Control per base of each contig, ``(n_controls, length)`` float32.
    """

    geometry: Geometry
    codes: Mapping[str, Codes]
    target: Mapping[str, Signal]
    control: Mapping[str, Signal]

    def batch(self, chroms: Sequence[str], input_starts: Integers) -> Batch:
        """Cut windows; each must lie inside its contig.

        Args:
            chroms: Contig of each window, ``n`` of them.
            input_starts: First base of each input, ``(n,)``.
        """
        geometry = self.geometry
        flank = (geometry.input_length - geometry.output_length) // 2
        names = np.asarray(chroms)
        n_tracks, n_controls = (len(next(iter(s.values()))) for s in (self.target, self.control))
        codes = np.empty((len(names), geometry.input_length), np.uint8)
        target = np.empty((len(names), n_tracks, geometry.n_bins), np.float32)
        control = np.empty((len(names), n_controls, geometry.n_bins), np.float32)
        for chrom in dict.fromkeys(chroms):
            rows = np.flatnonzero(names == chrom)
            starts = input_starts[rows]
            codes[rows] = gather(self.codes[chrom], starts, geometry.input_length)
            target[rows] = self._bins(self.target[chrom], starts + flank)
            control[rows] = self._bins(self.control[chrom], starts + flank)
        return Batch(codes, target, control)

    def _bins(self, signal: Signal, starts: Integers) -> Signal:
        view = np.lib.stride_tricks.sliding_window_view(signal, self.geometry.output_length, axis=1)
        windows = view[:, starts].transpose(1, 0, 2)
        return bin_mean(np.ascontiguousarray(windows), self.geometry.bin_size)

    def mean(self, signal: Mapping[str, Signal], regions: tuple[Interval, ...]) -> Signal:
        """Mean per base of each row of a signal over regions, known bases only: ``(n,)``."""
        total, known = np.float64(0), 0
        for chrom, start, end in regions:
            mask = self.codes[chrom][start:end] != N
            total = total + signal[chrom][:, start:end].sum(axis=1, where=mask, dtype=np.float64)
            known += int(mask.sum())
        return np.asarray(total / known, dtype=np.float32)


def reverse_complement_batch(batch: Batch, rows: NDArray[np.bool_]) -> Batch:
    """Turn the windows of ``rows`` (n,) to the other strand, targets and controls with them."""
    codes, target, control = batch.codes.copy(), batch.target.copy(), batch.control.copy()
    codes[rows] = reverse_complement(codes[rows])
    target[rows] = target[rows, :, ::-1]
    control[rows] = control[rows, :, ::-1]
    return Batch(codes, target, control)


def per_base_signal(
    bigwig: Path, sha256: str, chrom: str, length: int, report: Callable[[str], None]
) -> Signal:
    """Return the signal of one contig as a memory-mapped ``(length,)`` array, 0 where absent.

    Args:
        bigwig: The source.
        sha256: Its digest; the name under which the array is kept.
        chrom: Contig.
        length: Its length in bp.
        report: Called with one line when the array has to be made.
    """
    path = cache_folder() / "signal" / f"{sha256[:32]}.{chrom}.npy"
    if not path.exists():
        report(f"reading {bigwig.name} {chrom}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with BigWig(bigwig) as source, atomic_output(path, force=True) as temporary:
            values = np.nan_to_num(source.values(chrom, 0, length), nan=0.0)
            with temporary.open("wb") as file:
                np.save(file, values.astype(np.float32, copy=False))
    signal: Signal = np.load(path, mmap_mode="r", allow_pickle=False)
    return signal
