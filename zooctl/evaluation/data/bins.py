"""What was measured, bin by bin: the truth that predictions and baselines are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.bins import bin_mean, bin_sum
from zooctl.sequence.windows import Integers
from zooctl.tracks.binning import Binning, Signal

Labels = NDArray[np.bool_]

_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class Measured:
    """Measured bins of a part of a contig; bin i holds the bases from ``starts[i]`` on.

    Attributes:
        starts: First base of each bin, ``(n,)``.
        mean: What a prediction of the bin should be, ``(n,)``: the mean over the model's own bins
            in it, or its label; NaN where that is unknown.
        fine: What each of the model's own bins should be, ``(n * bin_size / fine_size,)``; NaN
            where that is unknown.
        highest: Signal of the highest base, ``(n,)``; the label of labels.
        summit: Position of that base on the contig, ``(n,)``; the middle of labels.
        strong: Which bins are strong, ``(n,)``.
    """

    starts: Integers
    mean: Signal
    fine: Signal
    highest: Signal
    summit: Integers
    strong: Labels

    @property
    def known(self) -> Labels:
        """Which bins have a value, ``(n,)``."""
        found: Labels = ~np.isnan(self.mean)
        return found


def measure(
    signal: Signal,
    binning: Binning,
    controls: Sequence[Signal],
    bins: range,
    rules: Rules,
    fine_size: int,
) -> Measured:
    """Bin the bases of a contig as the target of a model is binned, its transform undone.

    Args:
        signal: Bases of the contig, ``(length,)``, as ``catalog.per_base`` makes them.
        binning: How the target makes bins of them.
        controls: Bases of control experiments; none is no control.
        bins: Which bins of ``rules.bin_size``, counted from the contig's start.
        rules: What counts as a bin, and as a strong one.
        fine_size: Bases to a bin of the model; divides ``rules.bin_size``.
    """
    size = rules.bin_size
    step = max(1, _CHUNK // size)
    parts = []
    for first in range(bins.start, bins.stop, step):
        last = min(first + step, bins.stop)
        here = slice(first * size, last * size)
        values = np.asarray(signal[here])
        starts = np.arange(first, last, dtype=np.int64) * size
        if binning.statistic == "label":
            parts.append(_labels(values, starts, binning, rules, fine_size))
        else:
            quiet = np.ones(len(starts), np.bool_)
            for control in controls:
                highest = np.asarray(control[here]).reshape(-1, size).max(axis=1)
                quiet &= highest < rules.positive_max_control
            parts.append(_values(values, starts, binning, rules, fine_size, quiet))
    if not parts:
        empty = np.empty(0, np.float32)
        nowhere, never = np.empty(0, np.int64), np.empty(0, np.bool_)
        parts = [_values(empty, nowhere, binning, rules, fine_size, never)]
    names = ("starts", "mean", "fine", "highest", "summit", "strong")
    return Measured(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _values(
    values: Signal,
    starts: Integers,
    binning: Binning,
    rules: Rules,
    fine_size: int,
    quiet: Labels,
) -> Measured:
    size = rules.bin_size
    rows = values.reshape(-1, size)
    place = rows.argmax(axis=1)
    highest = rows[np.arange(len(rows)), place]
    # A sum is of the model's own bins, of which a larger bin holds the mean.
    scale = np.float32(fine_size if binning.statistic == "sum" else 1)
    fine = (bin_sum if binning.statistic == "sum" else bin_mean)(values, fine_size)
    if rules.positive_share:
        share = (rows >= rules.positive_min_signal).mean(axis=1)
        strong = share >= rules.positive_share
    else:
        strong = highest >= rules.positive_min_signal
    mean = rows.mean(axis=1) * scale
    return Measured(starts, mean, fine, highest, starts + place, strong & quiet)


def _labels(
    values: Signal, starts: Integers, binning: Binning, rules: Rules, fine_size: int
) -> Measured:
    size = rules.bin_size
    label = binning.apply(values, size)
    fine = binning.apply(values, fine_size)
    return Measured(
        starts, label, fine, np.nan_to_num(label, nan=0.0), starts + size // 2, label == 1
    )
