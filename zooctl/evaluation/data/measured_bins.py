"""Measured bins: the values that predictions and baselines are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.fields import Region
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.bins import bin_mean, bin_sum
from zooctl.sequence.windows import Integers
from zooctl.training.tracks.bin_values_and_labels import Binning, Signal

Labels = NDArray[np.bool_]

_CHUNK = 1 << 22


def bins_inside(region: Region, contigs: Mapping[str, int], size: int) -> range:
    """Return the whole bins of a region, counted from the contig's start."""
    _, start, end = region.interval(contigs[region.chrom])
    first = -(-start // size)
    return range(first, max(first, end // size))


@dataclass(frozen=True, eq=False)
class MeasuredBins:
    """Measured bins of a part of a contig; bin i holds the bases from ``starts[i]`` on.

    Attributes:
        starts: First base of each bin, 0-based, ``(n,)``.
        mean: Value of each bin, ``(n,)``: the mean over the model's own bins in it, or its label;
            NaN where that is unknown.
        fine: Value of each of the model's own bins, ``(n * bin_size / fine_size,)``; NaN where
            that is unknown.
        highest: Signal of the highest base, ``(n,)``; of labels, the label.
        summit: Position of that base on the contig, ``(n,)``; of labels, the middle.
        positive: Which bins are positive, ``(n,)``.
        ambiguous: Which bins reach the threshold and not the ratio to a control, so that they are
            neither positive nor negative, ``(n,)``.
    """

    starts: Integers
    mean: Signal
    fine: Signal
    highest: Signal
    summit: Integers
    positive: Labels
    ambiguous: Labels

    @property
    def known(self) -> Labels:
        """Which bins have a value, ``(n,)``."""
        found: Labels = ~np.isnan(self.mean)
        return found


def measure_bins(
    signal: Signal,
    binning: Binning,
    controls: Sequence[Signal],
    bins: range,
    rules: Rules,
    fine_size: int,
) -> MeasuredBins:
    """Bin a signal per base as the target of a model is binned, without its transform.

    A normalised target is compared in its normalised form; positive bins are those of the signal
    as measured.

    Args:
        signal: Signal at every base of the contig, ``(length,)``.
        binning: Binning of the target.
        controls: Signals of control experiments, each ``(length,)``.
        bins: Indices of the bins of ``rules.bin_size`` bp, counted from the contig's start.
        rules: Bin size, and conditions of a positive bin.
        fine_size: Bin size of the model in bp; divides ``rules.bin_size``.
    """
    size = rules.bin_size
    step = max(1, _CHUNK // size)
    parts = []
    for first in range(bins.start, bins.stop, step):
        last = min(first + step, bins.stop)
        here = slice(first * size, last * size)
        values = np.asarray(signal[here])
        starts = np.arange(first, last, dtype=np.int64) * size
        if binning.is_label:
            parts.append(_label_bins(values, starts, binning, rules, fine_size))
        else:
            background = _highest_control([one[here] for one in controls], len(starts), size)
            parts.append(_coverage_bins(values, starts, binning, rules, fine_size, background))
    if not parts:
        empty = np.empty(0, np.float32)
        nowhere = np.empty(0, np.int64)
        parts = [_coverage_bins(empty, nowhere, binning, rules, fine_size, None)]
    names = ("starts", "mean", "fine", "highest", "summit", "positive", "ambiguous")
    return MeasuredBins(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
    )


def _highest_control(controls: Sequence[Signal], n: int, size: int) -> Signal | None:
    """Return the highest base of any control in each of n bins, ``(n,)``; None without controls."""
    if not controls:
        return None
    highest: Signal = np.stack(controls).reshape(len(controls), n, size).max(axis=(0, 2))
    return highest


def _coverage_bins(
    values: Signal,
    starts: Integers,
    binning: Binning,
    rules: Rules,
    fine_size: int,
    background: Signal | None,
) -> MeasuredBins:
    size = rules.bin_size
    rows = values.reshape(-1, size)
    place = rows.argmax(axis=1)
    highest = rows[np.arange(len(rows)), place]
    # A sum is over one of the model's own bins; a larger bin holds the mean of such sums.
    scale = np.float32(fine_size if binning.statistic == "sum" else 1)
    fine = (bin_sum if binning.statistic == "sum" else bin_mean)(values, fine_size)
    if rules.positive_share:
        share = (rows >= rules.positive_min_signal).mean(axis=1)
        reaches = share >= rules.positive_share
    else:
        reaches = highest >= rules.positive_min_signal
    above = np.ones(len(rows), np.bool_)
    if background is not None:
        above = highest >= rules.positive_control_ratio * background
    mean = rows.mean(axis=1) * scale
    if (normalised := binning.normalised(fine)) is not fine:
        fine = normalised
        mean = fine.reshape(len(rows), -1).mean(axis=1)
    return MeasuredBins(
        starts, mean, fine, highest, starts + place, reaches & above, reaches & ~above
    )


def _label_bins(
    values: Signal, starts: Integers, binning: Binning, rules: Rules, fine_size: int
) -> MeasuredBins:
    size = rules.bin_size
    label = binning.apply(values, size)
    fine = binning.apply(values, fine_size)
    highest, middle = np.nan_to_num(label, nan=0.0), starts + size // 2
    return MeasuredBins(
        starts, label, fine, highest, middle, label == 1, np.zeros(len(label), np.bool_)
    )
