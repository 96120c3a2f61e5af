"""Figures that compare scores of variants with measurements, as functions of bootstrap draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.bootstrap import (
    Blocks,
    Multiplicity,
    Statistic,
    auprc_of,
    auroc_of,
    pearson_of,
    spearman_of,
)
from zooctl.files.intervals.effects import Effect

Values = NDArray[np.float64]

FigureName = Literal[
    "pearson",
    "spearman",
    "spearman_of_sizes",
    "same_sign",
    "same_sign_larger_half",
    "auroc",
    "auprc",
]
"""Correlations of scores with effects; of their sizes; the share of variants whose score has the
sign of the effect, among all and among the half with the larger scores; and how well the size of a
score tells positive variants from others."""


@dataclass(frozen=True)
class SignedSizes:
    """Scores of variants, by a model or without one.

    Attributes:
        signed: Scores whose sign says the direction of the effect, ``(n,)``; None where they have
            none, as divergences and distances.
        sizes: Scores that are larger for larger effects, ``(n,)``.
    """

    signed: Values | None
    sizes: Values

    @classmethod
    def of(cls, scores: Values, signed: bool = True) -> SignedSizes:
        """Return scores with their absolute values as sizes."""
        return cls(scores if signed else None, np.abs(scores))


@dataclass(frozen=True)
class Measurements:
    """Measurements of the same variants.

    Attributes:
        values: Effects, ``(n,)``.
        positive: Variants that count as positive, ``(n,)``.
        blocks: Block of each in the bootstrap, ``(n,)``.
        n_blocks: Number of blocks.
    """

    values: Values
    positive: NDArray[np.bool_]
    blocks: Blocks
    n_blocks: int


def figure(name: FigureName, scores: SignedSizes, measured: Measurements) -> Statistic:
    """Return a figure as a function of block multiplicities; NaN where it does not exist."""
    blocks = measured.blocks, measured.n_blocks
    if name == "auroc":
        return auroc_of(scores.sizes, measured.positive, *blocks)
    if name == "auprc":
        return auprc_of(scores.sizes, measured.positive, *blocks)
    if name == "spearman_of_sizes":
        return spearman_of(scores.sizes, np.abs(measured.values), *blocks)
    if scores.signed is None:
        return lambda _: float("nan")
    if name == "pearson":
        return pearson_of(scores.signed, measured.values, *blocks)
    if name == "spearman":
        return spearman_of(scores.signed, measured.values, *blocks)
    agree = agreement(scores.signed, measured.values)
    if name == "same_sign":
        return share_of(agree, np.ones(len(agree), bool), *blocks)
    return share_of(agree, larger_half(scores.sizes), *blocks)


def agreement(scores: Values, values: Values) -> Values:
    """Return 1 where a score has the sign of the effect, 0 where the other, 0.5 where it is 0.

    >>> agreement(np.array([0.2, -0.1, 0.0]), np.array([1.0, 1.0, -1.0])).tolist()
    [1.0, 0.0, 0.5]
    """
    found: Values = (np.sign(scores) * np.sign(values) + 1) / 2
    return found


def larger_half(sizes: Values) -> NDArray[np.bool_]:
    """Return which scores belong to the larger half; the first of equal ones.

    >>> larger_half(np.array([0.1, 0.9, 0.0, 0.4])).tolist()
    [False, True, False, True]
    """
    chosen = np.zeros(len(sizes), bool)
    chosen[np.argsort(-sizes, kind="stable")[: (len(sizes) + 1) // 2]] = True
    return chosen


def share_of(agree: Values, chosen: NDArray[np.bool_], blocks: Blocks, n_blocks: int) -> Statistic:
    """Return the mean over chosen variants as a function of block multiplicities."""
    total = np.bincount(blocks[chosen], agree[chosen], n_blocks)
    count = np.bincount(blocks[chosen], minlength=n_blocks)

    def value(multiplicity: Multiplicity) -> float:
        n = count @ multiplicity
        return float(total @ multiplicity / n) if n else float("nan")

    return value


def gc_change(effects: Sequence[Effect]) -> SignedSizes:
    """Return scores without a model: 1 for a SNV from A or T to C or G, -1 for the other way."""
    scores = [(effect.alt in "CG") - float(effect.ref in "CG") for effect in effects]
    return SignedSizes.of(np.array(scores))
