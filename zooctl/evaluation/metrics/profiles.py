"""Bins of a predicted and a measured track, at any resolution, and their agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics import regression
from zooctl.evaluation.metrics.regression import known_mean

Values = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class TrackBins:
    """Bins of a part of a contig, predicted and measured.

    Attributes:
        start: First base.
        size: Bases to a bin.
        predicted: ``(n,)``.
        measured: ``(n,)``.
        used: Which bins count, ``(n,)``.
        block: Bootstrap block of each bin, ``(n,)``; meaningless for a bin that does not count.
    """

    start: int
    size: int
    predicted: Values
    measured: Values
    used: NDArray[np.bool_]
    block: NDArray[np.int64]

    def coarser(self, size: int) -> TrackBins:
        """Return means over larger bins on the contig's grid; one counts if all bins in it do.

        Args:
            size: Bases per larger bin; a multiple of ``self.size``.

        >>> ones = np.ones(5, bool)
        >>> fine = TrackBins(32, 32, np.arange(5.0), np.arange(5.0), ones, np.zeros(5, int))
        >>> coarse = fine.coarser(64)
        >>> coarse.start, coarse.predicted.tolist()
        (64, [1.5, 3.5])
        """
        if size == self.size:
            return self
        lead = -self.start % size // self.size
        factor = size // self.size
        n = max(0, len(self.predicted) - lead) // factor
        rows = slice(lead, lead + n * factor)
        used = np.asarray(self.used[rows].reshape(n, factor).all(axis=1))
        return TrackBins(
            self.start + lead * self.size,
            size,
            self.predicted[rows].reshape(n, factor).mean(axis=1),
            self.measured[rows].reshape(n, factor).mean(axis=1),
            used,
            self.block[rows][::factor],
        )

    def profiles(self, length: int) -> tuple[Values, Values]:
        """Cut windows of whole bins on the contig's grid, in which every bin counts.

        Args:
            length: Bases per window, rounded down to whole bins.

        Returns:
            Predicted and measured, each ``(n, bins)``.
        """
        bins = max(1, length // self.size)
        lead = -self.start % (bins * self.size) // self.size
        n = max(0, len(self.predicted) - lead) // bins
        rows = slice(lead, lead + n * bins)
        whole = self.used[rows].reshape(n, bins).all(axis=1)
        predicted, measured = (
            side[rows].reshape(n, bins)[whole] for side in (self.predicted, self.measured)
        )
        return predicted, measured

    def around(self, places: Sequence[int], length: int) -> tuple[Values, Values]:
        """Cut windows around positions of the contig; those that reach outside are left out.

        Args:
            places: Positions, 0-based.
            length: Bases per window, rounded down to whole bins.

        Returns:
            Predicted and measured, each ``(n, bins)``.
        """
        bins = max(1, length // self.size)
        first = (np.array(places, dtype=np.int64) - self.start) // self.size - bins // 2
        first = first[(first >= 0) & (first + bins <= len(self.used))]
        rows = first[:, None] + np.arange(bins)
        rows = rows[self.used[rows].all(axis=1)]
        return self.predicted[rows], self.measured[rows]


@dataclass(frozen=True)
class Errors:
    """Errors, which depend on the scale of predictions."""

    mse: float
    mae: float
    r2: float
    poisson_nll: float

    @classmethod
    def of(cls, predicted: Values, measured: Values) -> Errors:
        """Return the errors of flat arrays."""
        return cls(
            regression.mse(predicted, measured),
            regression.mae(predicted, measured),
            regression.r2(predicted, measured),
            regression.poisson_nll(predicted, measured),
        )


_NO_ERRORS = Errors(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class ProfileAgreement:
    """Agreement of a predicted track with the measured one.

    Attributes:
        n_bins: Bins that were compared.
        n_sequences: Profiles that were compared.
        pearson: Correlation over all bins together.
        pearson_per_sequence: Mean correlation over profiles in which both sides vary.
        spearman: Rank correlation over all bins together.
        jensen_shannon: Mean Jensen-Shannon distance over profiles with signal on both sides.
        unscaled: Errors of the predictions as they are.
        scale: Mean measurement over mean prediction of the whole test set.
        scaled: Errors of the predictions times ``scale``.
    """

    n_bins: int
    n_sequences: int
    pearson: float
    pearson_per_sequence: float
    spearman: float
    jensen_shannon: float
    unscaled: Errors
    scale: float
    scaled: Errors


def scale_factor(tracks: Sequence[TrackBins]) -> float:
    """Return the mean measurement over the mean prediction of all bins that count.

    One factor serves a whole test set and all parts of it, as in Toneyan, Tang and Koo 2022
    (doi:10.1038/s42256-022-00570-9). 0 where nothing is predicted.

    >>> ones = np.ones(2, bool)
    >>> bins = TrackBins(0, 32, np.array([1.0, 3.0]), np.array([6.0, 2.0]), ones, np.zeros(2, int))
    >>> scale_factor([bins])
    2.0
    """
    predicted, measured = (
        sum(float(getattr(one, side)[one.used].sum(dtype=np.float64)) for one in tracks)
        for side in ("predicted", "measured")
    )
    return measured / predicted if predicted else 0.0


def agreement(
    predicted: Values,
    measured: Values,
    profiles: tuple[Values, Values],
    scale: float,
    *,
    in_unit: bool = True,
) -> ProfileAgreement:
    """Compute all figures of one test set at one resolution.

    Args:
        predicted: Predicted bins, ``(n,)``, n > 0.
        measured: Measured bins, ``(n,)``.
        profiles: Predicted and measured, each ``(n_profiles, bins)``.
        scale: Factor of the scaled errors, as ``scale_factor`` returns it for the whole test set.
        in_unit: Whether predictions are in the unit of the measurement; errors of others, as of
            log odds, are meaningless and NaN.
    """
    predicted = predicted.astype(np.float64)
    shapes = profiles[0].shape[1] > 1
    none = np.empty(0)
    return ProfileAgreement(
        n_bins=len(predicted),
        n_sequences=len(profiles[0]),
        pearson=regression.pearson(predicted, measured),
        pearson_per_sequence=known_mean(
            regression.pearson_per_sequence(*profiles) if shapes else none
        ),
        spearman=regression.spearman(predicted, measured),
        jensen_shannon=known_mean(regression.jensen_shannon(*profiles) if shapes else none),
        unscaled=Errors.of(predicted, measured) if in_unit else _NO_ERRORS,
        scale=scale if in_unit else math.nan,
        scaled=Errors.of(predicted * scale, measured) if in_unit else _NO_ERRORS,
    )
