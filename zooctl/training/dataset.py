"""Genome codes and signals as arrays, and the batches of windows cut out of them.

Signals are kept per base and binned when a window is cut, so that windows may start at any base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.binning import PLAIN, Binning, Signal
from zooctl.files.peaks import Peaks
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry, Integers, gather

Mask = NDArray[np.bool_]

# Bases at a time, where all of a signal is read.
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Batch:
    """Windows that are trained on together.

    Attributes:
        codes: Genome codes ``(n, input_length)`` uint8.
        target: Measured signal ``(n, n_tracks, n_bins)`` float32, as the recipe bins and transforms
            it; NaN where it is unknown.
        control: Control signal ``(n, n_controls, n_bins)`` float32.
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
        target_binning: Rule of each track; the mean of each bin where not given.
        control_binning: Rule of each control.
        peaks: Peak files that windows are centred on, by source.
        excluded: Bases of each contig that no predicted base may be, ``(length,)``.
        unmappable: Bases of each contig that reads can't be placed on, ``(length,)``.
    """

    geometry: Geometry
    codes: Mapping[str, Codes]
    target: Mapping[str, Signal]
    control: Mapping[str, Signal]
    target_binning: tuple[Binning, ...] = ()
    control_binning: tuple[Binning, ...] = ()
    peaks: Mapping[str, Peaks] = field(default_factory=dict)
    excluded: Mapping[str, Mask] = field(default_factory=dict)
    unmappable: Mapping[str, Mask] = field(default_factory=dict)

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
            target[rows] = self._cut(self.target[chrom], starts + flank, self.target_binning)
            control[rows] = self._cut(self.control[chrom], starts + flank, self.control_binning)
        return Batch(codes, target, control)

    def targets(self, chrom: str, starts: Integers) -> Signal:
        """Bin the targets of outputs that begin at ``starts`` (n,): ``(n, n_tracks, n_bins)``."""
        return self._cut(self.target[chrom], starts, self.target_binning)

    def _cut(self, signal: Signal, starts: Integers, binning: tuple[Binning, ...]) -> Signal:
        view = np.lib.stride_tricks.sliding_window_view(signal, self.geometry.output_length, axis=1)
        windows = view[:, starts].transpose(1, 0, 2)
        return self._bin(np.ascontiguousarray(windows), binning)

    def _bin(self, values: Signal, binning: tuple[Binning, ...]) -> Signal:
        """Bin ``(..., n_tracks, length)``, each track by its rule."""
        size = self.geometry.bin_size
        if len(rules := set(binning) or {PLAIN}) == 1:
            return rules.pop().apply(values, size)
        rows = [rule.apply(values[..., row, :], size) for row, rule in enumerate(binning)]
        return np.stack(rows, axis=-2)

    def mean(self, signal: Mapping[str, Signal], regions: tuple[Interval, ...]) -> Signal:
        """Mean of what is trained on over regions, of each row of a signal: ``(n,)``.

        It counts known bases; where bins are not plain means, known bins of known bases.

        Args:
            signal: ``target`` or ``control``.
            regions: Of the genome.
        """
        binning = self.target_binning if signal is self.target else self.control_binning
        if set(binning) - {PLAIN}:
            return self._mean_of_bins(signal, regions, binning)
        total, known = np.float64(0), 0
        for chrom, start, end in regions:
            mask = self.codes[chrom][start:end] != N
            total = total + signal[chrom][:, start:end].sum(axis=1, where=mask, dtype=np.float64)
            known += int(mask.sum())
        return np.asarray(total / known, dtype=np.float32)

    def _mean_of_bins(
        self,
        signal: Mapping[str, Signal],
        regions: tuple[Interval, ...],
        binning: tuple[Binning, ...],
    ) -> Signal:
        size = self.geometry.bin_size
        total, count = np.zeros(len(binning)), np.zeros(len(binning))
        for chrom, start, end in regions:
            for low in range(start, end - size + 1, _BLOCK // size * size):
                high = low + min(end - low, _BLOCK) // size * size
                known = (self.codes[chrom][low:high] != N).reshape(-1, size).all(axis=1)
                values = self._bin(signal[chrom][:, low:high], binning)[:, known]
                total += np.nansum(values, axis=1, dtype=np.float64)
                count += (~np.isnan(values)).sum(axis=1)
        return np.asarray(total / np.maximum(count, 1), dtype=np.float32)


def reverse_complement_batch(batch: Batch, rows: NDArray[np.bool_]) -> Batch:
    """Turn the windows of ``rows`` (n,) to the other strand, targets and controls with them."""
    codes, target, control = batch.codes.copy(), batch.target.copy(), batch.control.copy()
    codes[rows] = reverse_complement(codes[rows])
    target[rows] = target[rows, :, ::-1]
    control[rows] = control[rows, :, ::-1]
    return Batch(codes, target, control)
