"""Statistics of an allele's effect, from the aligned predictions for REF and for ALT.

Let r[k, t, i] and a[k, t, i] be the predictions for REF and ALT in the window of shift k, on track
t, at base i of the genome, and r[t, i] and a[t, i] their means over shifts. The statistics are

- ``sum`` (Toneyan, Tang and Koo 2022, doi:10.1038/s42256-022-00570-9): log2 of the sum of a[t, i]
  over the sum of r[t, i], or the mean of a[t, i] less the mean of r[t, i], over the compared bases;
- ``local``: the same over those compared bases that lie within a distance of the change;
- ``max``: the difference a[t, i] - r[t, i] at the base where it is farthest from 0;
- ``jsd``: the Jensen-Shannon divergence (Lin 1991, doi:10.1109/18.61115), in bits, of the two
  profiles after each was divided by its sum: 0 for one shape, 1 for shapes without a common base;
- ``delta`` (Jaganathan et al. 2019, doi:10.1016/j.cell.2018.12.015): the largest gain
  a[t, i] - r[t, i], and the largest loss r[t, i] - a[t, i], within a distance of the change.

The standard deviation is that over shifts (ddof 0) of the same statistic of one shift alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.options.predict_and_score import Statistic

Scale = Literal["signal", "log", "logit", "probability"]

Values = NDArray[np.float64]

Kind = Literal["log2_ratio", "difference", "bits"]

_KEYS: dict[Kind, str] = {"log2_ratio": "LFC", "difference": "DIFF", "bits": "BITS"}

MEAN_TRACK = "MEAN"
"""Name of the track that holds the mean over tracks."""

NO_PLACE = -1
"""Place of a value that belongs to no single base."""


class Measure(NamedTuple):
    """One score of a track.

    Attributes:
        statistic: Its statistic; ``delta`` has the two scores ``delta_gain`` and ``delta_loss``.
        kind: Ratio, difference or bits.
    """

    statistic: Literal["sum", "local", "max", "jsd", "delta_gain", "delta_loss"]
    kind: Kind

    @property
    def stem(self) -> str:
        """The part of a name that all values of the statistic share.

        >>> Measure("delta_gain", "difference").stem
        'DELTA_GAIN'
        """
        return self.statistic.upper()

    @property
    def key(self) -> str:
        """The score's part of the name of an INFO field.

        >>> Measure("delta_gain", "difference").key
        'DELTA_GAIN_DIFF'
        """
        return f"{self.stem}_{_KEYS[self.kind]}"

    @property
    def has_place(self) -> bool:
        """Whether the score is that of one base."""
        return self.statistic in ("max", "delta_gain", "delta_loss")


@dataclass(frozen=True)
class Aligned:
    """Predictions for REF and ALT at the same bases of the genome.

    Attributes:
        ref: ``(n_shifts, n_tracks, n)``, in the unit of the tracks.
        alt: Likewise.
        positions: The bases, 0-based, ``(n,)``; ``NO_PLACE`` where a value is a mean over several.
    """

    ref: Values
    alt: Values
    positions: NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """One score of an allele on all tracks; arrays are ``(n_tracks,)``, float32.

    Attributes:
        score: The score; NaN where it does not exist.
        sd: Standard deviation over shifts of the score of one shift; NaN for one shift.
        ref: Prediction for REF that the score is of: the mean over bases, or that at its place.
        alt: The same for ALT.
        place: Base of the score, 0-based, int64; ``NO_PLACE`` where it is not of one base.
    """

    score: NDArray[np.float32]
    sd: NDArray[np.float32]
    ref: NDArray[np.float32]
    alt: NDArray[np.float32]
    place: NDArray[np.int64]


class _Found(NamedTuple):
    """A score of all shifts ``(n_tracks,)``, those of each ``(n_shifts, n_tracks)``, and so on."""

    score: Values
    each: Values
    ref: Values
    alt: Values
    place: NDArray[np.int64]


def measures_of(
    statistics: Sequence[Statistic], scale: Scale, *, scalar: bool
) -> tuple[Measure, ...]:
    """Return the scores of statistics, in order.

    The sums of a signal are compared as a log2 ratio, those of logarithms and logits as a
    difference, and those of probabilities as both.

    Args:
        statistics: Names.
        scale: Scale of the predictions.
        scalar: Whether the network predicts one value a window.

    Raises:
        InputError: A statistic that does not exist, or not for such predictions.

    >>> [measure.key for measure in measures_of(["sum", "max"], "probability", scalar=False)]
    ['SUM_DIFF', 'SUM_LFC', 'MAX_DIFF']
    """
    found: list[Measure] = []
    for statistic in dict.fromkeys(statistics):
        if statistic not in get_args(Statistic):
            names = ", ".join(get_args(Statistic))
            raise InputError("no such statistic", got=statistic, expected=names)
        if scalar and statistic not in ("sum", "max"):
            raise InputError(
                f"statistic {statistic} needs a prediction for each base or bin",
                got="a model of one value a window",
                expected="sum or max",
            )
        if statistic == "sum" or statistic == "local":
            if scale != "signal":
                found.append(Measure(statistic, "difference"))
            if scale in ("signal", "probability"):
                found.append(Measure(statistic, "log2_ratio"))
        elif statistic == "delta":
            found += [Measure("delta_gain", "difference"), Measure("delta_loss", "difference")]
        elif statistic == "max":
            found.append(Measure("max", "difference"))
        elif scale in ("log", "logit"):
            raise InputError(
                "statistic jsd compares the shapes of signals or probabilities",
                got=f"a model that predicts values of scale {scale}",
                expected="sum, local, max or delta",
            )
        else:
            found.append(Measure("jsd", "bits"))
    return tuple(found)


def measure(aligned: Aligned, of: Measure, *, mean_track: bool = False) -> Measured:
    """Return one score of an allele.

    Args:
        aligned: Predictions at the bases that the statistic is over.
        of: The score.
        mean_track: Add a last track: the mean of the tracks' scores, of REF and of ALT.
    """
    if of.statistic in ("sum", "local"):
        found = _mean_change(aligned, ratio=of.kind == "log2_ratio")
    elif of.statistic == "jsd":
        found = _divergence(aligned)
    else:
        found = _largest(aligned, of.statistic)
    if mean_track:
        found = _with_mean(found)
    spread = _spread(found.each) if len(found.each) > 1 else np.full_like(found.score, np.nan)
    score, sd, ref, alt = (
        array.astype(np.float32) for array in (found.score, spread, found.ref, found.alt)
    )
    return Measured(score, sd, ref, alt, found.place)


def _mean_change(aligned: Aligned, ratio: bool) -> _Found:
    """Compare the means over bases."""
    ref, alt = (
        one[..., 0] if one.shape[2] == 1 else one.mean(2) for one in (aligned.ref, aligned.alt)
    )
    means = _mean(ref), _mean(alt)
    if ratio:
        score, each = _log_ratio(*means), _log_ratio(ref, alt)
    else:
        each = alt - ref
        score = _mean(each)
    return _Found(score, each, *means, _nowhere(score))


# For a few numbers an array's own mean() and std() cost several times what they compute.
def _mean(values: Values) -> Values:
    """Return the mean over the first axis, with the bits of ``values.mean(0)``."""
    mean: Values = np.add.reduce(values, 0) / len(values)
    return mean


def _spread(values: Values) -> Values:
    """Return the standard deviation over the first axis, with the bits of ``values.std(0)``."""
    apart = values - _mean(values)
    apart *= apart
    spread: Values = np.sqrt(_mean(apart))
    return spread


def _log_ratio(ref: Values, alt: Values) -> Values:
    """Return log2(alt / ref), NaN where one is not above 0."""
    both = (ref > 0) & (alt > 0)
    if both.all():
        whole: Values = np.log2(alt / ref)
        return whole
    ratio: Values = np.full(ref.shape, np.nan)
    np.divide(alt, ref, out=ratio, where=both)
    return np.log2(ratio, out=ratio, where=both)


def _largest(aligned: Aligned, statistic: str) -> _Found:
    """Return the largest change of a base: farthest from 0, or the largest gain or loss."""
    sign = -1 if statistic == "delta_loss" else 1
    each = sign * (aligned.alt - aligned.ref)
    means = aligned.ref.mean(0), aligned.alt.mean(0)
    changes = sign * (means[1] - means[0])
    size = np.abs if statistic == "max" else np.positive
    at = size(changes).argmax(-1)[..., None]
    score, ref, alt = (np.take_along_axis(one, at, -1)[..., 0] for one in (changes, *means))
    of_each = np.take_along_axis(each, size(each).argmax(-1)[..., None], -1)[..., 0]
    return _Found(score, of_each, ref, alt, aligned.positions[at[..., 0]])


def _divergence(aligned: Aligned) -> _Found:
    """Compare the shapes of the profiles."""
    means = aligned.ref.mean(0), aligned.alt.mean(0)
    score = jensen_shannon(*means)
    each = jensen_shannon(aligned.ref, aligned.alt)
    return _Found(score, each, means[0].mean(-1), means[1].mean(-1), _nowhere(score))


def jensen_shannon(first: Values, second: Values) -> Values:
    """Return the divergence of profiles ``(..., n)`` in bits, ``(...)``.

    NaN where a profile has a value below 0, or nothing but 0, and so is no distribution.

    >>> jensen_shannon(np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[3.0, 3.0], [0.0, 5.0]]))
    array([0., 1.])
    """
    profiles = [_distribution(first), _distribution(second)]
    middle = (profiles[0] + profiles[1]) / 2
    within = (_entropy(profiles[0]) + _entropy(profiles[1])) / 2
    # Rounding may leave less than nothing of two equal profiles.
    return np.clip(_entropy(middle) - within, 0, 1)


def _distribution(values: Values) -> Values:
    total = values.sum(-1, keepdims=True)
    exists = (values >= 0).all(-1, keepdims=True) & (total > 0)
    result: Values = np.full(values.shape, np.nan)
    np.divide(values, total, out=result, where=np.broadcast_to(exists, values.shape))
    return result


def _entropy(shares: Values) -> Values:
    """Return the entropy in bits of distributions ``(..., n)``."""
    logs: Values = np.log2(shares, out=np.zeros(shares.shape), where=shares != 0)
    entropy: Values = -(shares * logs).sum(-1)
    return entropy


def _with_mean(found: _Found) -> _Found:
    """Add the mean over tracks as a last track."""
    score, each, ref, alt = (
        np.concatenate((one, one.mean(-1, keepdims=True)), -1)
        for one in (found.score, found.each, found.ref, found.alt)
    )
    return _Found(score, each, ref, alt, np.append(found.place, NO_PLACE))


def _nowhere(score: Values) -> NDArray[np.int64]:
    return np.full(score.shape, NO_PLACE, dtype=np.int64)
