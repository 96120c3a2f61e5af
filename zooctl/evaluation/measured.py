"""What was measured, bin by bin: the truth that predictions and baselines are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.catalog.rules import Rules
from zooctl.evaluation.baselines import whole_bins
from zooctl.files.bigwig import BigWig
from zooctl.sequence.bins import bin_mean
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Integers, unknown_fraction

Values = NDArray[np.float32]

_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class Measured:
    """Measured bins of one contig; bin i holds bases ``[i * bin_size, (i + 1) * bin_size)``.

    Attributes:
        bin_size: Bases to a bin.
        mean: Mean signal, ``(n,)``; bases without an entry count as 0.
        fine: Mean signal of smaller bins, ``(n * bin_size / fine_size,)``.
        highest: Signal of the highest base, ``(n,)``.
        summit: Position of that base on the contig, ``(n,)``.
        control: Control at its highest base, the largest of all controls, ``(n,)``.
        unknown: Share of unknown bases, ``(n,)``.
    """

    bin_size: int
    mean: Values
    fine: Values
    highest: Values
    summit: Integers
    control: Values
    unknown: NDArray[np.float64]

    @property
    def starts(self) -> Integers:
        """First base of each bin."""
        return np.arange(len(self.mean), dtype=np.int64) * self.bin_size

    def strong(self, rules: Rules) -> NDArray[np.bool_]:
        """Say which bins are strong: high in the signal and low in every control."""
        found: NDArray[np.bool_] = (self.highest >= rules.positive_min_signal) & (
            self.control < rules.positive_max_control
        )
        return found


def measure(
    chrom: str,
    codes: Codes,
    signal: BigWig,
    controls: Sequence[BigWig],
    bin_size: int,
    fine_size: int,
) -> Measured:
    """Bin a contig's signal and controls.

    Args:
        chrom: The contig.
        codes: Its sequence, ``(length,)``.
        signal: The measured track.
        controls: Tracks of control experiments; none is no control.
        bin_size: Bases to a bin; a last part that is shorter is left out.
        fine_size: Bases to a smaller bin; divides ``bin_size``.
    """
    n = len(codes) // bin_size
    mean, highest, control = (np.zeros(n, dtype=np.float32) for _ in range(3))
    fine = np.zeros(n * bin_size // fine_size, dtype=np.float32)
    summit = np.zeros(n, dtype=np.int64)
    step = max(1, _CHUNK // bin_size)
    for first in range(0, n, step):
        last = min(first + step, n)
        rows = _rows(signal, chrom, first, last, bin_size)
        mean[first:last] = rows.mean(axis=1)
        place = rows.argmax(axis=1)
        highest[first:last] = rows[np.arange(len(rows)), place]
        summit[first:last] = np.arange(first, last) * bin_size + place
        per_bin = bin_size // fine_size
        fine[first * per_bin : last * per_bin] = bin_mean(rows.reshape(-1), fine_size)
        for track in controls:
            values = _rows(track, chrom, first, last, bin_size).max(axis=1)
            np.maximum(control[first:last], values, out=control[first:last])
    unknown = unknown_fraction(whole_bins(codes, bin_size))
    return Measured(bin_size, mean, fine, highest, summit, control, unknown)


def _rows(track: BigWig, chrom: str, first: int, last: int, bin_size: int) -> Values:
    """Return the bases of bins, ``(last - first, bin_size)``, 0 where there is no entry."""
    values = track.values(chrom, first * bin_size, last * bin_size)
    return np.nan_to_num(values, copy=False, nan=0.0).reshape(-1, bin_size)
