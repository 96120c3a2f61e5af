"""Ridge regressions on GC content, dinucleotides and 5-mers: the linear baselines.

They are fitted on the training regions; the penalty, and whether the signal or its logarithm is
fitted, are chosen on the validation regions. Products of features are of whole numbers and summed
in double precision, so that figures do not depend on threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from zooctl.evaluation.baselines.best_motif import ChosenMotif
from zooctl.evaluation.baselines.feature_models import FittedLearners
from zooctl.evaluation.baselines.gkm import FittedGkm
from zooctl.evaluation.baselines.kmer_features import Features, columns, features
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.evaluation.metrics.regression import pearson
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Values = NDArray[np.float64]

# Penalties on the squared weights of standardised features.
PENALTIES = tuple(10.0**power for power in range(8))
_UNCHOSEN = 1000.0
_SIGNAL, _LOG = "signal", "log(1 + signal)"
# Variance of a constant feature by rounding, as a share of its squared mean.
_FLAT = 1e-10


@dataclass(frozen=True)
class Fit:
    """Choices of a linear baseline for a track.

    Attributes:
        penalty: Penalty on the squared weights of standardised features.
        target: Fitted quantity, the signal or its logarithm; predictions are of the signal.
        validation_pearson: Correlation on the validation regions, the highest of all choices; None
            where there are none, and nothing was chosen.
    """

    penalty: float
    target: str
    validation_pearson: float | None


@dataclass(frozen=True, eq=False)
class Linear:
    """Linear regressions of all tracks on some of the features.

    Attributes:
        weights: Weights of the features, ``(n_features, n_tracks)``.
        intercepts: ``(n_tracks,)``.
        highest: Largest logarithm that was fitted, ``(n_tracks,)``; NaN for tracks whose signal
            was fitted as it is. Predictions are capped there, as they would grow without bounds.
    """

    weights: Values
    intercepts: Values
    highest: Values

    def predict(self, found: Features) -> Values:
        """Predict the signal from features: ``(n, n_features)`` to ``(n, n_tracks)``."""
        values: Values = found @ self.weights + self.intercepts
        for track in np.flatnonzero(~np.isnan(self.highest)):
            values[:, track] = np.expm1(np.minimum(values[:, track], self.highest[track]))
        return values


class FeatureBins(Protocol):
    """Bins with features and measured signals, such as a ``TrainingSample``."""

    @property
    def signal(self) -> Values:
        """Measured signal of each track, ``(n_bins, n_tracks)``."""

    def features(self, rules: Rules) -> Iterator[tuple[Features, slice]]:
        """Yield features of a part of the bins, and the place of the part among them."""


class FittedRidge(NamedTuple):
    """A linear baseline.

    Attributes:
        columns: Features that it reads.
        linear: Its regressions.
        fits: Choices for each track.
    """

    columns: slice
    linear: Linear
    fits: tuple[Fit, ...]


@dataclass(frozen=True, eq=False)
class FittedBaselines:
    """Baselines that were fitted on the training regions.

    Attributes:
        mean: Mean signal of each track, ``(n_tracks,)``.
        ridges: Linear baselines by their names.
        learners: Learners on hand-made features, where they were asked for.
        gkm: Gapped k-mer SVMs, where they were asked for.
        motifs: Best motif of each track, where it was asked for.
    """

    mean: Values
    ridges: Mapping[str, FittedRidge]
    learners: FittedLearners | None = None
    gkm: FittedGkm | None = None
    motifs: Sequence[ChosenMotif | None] = ()

    def predict(self, codes: Codes, margin: int, rules: Rules) -> dict[str, Values]:
        """Predict bins that have ``margin`` more on each side: ``(n, n_tracks)`` by baseline."""
        found: dict[str, list[Values]] = {name: [] for name in self.ridges}
        for _, read in features(codes, margin, rules):
            for name, ridge in self.ridges.items():
                found[name].append(ridge.linear.predict(read[:, ridge.columns]))
        nothing = np.empty((0, len(self.mean)))
        return {name: np.concatenate([nothing, *rows]) for name, rows in found.items()}


def fit(
    training: TrainingSample, validation: TrainingSample | None, rules: Rules
) -> FittedBaselines:
    """Fit all linear baselines. No file is read, so it may run beside a reader.

    Args:
        training: Bins to fit the weights on.
        validation: Bins to choose penalty and target by; None for the plain signal and a penalty
            of 1,000.
        rules: Bin size, and number of bins around that are read.
    """
    ridges = fit_ridges(training, validation, rules, columns(rules))
    return FittedBaselines(training.signal.mean(axis=0), ridges)


def fit_ridges(
    training: FeatureBins,
    validation: FeatureBins | None,
    rules: Rules,
    sets: Mapping[str, slice],
) -> dict[str, FittedRidge]:
    """Fit a ridge regression on each set of features.

    Args:
        training: Bins to fit the weights on.
        validation: Bins to choose penalty and target by; None as in ``fit``.
        rules: Rules of the features.
        sets: Features that each regression reads, by its name.
    """
    targets = _Targets.of(training.signal)
    sums = _sum_up(training, targets.values, rules, max(own.stop for own in sets.values()))
    linears = {
        name: [_solve(sums, own, penalty, targets.highest) for penalty in PENALTIES]
        for name, own in sets.items()
    }
    reached = _validation_pearson(linears, targets, validation, rules, sets)
    ridges = {}
    for name, own in sets.items():
        choices = [
            targets.choose(track, reached[name]) for track in range(training.signal.shape[1])
        ]
        chosen = [(linears[name][place[0]], place[1]) for place, _ in choices]
        linear = Linear(
            np.stack([one.weights[:, target] for one, target in chosen], axis=1),
            np.array([one.intercepts[target] for one, target in chosen]),
            np.array([one.highest[target] for one, target in chosen]),
        )
        ridges[name] = FittedRidge(own, linear, tuple(fit for _, fit in choices))
    return ridges


@dataclass(frozen=True, eq=False)
class _Targets:
    """Fitted quantities: the signal of each track, and its logarithm.

    Attributes:
        values: ``(n_bins, n_targets)``; the tracks' signals come first.
        tracks: Track of each, ``(n_targets,)``.
        highest: Largest logarithm of each, ``(n_targets,)``; NaN for plain signals.
    """

    values: Values
    tracks: NDArray[np.intp]
    highest: Values

    @classmethod
    def of(cls, signal: Values) -> _Targets:
        """Return the targets of a signal; labels, and signals below 0, have no logarithm."""
        is_label = ((signal == 0) | (signal == 1)).all(axis=0)
        tracks = np.flatnonzero((signal >= 0).all(axis=0) & ~is_label)
        logs = np.log1p(signal[:, tracks])
        n_tracks = signal.shape[1]
        return cls(
            np.concatenate([signal, logs], axis=1),
            np.concatenate([np.arange(n_tracks), tracks]),
            np.concatenate([np.full(n_tracks, np.nan), logs.max(axis=0, initial=0.0)]),
        )

    def choose(self, track: int, reached: Values) -> tuple[tuple[int, int], Fit]:
        """Choose penalty and target of a track; the larger penalty of equal ones.

        Args:
            track: Its index.
            reached: Correlation of each penalty and target on the validation regions,
                ``(n_penalties, n_targets)``; NaN where it is not defined.

        Returns:
            Indices of the penalty and of the target, and the fit that they make.
        """
        own = np.flatnonzero(self.tracks == track)
        found = reached[::-1, own]
        if np.isnan(found).all():
            return (PENALTIES.index(_UNCHOSEN), track), Fit(_UNCHOSEN, _SIGNAL, None)
        from_last, target = np.unravel_index(np.nanargmax(found), found.shape)
        place = len(PENALTIES) - 1 - int(from_last), int(own[target])
        return place, Fit(
            PENALTIES[place[0]],
            _SIGNAL if np.isnan(self.highest[place[1]]) else _LOG,
            float(reached[place]),
        )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over bins of features, of targets and of their products."""

    n: int
    found: Values
    targets: Values
    products: Values
    crossed: Values


