"""Mean and standard deviation of a recipe's inputs over the training regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import N
from zooctl.training.data.dataset import Dataset

_BLOCK = 1 << 22

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Moments:
    """Shift and scale of values; 0 and 1 where they stay as they are.

    Attributes:
        mean: ``(n,)``.
        deviation: Standard deviation, 1 where it is 0, ``(n,)``.
    """

    mean: Values
    deviation: Values


def input_moments(recipe: Recipe, dataset: Dataset, regions: tuple[Interval, ...]) -> Moments:
    """Return mean and deviation of each input over the known bases of regions and all samples.

    Args:
        recipe: Says which inputs are standardised; the others get 0 and 1.
        dataset: Has the measured inputs, and the tables of k-mers.
        regions: The training split alone.
    """
    n, size = dataset.n_samples, len(dataset.signal_rules) // dataset.n_samples
    measured, computed = iter(range(size)), iter(dataset.kmer_columns)
    mean, deviation = np.zeros(len(recipe.inputs)), np.ones(len(recipe.inputs))
    for index, one in enumerate(recipe.inputs):
        sums = np.zeros(3)
        if one.signal.key == "kmer_values":
            column = next(computed)
            for chrom, start, end in regions:
                values = column.along(dataset.codes[chrom])[start:end]
                sums += _sums(values, dataset.codes[chrom][start:end] != N)
        else:
            row = next(measured)
            for sample in range(n):
                sums += _measured(dataset, regions, sample * size + row)
        if one.standardise:
            mean[index], deviation[index] = _moments(sums)
    return Moments(mean.astype(np.float32), deviation.astype(np.float32))


def feature_moments(recipe: Recipe, dataset: Dataset) -> Moments | None:
    """Return mean and deviation of each value over the samples; None if they stay as they are."""
    if recipe.features is None or not recipe.features.standardise or dataset.features is None:
        return None
    mean = dataset.features.mean(axis=0, dtype=np.float64)
    deviation = dataset.features.std(axis=0, dtype=np.float64)
    deviation[deviation == 0] = 1
    return Moments(mean.astype(np.float32), deviation.astype(np.float32))


def _measured(dataset: Dataset, regions: tuple[Interval, ...], row: int) -> NDArray[np.float64]:
    """Return count, sum and sum of squares of a row of the inputs, transformed by its rule."""
    sums = np.zeros(3)
    for chrom, start, end in regions:
        for low in range(start, end, _BLOCK):
            high = min(low + _BLOCK, end)
            values = dataset.signal_rules[row].apply(dataset.signals[chrom][row, low:high], 1)
            sums += _sums(values, dataset.codes[chrom][low:high] != N)
    return sums


def _sums(values: Values, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    kept = values[known].astype(np.float64)
    return np.array([len(kept), kept.sum(), (kept * kept).sum()])


def _moments(sums: NDArray[np.float64]) -> tuple[float, float]:
    count, total, squares = sums.tolist()
    mean = total / max(count, 1)
    variance = max(squares / max(count, 1) - mean * mean, 0.0)
    return mean, variance**0.5 or 1.0
