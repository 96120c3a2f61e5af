"""Judge whether the figures of a study go the way that the claim says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.evaluation.metrics.replicates import FEWEST, mean_with_interval

Direction = Literal["held", "reversed", "too small to say"]
Verdict = Literal[
    "held", "held in part", "mixed", "reversed", "reversed in part", "too small to say"
]


@dataclass(frozen=True)
class Comparison:
    """Two arms of a study.

    Attributes:
        higher: Arm whose figure is higher by the claim.
        lower: The other.
        difference: Mean over replicates of the first minus the second, with its interval; none for
            fewer than three replicates.
        n_higher: Replicates in which the first is higher.
        n: Replicates.
    """

    higher: str
    lower: str
    difference: Estimate
    n_higher: int
    n: int

    @property
    def direction(self) -> Direction:
        """Sign of the difference; unknown where its interval holds 0."""
        low, high = self.difference.low, self.difference.high
        if math.isnan(low):
            low = high = self.difference.value
        return "held" if low > 0 else "reversed" if high < 0 else "too small to say"


def compare_arms(higher: str, lower: str, values: Mapping[str, Sequence[float]]) -> Comparison:
    """Compare two arms, replicate by replicate.

    Args:
        higher: Arm whose figure is higher by the claim.
        lower: The other.
        values: Arm to its figure in each replicate, in one order for all arms.
    """
    apart = [a - b for a, b in zip(values[higher], values[lower], strict=True)]
    n_higher = sum(one > 0 for one in apart)
    return Comparison(higher, lower, mean_with_interval(apart), n_higher, len(apart))


def summarise(values: Sequence[Estimate]) -> Estimate:
    """Return an arm's figure: the mean over replicates, or the only one with its own interval."""
    if len(values) == 1:
        return values[0]
    return mean_with_interval([one.value for one in values])


def verdict_of(comparisons: Sequence[Comparison]) -> Verdict:
    """Return one word for all comparisons.

    >>> yes, no = (compare_arms("a", "b", {"a": [x], "b": [1.0]}) for x in (2.0, 0.5))
    >>> verdict_of([yes, yes]), verdict_of([yes, no]), verdict_of([no])
    ('held', 'mixed', 'reversed')
    """
    found = [one.direction for one in comparisons]
    if len(set(found)) == 1:
        return found[0]
    if "held" in found:
        return "mixed" if "reversed" in found else "held in part"
    return "reversed in part"


def rule_text(comparisons: Sequence[Comparison]) -> str:
    """Return the rule by which comparisons were judged, as a sentence."""
    if min(one.n for one in comparisons) < FEWEST:
        return "A difference without replicates is judged by its sign alone."
    return "A difference counts where its 95 % interval over replicates (Student's t) leaves out 0."
