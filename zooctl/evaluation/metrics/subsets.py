"""Agreement on subsets of the test set: bins with signal, and peaks, beside all bins.

Most of a genome is background, so figures over whole chromosomes and over peaks answer different
questions (Toneyan et al. 2022, doi:10.1038/s42256-022-00570-9). They are given as a curve over
thresholds of the measured signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.metrics.profiles import (
    ProfileAgreement,
    TrackBins,
    agreement,
    scale_factor,
)
from zooctl.schema.recipe.evaluation import Rules

Values = NDArray[np.floating]

# Shares of the profiles with signal that the thresholds leave out.
_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_FEWEST = 20


@dataclass(frozen=True)
class SubsetAgreement:
    """Agreement on a subset of the test set.

    Attributes:
        kind: Every bin; profiles whose highest measured bin reaches a threshold; or profiles
            centred on the summits of peaks.
        threshold: Threshold of the measured signal, where there is one.
        agreement: All figures.
    """

    kind: Literal["whole", "threshold", "peaks"]
    threshold: float | None
    agreement: ProfileAgreement


@dataclass(frozen=True)
class ResolutionAgreement:
    """Agreement on the whole test set in bins of one size."""

    resolution: int
    agreement: ProfileAgreement


def over_resolutions(
    tracks: Sequence[TrackBins], sizes: Sequence[int], rules: Rules, *, in_unit: bool = True
) -> list[ResolutionAgreement]:
    """Compute all figures at each resolution; predictions are binned down.

    Args:
        tracks: Bins of each held-out region.
        sizes: Bases per bin.
        rules: Length of a profile.
        in_unit: Whether predictions are in the unit of the measurement.

    Raises:
        InputError: A resolution that is finer than the model, or no multiple of its bins.
    """
    found = []
    scale = scale_factor(tracks)
    for size in sizes:
        if size % tracks[0].size:
            raise InputError(
                "resolution is not a multiple of the model's bins",
                field="--resolution",
                got=size,
                expected=f"multiples of {tracks[0].size}",
                hint="targets are never binned up",
            )
        coarse = [track.coarser(size) for track in tracks]
        predicted = np.concatenate([track.predicted[track.used] for track in coarse])
        measured = np.concatenate([track.measured[track.used] for track in coarse])
        if not len(predicted):
            continue
        profiles = _stack([track.profiles(rules.sequence_length) for track in coarse])
        figures = agreement(predicted, measured, profiles, scale, in_unit=in_unit)
        found.append(ResolutionAgreement(size, figures))
    return found


def over_subsets(
    tracks: Sequence[TrackBins],
    peaks: Sequence[Sequence[int]],
    rules: Rules,
    thresholds: Sequence[float] | None = None,
    *,
    in_unit: bool = True,
    highest_base: Sequence[Values] | None = None,
) -> list[SubsetAgreement]:
    """Compute all figures at the model's own resolution on subsets of profiles.

    Scaled errors take the factor of all bins, not one fitted to each subset.

    Args:
        tracks: Bins of each held-out region.
        peaks: Summits in each region.
        rules: Length of a profile.
        thresholds: Thresholds of a profile's highest measured bin; quantiles of it if not given.
        in_unit: Whether predictions are in the unit of the measurement.
        highest_base: Highest base of the evaluated bin that each of a region's bins lies in; the
            thresholds are then asked of a profile's highest base, as in the paper's Fig. 2e.
    """
    length = rules.sequence_length
    predicted, measured = _stack([track.profiles(length) for track in tracks])
    asked = measured
    if highest_base is not None:
        pairs = zip(tracks, highest_base, strict=True)
        asked, _ = _stack([replace(track, predicted=h).profiles(length) for track, h in pairs])
    highest = asked.max(axis=1) if len(asked) else np.empty(0)
    scale = scale_factor(tracks)
    found = []
    for threshold in _default_thresholds(highest) if thresholds is None else thresholds:
        rows = highest >= threshold
        chosen = predicted[rows], measured[rows]
        found += _subset("threshold", threshold, chosen, scale, in_unit)
    centred = _stack(
        [
            track.around(places, rules.sequence_length)
            for track, places in zip(tracks, peaks, strict=True)
        ]
    )
    return [*found, *_subset("peaks", None, centred, scale, in_unit)]


def _subset(
    kind: Literal["threshold", "peaks"],
    threshold: float | None,
    profiles: tuple[Values, Values],
    scale: float,
    in_unit: bool,
) -> list[SubsetAgreement]:
    if not len(profiles[0]):
        return []
    predicted, measured = (side.reshape(-1) for side in profiles)
    figures = agreement(predicted, measured, profiles, scale, in_unit=in_unit)
    return [SubsetAgreement(kind, threshold, figures)]


def _default_thresholds(highest: Values) -> list[float]:
    """Return thresholds that half of the profiles with signal reach, to those that few do."""
    signal = highest[highest > 0]
    if not len(signal):
        return []
    steps = [float(f"{step:.3g}") for step in np.quantile(signal, _QUANTILES)]
    enough = [step for step in steps if (highest >= step).sum() >= _FEWEST]
    return list(dict.fromkeys(enough))


def _stack(pairs: Sequence[tuple[Values, Values]]) -> tuple[Values, Values]:
    predicted, measured = zip(*pairs, strict=True)
    return np.concatenate(predicted), np.concatenate(measured)
