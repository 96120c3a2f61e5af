"""Compare predicted with measured effects of SNVs, scored in one pass and over shifts.

Saturation mutagenesis measures every SNV of an element in a reporter assay (Kircher et al. 2019,
doi:10.1038/s41467-019-11526-w). Scores are compared with the measurement within each element, since
elements were measured in different cells; the mean over elements follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.bootstrap import Estimate, draw, estimate, interval
from zooctl.evaluation.report.metric_table import to_json
from zooctl.evaluation.variants.effect_sets import EffectSet
from zooctl.evaluation.variants.figures import FigureName, Measurements, SignedSizes, figure
from zooctl.evaluation.variants.score_set import TrackScores
from zooctl.files.intervals.effects import Effect

_FEWEST = 10
SINGLE, ROBUST = "single", "robust"

Figures = dict[str, float]
# Values of each figure on the bootstrap draws, by its name.
Draws = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class PassAndShifts:
    """A figure of both scores.

    Attributes:
        single: Of the score of one pass.
        robust: Of the score over shifts; None where there is one pass alone.
        gain: Second minus first, on the same draws; None likewise.
    """

    single: Estimate
    robust: Estimate | None = None
    gain: Estimate | None = None

    @property
    def best(self) -> Estimate:
        """The figure over shifts, else that of one pass."""
        return self.single if self.robust is None else self.robust

    def to_json(self) -> dict[str, object]:
        """Return the figures under their names."""
        found = {"single": self.single, "robust": self.robust, "gain": self.gain}
        return {name: None if one is None else to_json(one) for name, one in found.items()}


@dataclass(frozen=True)
class ElementReport:
    """Figures of one score on one element.

    Attributes:
        element: The element; ``mean`` for the mean over all of them.
        track: The track.
        statistic: Statistic and kind, as in the names of scores: ``SUM_LFC``.
        n: SNVs.
        figures: Each figure of the set.
        baselines: The same figures of scores without a model, by their names.
    """

    element: str
    track: str
    statistic: str
    n: int
    figures: Mapping[FigureName, PassAndShifts]
    baselines: Mapping[str, Mapping[FigureName, Estimate]]

    def to_json(self) -> dict[str, object]:
        """Return the figures under their names."""
        return {
            "element": self.element,
            "track": self.track,
            "statistic": self.statistic,
            "n": self.n,
            **{name: found.to_json() for name, found in self.figures.items()},
            "baselines": {
                name: {one: to_json(found) for one, found in figures.items()}
                for name, figures in self.baselines.items()
            },
        }


# An element, each figure of each side, and its values on the draws.
_Found = tuple[ElementReport, Figures, Draws]


def compare_effects(
    measured: EffectSet,
    scores: Sequence[TrackScores],
    baselines: Mapping[str, SignedSizes],
    *,
    n_draws: int,
    seed: int,
) -> Iterator[ElementReport]:
    """Yield the figures of each score on each element of ten SNVs or more, then their means.

    An element with an undefined figure, as of equal scores, is left out of the mean. Intervals hold
    95 % of bootstrap draws of stretches of the set's block length; the mean over elements is drawn
    within each of them. SNVs without one of the scores are left out.

    Args:
        measured: Measurements SNVs.
        scores: Their scores.
        baselines: Their scores without a model.
        n_draws: Bootstrap draws.
        seed: Seed of the draws.
    """
    rows: dict[str, list[int]] = {}
    for row, effect in enumerate(measured.effects):
        rows.setdefault(effect.element, []).append(row)
    for one in scores:
        known = one.known
        reports: list[_Found] = []
        for number, (element, members) in enumerate(rows.items()):
            kept = np.array([row for row in members if known[row]], dtype=np.int64)
            if len(kept) >= _FEWEST:
                sides = {**one.compared, **baselines}
                found = _of_element(measured, sides, kept, n_draws, seed + number)
                reports.append((_report(one, element, len(kept), measured, *found), *found))
        yield from (report for report, *_ in reports)
        defined = _defined(reports)
        if len(defined) > 1:
            yield _mean(one, measured, defined)


def _defined(found: Sequence[_Found]) -> list[_Found]:
    """Return the elements that have every figure that another one has."""
    missing = [{key for key, value in values.items() if np.isnan(value)} for _, values, _ in found]
    nowhere = set.intersection(*missing) if missing else set()
    return [one for one, lacks in zip(found, missing, strict=True) if lacks <= nowhere]


def _of_element(
    measured: EffectSet,
    sides: Mapping[str, SignedSizes],
    kept: NDArray[np.int64],
    n_draws: int,
    seed: int,
) -> tuple[Figures, Draws]:
    """Return each figure of each side, and its values on the draws, by ``side figure``."""
    effects = [measured.effects[row] for row in kept]
    blocks, n_blocks = blocks_of_effects(effects, measured.block_length)
    values = np.array([effect.value for effect in effects])
    positive = np.zeros(len(kept), bool)
    if measured.positive_at is not None:
        positive = values <= measured.positive_at
    of = Measurements(values, positive, blocks, n_blocks)
    draws = draw(n_blocks, n_draws, seed)
    figures: Figures = {}
    drawn: Draws = {}
    for side, scores in sides.items():
        part = SignedSizes(
            None if scores.signed is None else scores.signed[kept], scores.sizes[kept]
        )
        for name in measured.figures:
            key = _key(side, name)
            found, drawn[key] = estimate(figure(name, part, of), draws)
            figures[key] = found.value
    return figures, drawn


def blocks_of_effects(
    effects: Sequence[Effect], block_length: int
) -> tuple[NDArray[np.int64], int]:
    """Return the block of each variant, numbered without gaps, and the number of blocks.

    >>> one = Effect("e", "chr1", 100, "A", "C", 0.1, None)
    >>> others = [one._replace(start=109), one._replace(start=110), one._replace(chrom="chr2")]
    >>> blocks_of_effects([one, *others], 10)[0].tolist()
    [0, 0, 1, 2]
    """
    names = [(effect.chrom, effect.start // block_length) for effect in effects]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64), len(numbers)


def _key(side: str, name: str) -> str:
    return f"{side} {name}"


def _report(
    scores: TrackScores, element: str, n: int, measured: EffectSet, values: Figures, drawn: Draws
) -> ElementReport:
    def of(key: str) -> Estimate:
        return interval(values[key], drawn[key])

    def both(name: FigureName) -> PassAndShifts:
        single, robust = _key(SINGLE, name), _key(ROBUST, name)
        if robust not in values:
            return PassAndShifts(of(single))
        gain = interval(values[robust] - values[single], drawn[robust] - drawn[single])
        return PassAndShifts(of(single), of(robust), gain)

    sides = dict.fromkeys(key.rpartition(" ")[0] for key in values)
    return ElementReport(
        element,
        scores.track,
        scores.statistic,
        n,
        {name: both(name) for name in measured.figures},
        {
            side: {name: of(_key(side, name)) for name in measured.figures}
            for side in sides
            if side not in (SINGLE, ROBUST)
        },
    )


def _mean(
    scores: TrackScores,
    measured: EffectSet,
    found: Sequence[_Found],
) -> ElementReport:
    """Return the means over elements."""
    keys = found[0][1]
    values = {key: float(np.mean([one[key] for _, one, _ in found])) for key in keys}
    drawn = {key: np.mean([one[key] for *_, one in found], axis=0) for key in keys}
    n = sum(report.n for report, *_ in found)
    return _report(scores, "mean", n, measured, values, drawn)
