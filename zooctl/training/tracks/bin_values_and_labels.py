"""Values and labels of the bins of a window, from its bases, by one rule a track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.recipe.signals import AnySignal, Background, PeakLabels, Transform
from zooctl.sequence.bins import bin_mean, bin_sum

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Binning:
    """Rule of one track.

    Attributes:
        statistic: ``mean`` or ``sum`` of the bases; ``label`` reads bases that are 1 in a peak, NaN
            in an ambiguous one and 0 outside; ``all`` is 1 where all bases are 1, else 0.
        transform: Of the result.
        scale: Factor of the binned value, before its transform.
        curve: Increasing values, and the value that each of them becomes, before the transform.
        min_overlap: Least share of a bin that peaks cover for a label of 1.

    >>> Binning("sum", "log1p").apply(np.array([1, 2, 0, 0], np.float32), 2).round(2).tolist()
    [1.3899999856948853, 0.0]
    >>> peak = np.array([0, 0, 0, 1, 1, 1, 1, np.nan], np.float32)
    >>> Binning("label").apply(peak, 2).tolist()
    [0.0, 1.0, 1.0, 1.0]
    >>> Binning("label", min_overlap=1.0).apply(peak, 2).tolist()
    [0.0, nan, 1.0, nan]
    """

    statistic: Literal["mean", "sum", "label", "all"] = "mean"
    transform: Transform = "none"
    min_overlap: float = 0.5
    scale: float = 1.0
    curve: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @property
    def is_label(self) -> bool:
        """Whether bins are labels, 1 or 0, and no signal."""
        return self.statistic in ("label", "all")

    def apply(self, values: Signal, bin_size: int) -> Signal:
        """Bin ``(..., length)`` to ``(..., length / bin_size)``."""
        if self.statistic == "label":
            return self._label(values, bin_size)
        if self.statistic == "all":
            return np.asarray(bin_sum(values, bin_size) == bin_size, np.float32)
        binned = (bin_mean if self.statistic == "mean" else bin_sum)(values, bin_size)
        binned = self.normalised(binned)
        if self.transform == "arcsinh":
            return np.arcsinh(binned)
        return np.log1p(binned) if self.transform == "log1p" else binned

    def normalised(self, binned: Signal) -> Signal:
        """Return binned values by the factor or the curve of this track; itself without any.

        Above its end a curve goes on in parallel to the diagonal.

        >>> Binning(scale=2.0).normalised(np.array([1.5], np.float32)).tolist()
        [3.0]
        >>> Binning(curve=((0, 1), (0, 5))).normalised(np.array([0.5, 2], np.float32)).tolist()
        [2.5, 6.0]
        """
        if self.curve is not None:
            own, shared = self.curve
            beyond = np.maximum(binned - own[-1], 0)
            return np.asarray(np.interp(binned, own, shared) + beyond, np.float32)
        return binned if self.scale == 1.0 else binned * np.float32(self.scale)

    def _label(self, values: Signal, bin_size: int) -> Signal:
        inside = bin_sum((values == 1).astype(np.float32), bin_size)
        touched = bin_sum((values != 0).astype(np.float32), bin_size) > 0
        # In floating point, 0.1 of 30 bases is no whole number.
        positive = inside >= self.min_overlap * bin_size - 1e-6
        return np.where(positive, np.float32(1), np.where(touched, np.float32(np.nan), 0)).astype(
            np.float32
        )


PLAIN = Binning()


def binning_of(signal: AnySignal) -> Binning:
    """Return the rule of a recipe's signal."""
    if isinstance(signal, PeakLabels):
        return Binning("label", min_overlap=signal.min_overlap)
    if isinstance(signal, Background):
        return Binning("all")
    return Binning(signal.statistic, signal.transform)
