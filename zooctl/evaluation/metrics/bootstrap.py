"""Confidence intervals by block bootstrap over the genome.

Neighbouring bins are not independent: a domain of open chromatin or a repeat array spans many.
Resampling bins would therefore give intervals that are far too narrow. Blocks of a megabase,
longer than that correlation, are drawn with replacement, and all bins of a block come with it.

A draw is an integer multiplicity per block. Each ``*_of`` function reduces the bins once and
returns the metric as a function of the multiplicities; its value is that of the metric on the
repeated bins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from zooctl.evaluation.metrics.classification import Labels, Values

Blocks = NDArray[np.int64]
Multiplicity = NDArray[np.int64]
Statistic = Callable[[Multiplicity], float]


@dataclass(frozen=True)
class Estimate:
    """A metric with its 95 % interval.

    Attributes:
        value: Metric over all bins.
        low: 2.5 % point of the bootstrap draws; NaN without draws.
        high: 97.5 % point.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return value and interval to three digits.

        >>> str(Estimate(0.9361, 0.92, 0.951)), str(Estimate(0.5, float("nan"), float("nan")))
        ('0.936 [0.920, 0.951]', '0.500')
        """
        if np.isnan(self.value):
            return "-"
        interval = "" if np.isnan(self.low) else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{interval}"


def blocks_of(starts: NDArray[np.int64], block_length: int) -> tuple[Blocks, int]:
    """Return the block of each bin of one contig, numbered without gaps, and the number of blocks.

    >>> blocks_of(np.array([0, 512, 1_000_448, 5_000_192]), 1_000_000)
    (array([0, 0, 1, 2]), 3)
    """
    names, block = np.unique(starts // block_length, return_inverse=True)
    return block.astype(np.int64), len(names)


def draw(n_blocks: int, n_draws: int, seed: int) -> Multiplicity:
    """Draw block multiplicities, ``(n_draws, n_blocks)``; every row sums to n_blocks."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=n_draws)


def estimate(statistic: Statistic, draws: Multiplicity) -> tuple[Estimate, NDArray[np.float64]]:
    """Return a metric with its 95 % percentile interval, and its values per draw ``(n_draws,)``.

    Values of two scores under the same draws may be subtracted, which gives the interval of
    their difference. One block alone has no interval: every draw of it is the same.
    """
    value = statistic(np.ones(draws.shape[1], dtype=np.int64))
    if draws.shape[1] < 2:
        values = np.full(len(draws), np.nan)
    else:
        values = np.array([statistic(row) for row in draws], dtype=np.float64)
    return interval(value, values), values


def interval(value: float, values: NDArray[np.float64]) -> Estimate:
    """Return the 95 % percentile interval of draws; draws without a value are left out."""
    finite = values[~np.isnan(values)]
    if not len(finite) or np.isnan(value):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(finite, [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def _correlation(n: float, x: float, y: float, xx: float, yy: float, xy: float) -> float:
    """Return Pearson's r from a count and the sums of x, y, their squares and their product."""
    spread_x, spread_y = xx - x * x / n, yy - y * y / n
    # Sums of squares of a constant differ from the square of the sum by rounding alone.
    if spread_x <= 1e-12 * xx or spread_y <= 1e-12 * yy:
        return float("nan")
    return float((xy - x * y / n) / np.sqrt(spread_x * spread_y))


def _centred(values: Values) -> NDArray[np.float64]:
    """Return values less their mean, divided by the power of two that makes them less than 1.

    A correlation has the same bits for it, and no square overflows.
    """
    _, exponent = np.frexp(np.abs(values).max(initial=0.0))
    found: Values = np.ldexp(values, -exponent)
    centred: NDArray[np.float64] = found.astype(np.float64) - found.mean(dtype=np.float64)
    return centred


def pearson_of(predicted: Values, measured: Values, blocks: Blocks, n_blocks: int) -> Statistic:
    """Return Pearson's correlation as a function of block multiplicities."""
    x, y = _centred(predicted), _centred(measured)
    sums = np.stack(
        [
            np.bincount(blocks, terms, n_blocks)
            for terms in (np.ones_like(x), x, y, x * x, y * y, x * y)
        ]
    )

    def value(multiplicity: Multiplicity) -> float:
        return _correlation(*(sums @ multiplicity))

    return value


def spearman_of(predicted: Values, measured: Values, blocks: Blocks, n_blocks: int) -> Statistic:
    """Return Spearman's rank correlation as a function of block multiplicities.

    Ranks are those among all bins: the value over all bins is exact, that of a draw correlates the
    ranks of drawn bins without ranking anew, which would take a thousand times as long.
    """
    return pearson_of(rankdata(predicted), rankdata(measured), blocks, n_blocks)


def auroc_of(scores: Values, labels: Labels, blocks: Blocks, n_blocks: int) -> Statistic:
    """Return the AUROC as a function of block multiplicities.

    The AUROC counts pairs of a positive and a negative (Mann & Whitney), so the wins of each block
    against each other one are counted once, and a draw only weights these counts.
    """
    positives, block_of_positive = scores[labels], blocks[labels]
    wins = np.zeros((n_blocks, n_blocks))
    for block in range(n_blocks):
        negatives = np.sort(scores[~labels & (blocks == block)])
        below = np.searchsorted(negatives, positives, side="left")
        not_above = np.searchsorted(negatives, positives, side="right")
        wins[:, block] = np.bincount(block_of_positive, (below + not_above) / 2, n_blocks)
    n_positive = np.bincount(block_of_positive, minlength=n_blocks)
    n_negative = np.bincount(blocks[~labels], minlength=n_blocks)

    def value(multiplicity: Multiplicity) -> float:
        pairs = (n_positive @ multiplicity) * (n_negative @ multiplicity)
        return float(multiplicity @ wins @ multiplicity / pairs) if pairs else float("nan")

    return value


def auprc_of(scores: Values, labels: Labels, blocks: Blocks, n_blocks: int) -> Statistic:
    """Return the average precision as a function of block multiplicities.

    It is the step-wise area under the precision-recall curve; a score without information has the
    prevalence of positives. Average precision is the mean over positives of the precision at their
    score, so the bins of each block that reach that score are counted once.
    """
    thresholds, block_of_positive = scores[labels], blocks[labels]

    def count_reaching(chosen: Labels) -> NDArray[np.float64]:
        columns = []
        for block in range(n_blocks):
            part = np.sort(scores[chosen & (blocks == block)])
            columns.append(len(part) - np.searchsorted(part, thresholds, side="left"))
        return np.stack(columns, axis=1).astype(np.float64)

    all_reaching, positives_reaching = map(count_reaching, (np.ones_like(labels), labels))

    def value(multiplicity: Multiplicity) -> float:
        weights = multiplicity[block_of_positive]
        drawn = weights > 0
        if not drawn.any():
            return float("nan")
        hits = positives_reaching[drawn] @ multiplicity
        precision = hits / (all_reaching[drawn] @ multiplicity)
        return float(np.average(precision, weights=weights[drawn]))

    return value