def _sum_up(training: FeatureBins, targets: Values, rules: Rules, n_features: int) -> _Sums:
    """Sum up the training bins; ``targets`` are ``(n_bins, n_targets)``."""
    total = np.zeros(n_features)
    products = np.zeros((n_features, n_features))
    crossed = np.zeros((n_features, targets.shape[1]))
    for found, here in training.features(rules):
        total += found.sum(axis=0)
        products += found.T @ found
        crossed += found.T @ targets[here]
    return _Sums(len(targets), total, targets.sum(axis=0), products, crossed)


def _solve(sums: _Sums, own: slice, penalty: float, highest: Values) -> Linear:
    """Solve the normal equations of some of the features, standardised."""
    mean, of_targets = sums.found[own] / sums.n, sums.targets / sums.n
    squares = sums.products[own, own] / sums.n - np.outer(mean, mean)
    crossed = sums.crossed[own] / sums.n - np.outer(mean, of_targets)
    variance = squares.diagonal()
    varies = variance > _FLAT * mean**2
    # A feature without variance has no weight.
    scale = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
    standardised = squares * np.outer(scale, scale)
    standardised[np.diag_indices(len(scale))] += penalty / sums.n
    weights = scale[:, None] * solve(standardised, scale[:, None] * crossed, assume_a="pos")
    return Linear(weights, of_targets - mean @ weights, highest)


def _validation_pearson(
    linears: Mapping[str, Sequence[Linear]],
    targets: _Targets,
    validation: FeatureBins | None,
    rules: Rules,
    sets: Mapping[str, slice],
) -> dict[str, Values]:
    """Return the correlation of each penalty and target with the validation signal, by baseline."""
    shape = (len(PENALTIES), len(targets.tracks))
    if validation is None:
        return {name: np.full(shape, np.nan) for name in linears}
    values = {name: np.empty((len(validation.signal), *shape)) for name in linears}
    for found, here in validation.features(rules):
        for name, by_penalty in linears.items():
            for place, linear in enumerate(by_penalty):
                values[name][here, place] = linear.predict(found[:, sets[name]])
    return {
        name: np.array(
            [
                [
                    pearson(of_penalty[:, target], validation.signal[:, track])
                    for target, track in enumerate(targets.tracks)
                ]
                for of_penalty in np.moveaxis(found, 1, 0)
            ]
        )
        for name, found in values.items()
    }
