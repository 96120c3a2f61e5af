"""Genome codes and signals as arrays, and the batches of windows cut out of them.

Signals are stored per base and binned when a window is cut, so windows may start at any base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zooctl.files.intervals.peaks import Peaks
from zooctl.files.motifs import Motif
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import Codes, N, reverse_complement
from zooctl.sequence.windows import Geometry, Integers, gather, mostly_unknown_bins
from zooctl.training.data.kmer_table import KmerColumn
from zooctl.training.data.variants import Variants
from zooctl.training.tracks.bin_values_and_labels import PLAIN, Binning, Signal

if TYPE_CHECKING:
    from zooctl.training.data.frozen_trunk import FrozenTrunk

Mask = NDArray[np.bool_]

# Bases at a time when a whole signal is read.
_BLOCK = 1 << 22


@dataclass(frozen=True)
class TrainingBatch:
    """Windows of one step.

    Attributes:
        codes: Genome codes ``(n, input_length)`` uint8.
        target: Measured signal ``(n, n_tracks, n_bins)`` float32, binned and transformed by the
            recipe's rules; NaN if unknown.
        control: Control signal ``(n, n_controls, n_bins)`` float32.
        signals: Signals per base ``(n, n_inputs, input_length)`` float32; None for none.
        features: Values of each window's sample ``(n, n_features)`` float32; None for none.
        alternative: Codes with the alternative base ``(n, input_length)``; None without variants.
        activations: Of another model's trunk, ``(n, features, n_bins)``, which a head reads in
            place of the codes; None for none.
    """

    codes: Codes
    target: Signal
    control: Signal
    signals: Signal | None = None
    features: Signal | None = None
    alternative: Codes | None = None
    activations: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Swaps:
    """Rows that take each other's place under reverse complement; the given order if empty.

    Attributes:
        targets: Index of the track that takes each track's place.
        controls: The same of controls.
        signals: The same of inputs per base.
    """

    targets: tuple[int, ...] = ()
    controls: tuple[int, ...] = ()
    signals: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Sequence, signals and variants of a run, by contig.

    Rows of several samples follow each other: all tracks of the first, all tracks of the second.

    Attributes:
        geometry: Lengths of a window.
        codes: Genome codes of each contig, ``(length,)`` uint8.
        target: Signal per base of each contig, ``(n_samples * n_tracks, length)`` float32.
        control: Control per base of each contig, ``(n_samples * n_controls, length)`` float32.
        target_binning: Rule of each row; the mean of each bin if not given.
        control_binning: Rule of each row.
        peaks: Peak files that windows are centred on, by source.
        excluded: Mask of the bases of each contig that no window may predict, ``(length,)``.
        unmappable: Mask of the bases of each contig without mappable reads, ``(length,)``.
        signals: Inputs per base of the network, ``(n_samples * n_inputs, length)`` float32.
        signal_rules: Transform of each of its rows.
        features: Values of each sample, ``(n_samples, n_features)`` float32.
        n_samples: Number of samples.
        variants: Measured variants, whose effects are the targets.
        masks_gaps: Whether bins of more than half N are unknown, and windows may overhang contigs.
        swaps: Index of the target, control and input that takes each one's place under reverse
            complement.
        kmer_columns: Values of k-mers for the inputs that are computed from bases, in their order.
        motifs: Initial weights of the first filters.
        trunk: Another model's, below the head that is trained.
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
    signals: Mapping[str, Signal] = field(default_factory=dict)
    signal_rules: tuple[Binning, ...] = ()
    features: Signal | None = None
    n_samples: int = 1
    variants: Variants | None = None
    masks_gaps: bool = False
    swaps: Swaps = Swaps()
    kmer_columns: tuple[KmerColumn, ...] = ()
    motifs: tuple[Motif, ...] = ()
    trunk: FrozenTrunk | None = None

    @property
    def n_tracks(self) -> int:
        """Number of target tracks."""
        if self.variants is not None:
            return int(self.variants.effect.shape[1])
        return len(next(iter(self.target.values()))) // self.n_samples

    @property
    def n_controls(self) -> int:
        """Number of binned controls."""
        return len(next(iter(self.control.values()))) // self.n_samples

    def batch(
        self,
        chroms: Sequence[str],
        input_starts: Integers,
        samples: Integers | None = None,
        variants: Integers | None = None,
    ) -> TrainingBatch:
        """Cut windows; each must lie inside its contig, unless the dataset masks gaps.

        Args:
            chroms: Contig of each window, ``n`` of them.
            input_starts: First base of each input, ``(n,)``.
            samples: Index of each window's sample, ``(n,)``; the first if not given.
            variants: Index of each window's variant, ``(n,)``; for windows of variants.
        """
        geometry = self.geometry
        flank = (geometry.input_length - geometry.output_length) // 2
        names = np.asarray(chroms)
        samples = np.zeros(len(names), np.int64) if samples is None else samples
        codes = np.empty((len(names), geometry.input_length), np.uint8)
        target = np.empty((len(names), self.n_tracks, geometry.n_bins), np.float32)
        control = np.empty((len(names), self.n_controls, geometry.n_bins), np.float32)
        signals = self._empty_signals(len(names))
        for chrom, sample in dict.fromkeys(zip(chroms, samples.tolist(), strict=True)):
            rows = np.flatnonzero((names == chrom) & (samples == sample))
            starts = input_starts[rows]
            codes[rows] = gather(self.codes[chrom], starts, geometry.input_length)
            if variants is None:
                part = self._rows_of_sample(sample, self.target[chrom], self.target_binning)
                target[rows] = self._cut(*part, starts + flank)
            part = self._rows_of_sample(sample, self.control[chrom], self.control_binning)
            control[rows] = self._cut(*part, starts + flank)
            if signals is not None:
                part = self._rows_of_sample(sample, self.signals[chrom], self.signal_rules)
                signals[rows] = self._signals(*part, starts)
        if self.masks_gaps:
            whole = replace(geometry, core_length=geometry.output_length)
            unknown = mostly_unknown_bins(codes, whole)[:, None]
            target[np.broadcast_to(unknown, target.shape)] = np.nan
        features = None if self.features is None else self.features[samples]
        alternative = None
        if variants is not None and self.variants is not None:
            target[:] = self.variants.effect[variants][..., None]
            alternative = codes.copy()
            places = self.variants.position[variants] - input_starts
            alternative[np.arange(len(names)), places] = self.variants.alternative[variants]
        return TrainingBatch(codes, target, control, signals, features, alternative)

    def _empty_signals(self, n: int) -> Signal | None:
        if not self.signals:
            return None
        n_inputs = len(self.signal_rules) // self.n_samples
        return np.empty((n, n_inputs, self.geometry.input_length), np.float32)

    def _rows_of_sample(
        self, sample: int, signal: Signal, rules: tuple[Binning, ...]
    ) -> tuple[Signal, tuple[Binning, ...]]:
        """Return the rows of a sample, and their rules."""
        if self.n_samples == 1:
            return signal, rules
        n = len(signal) // self.n_samples
        rows = slice(sample * n, (sample + 1) * n)
        return signal[rows], rules[rows]

    def _signals(self, signal: Signal, rules: tuple[Binning, ...], starts: Integers) -> Signal:
        """Cut and transform signals per base: ``(n, n_inputs, input_length)``."""
        windows = cut_rows(signal, starts, self.geometry.input_length)
        for row, rule in enumerate(rules):
            windows[:, row] = rule.apply(windows[:, row], 1)
        return windows

    def targets(self, chrom: str, starts: Integers) -> Signal:
        """Bin the targets of outputs that begin at ``starts`` (n,), of all samples.

        ``(n, n_samples * n_tracks, n_bins)``.
        """
        return self._cut(self.target[chrom], self.target_binning, starts)

    def _cut(self, signal: Signal, binning: tuple[Binning, ...], starts: Integers) -> Signal:
        return self._bin(cut_rows(signal, starts, self.geometry.output_length), binning)

    def _bin(self, values: Signal, binning: tuple[Binning, ...]) -> Signal:
        """Bin ``(..., n_tracks, length)``, each track by its rule."""
        size = self.geometry.bin_size
        if len(rules := set(binning) or {PLAIN}) == 1:
            return rules.pop().apply(values, size)
        rows = [rule.apply(values[..., row, :], size) for row, rule in enumerate(binning)]
        return np.stack(rows, axis=-2)

    def mean(self, signal: Mapping[str, Signal], regions: tuple[Interval, ...]) -> Signal:
        """Return the mean of each track over regions and samples, ``(n,)``.

        It counts known bases or, if bins are no plain means, known bins of known bases.

        Args:
            signal: ``target`` or ``control``.
            regions: Of the genome.
        """
        rows = self._mean_of_rows(signal, regions)
        if self.n_samples == 1:
            return rows
        return np.asarray(rows.reshape(self.n_samples, -1).mean(axis=0), dtype=np.float32)

    def _mean_of_rows(self, signal: Mapping[str, Signal], regions: tuple[Interval, ...]) -> Signal:
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


def cut_rows(signal: Signal, starts: Integers, length: int) -> Signal:
    """Cut windows out of rows of a contig: ``(rows, contig)`` to ``(n, rows, length)``.

    Bases beyond the contig are 0.

    >>> cut_rows(np.array([[1, 2, 3]], np.float32), np.array([1, -1, 2]), 2).tolist()
    [[[2.0, 3.0]], [[0.0, 1.0]], [[3.0, 0.0]]]
    """
    inside = (starts >= 0) & (starts + length <= signal.shape[1])
    if inside.all():
        view = np.lib.stride_tricks.sliding_window_view(signal, length, axis=1)
        return np.ascontiguousarray(view[:, starts].transpose(1, 0, 2))
    windows = np.zeros((len(starts), len(signal), length), np.float32)
    for window, start in zip(windows, starts.tolist(), strict=True):
        low, high = max(start, 0), min(start + length, signal.shape[1])
        if low >= high:
            continue
        window[:, low - start : high - start] = signal[:, low:high]
    return windows


def reverse_complement_batch(
    batch: TrainingBatch, rows: NDArray[np.bool_], swaps: Swaps
) -> TrainingBatch:
    """Reverse-complement the windows of a mask ``(n,)``, with their signals and targets.

    Tracks of one strand change places with those of the other, as ``swaps`` says.
    """
    codes = batch.codes.copy()
    codes[rows] = reverse_complement(codes[rows])
    target = _reversed(batch.target, rows, swaps.targets)
    control = _reversed(batch.control, rows, swaps.controls)
    signals, alternative = batch.signals, batch.alternative
    if signals is not None:
        signals = _reversed(signals, rows, swaps.signals)
    if alternative is not None:
        alternative = alternative.copy()
        alternative[rows] = reverse_complement(alternative[rows])
    return TrainingBatch(codes, target, control, signals, batch.features, alternative)


def _reversed(signal: Signal, rows: NDArray[np.bool_], order: tuple[int, ...]) -> Signal:
    """Return ``(n, tracks, length)`` with some windows read from the right, tracks reordered."""
    found = signal.copy()
    turned = signal[rows, :, ::-1]
    found[rows] = turned[:, list(order)] if order else turned
    return found
