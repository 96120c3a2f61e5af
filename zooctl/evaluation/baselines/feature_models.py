"""Learners on hand-made features: logistic and dense networks on k-mers, boosted trees.

They are fitted on bins of the training regions and chosen on those of the validation regions, as
the ridges are. New positives may be drawn between known ones (SMOTE, ADASYN), on training bins
alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zooctl.errors import InputError
from zooctl.evaluation.baselines.kmer_features import N_SEQUENCE_FEATURES, features
from zooctl.evaluation.baselines.motif_hits import best_hits
from zooctl.evaluation.baselines.training_bins import TrainingSample
from zooctl.files.motifs import Motif
from zooctl.schema.recipe.evaluation import Rules
from zooctl.sequence.onehot import Codes

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]

# Positives and negatives that a learner is fitted to, evenly spread; as many bins choose it.
_MOST = 10_000
# Positives that a learner, or a draw between neighbours, needs.
FEWEST = 20
_SEED = 0


@dataclass(frozen=True)
class Choice:
    """Values of a learner that were chosen on the validation regions.

    Attributes:
        values: By name.
        validation_auprc: Area that they reach there; None where nothing could be chosen.
    """

    values: Mapping[str, object]
    validation_auprc: float | None


@dataclass(frozen=True, eq=False)
class FittedLearners:
    """Learners fitted to each track.

    Attributes:
        models: By learner, one a track; None where a track has too few positives.
        choices: The same of their values.
        motifs: Known motif of each track, a feature of the trees.
    """

    models: Mapping[str, Sequence[Any]]
    choices: Mapping[str, Sequence[Choice | None]]
    motifs: Sequence[Motif | None]

    def predict(self, codes: Codes, margin: int, rules: Rules) -> dict[str, Values]:
        """Return the probability of each bin, ``(n, n_tracks)`` by learner; NaN without a model."""
        parts = [found[:, :N_SEQUENCE_FEATURES] for _, found in features(codes, margin, rules)]
        read = np.concatenate(parts) if parts else np.empty((0, N_SEQUENCE_FEATURES))
        predicted: dict[str, Values] = {}
        for name, models in self.models.items():
            predicted[name] = np.full((len(read), len(models)), np.nan)
            for track, model in enumerate(models):
                if model is not None and len(read):
                    own = _with_hits(name, read, codes, margin, self.motifs[track], rules)
                    predicted[name][:, track] = model.predict_proba(own)[:, 1]
        return predicted


def fit_learners(
    learners: Sequence[str],
    resample: str,
    training: TrainingSample,
    validation: TrainingSample | None,
    motifs: Sequence[Motif | None],
    rules: Rules,
) -> FittedLearners:
    """Fit learners to each track of the training bins.

    Args:
        learners: ``logistic``, ``dense`` or ``boosting``.
        resample: ``none``, ``smote`` or ``adasyn``.
        training: Bins to fit to.
        validation: Bins to choose values by; None takes the first values.
        motifs: Known motif of each track.
        rules: Bin size.
    """
    models: dict[str, list[Any]] = {name: [] for name in learners}
    choices: dict[str, list[Choice | None]] = {name: [] for name in learners}
    read = _read(training, rules)
    judged = None if validation is None else _read(validation, rules)
    for track in range(training.n_tracks):
        rows, labels = _chosen(training, track)
        for name in learners:
            if labels.sum() < FEWEST or (~labels).sum() < FEWEST:
                models[name].append(None)
                choices[name].append(None)
                continue
            x = _rows(name, read, training, rows, motifs[track], rules)
            held_out = None
            if validation is not None and judged is not None:
                kept, truth = _chosen(validation, track)
                held_out = _rows(name, judged, validation, kept, motifs[track], rules), truth
            model, choice = _best(name, *resampled(resample, x, labels), held_out)
            models[name].append(model)
            choices[name].append(choice)
    return FittedLearners(models, choices, motifs)


def resampled(kind: str, x: Values, labels: Labels) -> tuple[Values, Labels]:
    """Return features and labels with new positives, as many as there are negatives.

    Args:
        kind: ``smote`` (Chawla et al. 2002, doi:10.1613/jair.953), ``adasyn`` (He et al. 2008,
            doi:10.1109/IJCNN.2008.4633969) or ``none``.
        x: Features of training bins ``(n, n_features)``.
        labels: ``(n,)``.

    Raises:
        InputError: ADASYN has nothing to draw from: no positive lies beside a negative, or there
            are nearly as many of both.
    """
    if kind == "none" or labels.sum() >= (~labels).sum():
        return x, labels
    from imblearn.over_sampling import ADASYN, SMOTE

    sampler = (SMOTE if kind == "smote" else ADASYN)(random_state=_SEED)
    scale = StandardScaler().fit(x)
    try:
        more, found = sampler.fit_resample(scale.transform(x), labels)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            "no positives can be drawn between these",
            field="--resample",
            got=f"{kind}, {labels.sum():,} positives of {len(labels):,} bins",
            expected="positives that lie beside negatives, and fewer of them",
            hint="--resample smote",
        ) from error
    return scale.inverse_transform(more), np.asarray(found, np.bool_)


def _read(sample: TrainingSample, rules: Rules) -> NDArray[np.float32]:
    """Return the features of all bins of a sample, ``(n_bins, n_features)``."""
    read = np.empty((len(sample.signal), N_SEQUENCE_FEATURES), np.float32)
    for found, here in sample.features(rules):
        read[here] = found[:, :N_SEQUENCE_FEATURES]
    return read


def _chosen(sample: TrainingSample, track: int) -> tuple[NDArray[np.intp], Labels]:
    """Return bins of a sample, evenly spread over positives and negatives, and their labels."""
    known, positive = sample.classed[:, track], sample.positive[:, track]
    parts = []
    for some in (np.flatnonzero(known & positive), np.flatnonzero(known & ~positive)):
        step = max(1, -(-len(some) // _MOST))
        parts.append(some[::step])
    rows = np.sort(np.concatenate(parts))
    return rows, positive[rows]


def _rows(
    name: str,
    read: NDArray[np.float32],
    sample: TrainingSample,
    rows: NDArray[np.intp],
    motif: Motif | None,
    rules: Rules,
) -> Values:
    """Return the features of some bins of a sample for a learner."""
    found: Values = read[rows].astype(np.float64)
    if name != "boosting":
        return found[:, -512:]
    if motif is None:
        return found
    hits = [_hits(codes, sample.margin, motif, rules)[used] for codes, used in sample.regions]
    return np.column_stack([found, np.concatenate(hits)[rows]])


def _with_hits(
    name: str, read: Values, codes: Codes, margin: int, motif: Motif | None, rules: Rules
) -> Values:
    if name != "boosting":
        return read[:, -512:]
    return read if motif is None else np.column_stack([read, _hits(codes, margin, motif, rules)])


def _hits(codes: Codes, margin: int, motif: Motif, rules: Rules) -> Values:
    """Return the best hit of a motif in each bin, -100 where none is known."""
    hits = best_hits(codes, motif, rules.bin_size, margin)
    return np.where(np.isfinite(hits), hits, -100.0)


# Values to choose among, the first where there is nothing to choose by.
_GRIDS: dict[str, tuple[dict[str, Any], ...]] = {
    "logistic": ({"C": 0.01}, {"C": 0.001}, {"C": 0.1}),
    "dense": ({"alpha": 1.0}, {"alpha": 0.01}, {"alpha": 10.0}),
    "boosting": (
        {"max_leaf_nodes": 15, "learning_rate": 0.1},
        {"max_leaf_nodes": 7, "learning_rate": 0.05},
        {"max_leaf_nodes": 31, "learning_rate": 0.1},
    ),
}


def _best(
    name: str, x: Values, labels: Labels, held_out: tuple[Values, Labels] | None
) -> tuple[Any, Choice]:
    """Fit a learner with each of its values; return the best on validation."""
    grid = _GRIDS[name]
    if held_out is None or held_out[1].sum() == 0 or held_out[1].all():
        return _fitted(name, grid[0], x, labels), Choice(grid[0], None)
    found = []
    for values in grid:
        model = _fitted(name, values, x, labels)
        area = float(average_precision_score(held_out[1], model.predict_proba(held_out[0])[:, 1]))
        found.append((area, model, values))
    area, model, values = max(found, key=lambda one: one[0])
    return model, Choice(values, area)


def _fitted(name: str, values: Mapping[str, Any], x: Values, labels: Labels) -> Any:
    with warnings.catch_warnings():
        # A dense network stops after a number of epochs, converged or not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _MAKERS[name](values).fit(x, labels)


def _logistic(values: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200, **values))


def _dense(values: Mapping[str, Any]) -> Any:
    from sklearn.neural_network import MLPClassifier

    layers = {"hidden_layer_sizes": (64,), "max_iter": 15, "random_state": _SEED}
    return make_pipeline(StandardScaler(), MLPClassifier(**layers, **values))


def _boosting(values: Mapping[str, Any]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=100, random_state=_SEED, **values)


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "logistic": _logistic,
    "dense": _dense,
    "boosting": _boosting,
}
