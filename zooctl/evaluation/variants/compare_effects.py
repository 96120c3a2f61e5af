"""Compare predicted with measured effects of SNVs, scored in one pass and over shifts.

Saturation mutagenesis measures every SNV of an element in a reporter assay (Kircher et al. 2019,
doi:10.1038/s41467-019-11526-w). Scores are compared with the measurement within each element, since
elements were measured in different cells; the mean over elements follows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.evaluation.metrics.bootstrap import (
    Estimate,
    Statistic,
    blocks_of,
    draw,
    estimate,
    interval,
    pearson_of,
    spearman_of,
)
from zooctl.evaluation.report.metric_table import to_json
from zooctl.files.intervals.effects import Effect
from zooctl.inference.variants.shift_robust_score import Scorer
from zooctl.progress import Advance
from zooctl.sequence.alleles import Allele

Scores = NDArray[np.float64]

# Effects are correlated within a binding site, which is about this long in bp.
BLOCK_LENGTH = 10
_FEWEST = 10
_CORRELATIONS: tuple[tuple[str, Callable[..., Statistic]], ...] = (
    ("pearson", pearson_of),
    ("spearman", spearman_of),
)


def score_alleles(
    scorer: Scorer, alleles: Sequence[Allele], advance: Advance
) -> tuple[Scores, list[str]]:
    """Return scores ``(n, n_tracks)`` and statuses of alleles.

    Args:
        scorer: The scorer.
        alleles: Alleles on its genome.
        advance: Called once per allele.
    """
    rows, statuses = [], []
    with contextlib.closing(scorer.score([allele] for allele in alleles)) as scored:
        for (one,) in scored:
            rows.append(one.score)
            statuses.append(one.status)
            advance(1)
    return np.stack(rows).astype(np.float64), statuses


@dataclass(frozen=True)
class ScoreCorrelations:
    """Correlation of both scores with the measurement.

    Attributes:
        single: Correlation of the score of one pass.
        robust: Correlation of the score over shifts.
        gain: Second minus first, on the same draws.
    """

    single: Estimate
    robust: Estimate
    gain: Estimate


@dataclass(frozen=True)
class ElementReport:
    """Correlations of one track on one element.

    Attributes:
        element: The element; ``mean`` for the mean over all of them.
        track: The track.
        n: SNVs.
        pearson: Correlation of values.
        spearman: Correlation of ranks.
        gc: Pearson correlation of a score without a model: 1 for a SNV from A or T to C or G, -1
            for the other way round, else 0.
    """

    element: str
    track: str
    n: int
    pearson: ScoreCorrelations
    spearman: ScoreCorrelations
    gc: Estimate

    @property
    def is_defined(self) -> bool:
        """Whether each correlation has a value."""
        found = (self.pearson.gain, self.spearman.gain, self.gc)
        return not any(math.isnan(one.value) for one in found)

    def to_json(self) -> dict[str, object]:
        """Return the figures under their names."""
        correlations: dict[str, ScoreCorrelations] = {
            "pearson": self.pearson,
            "spearman": self.spearman,
        }
        return {
            "element": self.element,
            "track": self.track,
            "n": self.n,
            **{
                name: {side: to_json(getattr(found, side)) for side in asdict(found)}
                for name, found in correlations.items()
            },
            "gc_pearson": to_json(self.gc),
        }


def compare_effects(
    effects: Sequence[Effect],
    single: Scores,
    robust: Scores,
    tracks: Sequence[tuple[int, str]],
    *,
    n_draws: int,
    seed: int,
) -> Iterator[ElementReport]:
    """Yield the correlations of each track on each element of ten SNVs or more, then their means.

    An element with an undefined correlation, as of equal scores, is left out of the means.
    Intervals hold 95 % of bootstrap draws of stretches of 10 bp; the mean over elements is drawn
    within each of them. SNVs without one of the scores are left out.

    Args:
        effects: Measured SNVs.
        single: Their scores in one pass, ``(n, n_tracks)``.
        robust: Their scores over shifts, likewise.
        tracks: Index and name of each track to compare.
        n_draws: Bootstrap draws.
        seed: Seed of the draws.
    """
    rows: dict[str, list[int]] = {}
    for row, effect in enumerate(effects):
        rows.setdefault(effect.element, []).append(row)
    for index, track in tracks:
        known = np.isfinite(single[:, index]) & np.isfinite(robust[:, index])
        reports, drawn = [], []
        for number, (element, members) in enumerate(rows.items()):
            kept = [row for row in members if known[row]]
            if len(kept) < _FEWEST:
                continue
            methods = (single[kept, index], robust[kept, index])
            report, values = _compare_element(
                element, track, [effects[row] for row in kept], methods, n_draws, seed + number
            )
            reports.append(report)
            drawn.append(values)
        yield from reports
        defined = [
            (report, values)
            for report, values in zip(reports, drawn, strict=True)
            if report.is_defined
        ]
        if len(defined) > 1:
            yield _mean(track, *zip(*defined, strict=True))


# Values of each figure on the bootstrap draws, by its name.
DrawValues = dict[str, NDArray[np.float64]]


def _compare_element(
    element: str,
    track: str,
    effects: Sequence[Effect],
    methods: tuple[Scores, Scores],
    n_draws: int,
    seed: int,
) -> tuple[ElementReport, DrawValues]:
    """Return the correlations of an element, and their values on each draw by name."""
    measured = np.array([effect.value for effect in effects])
    blocks, n_blocks = blocks_of(np.array([effect.start for effect in effects]), BLOCK_LENGTH)
    draws = draw(n_blocks, n_draws, seed)
    gc = np.array([(one.alt in "CG") - float(one.ref in "CG") for one in effects])
    statistics = {
        f"{name}_{method}": correlate(scores, measured, blocks, n_blocks)
        for name, correlate in _CORRELATIONS
        for method, scores in zip(("single", "robust"), methods, strict=True)
    }
    statistics["gc"] = pearson_of(gc, measured, blocks, n_blocks)
    values, drawn = {}, {}
    for name, statistic in statistics.items():
        estimated, drawn[name] = estimate(statistic, draws)
        values[name] = estimated.value
    return _element_report(element, track, len(effects), values, drawn), drawn


def _element_report(
    element: str, track: str, n: int, values: dict[str, float], drawn: DrawValues
) -> ElementReport:
    def correlations(name: str) -> ScoreCorrelations:
        single, robust = f"{name}_single", f"{name}_robust"
        return ScoreCorrelations(
            interval(values[single], drawn[single]),
            interval(values[robust], drawn[robust]),
            interval(values[robust] - values[single], drawn[robust] - drawn[single]),
        )

    gc = interval(values["gc"], drawn["gc"])
    return ElementReport(element, track, n, correlations("pearson"), correlations("spearman"), gc)


def _mean(
    track: str, reports: Sequence[ElementReport], drawn: Sequence[DrawValues]
) -> ElementReport:
    """Return the means over elements."""
    values = {
        "gc": float(np.mean([report.gc.value for report in reports])),
        **{
            f"{name}_{method}": float(
                np.mean([getattr(getattr(report, name), method).value for report in reports])
            )
            for name, _ in _CORRELATIONS
            for method in ("single", "robust")
        },
    }
    means = {name: np.mean([one[name] for one in drawn], axis=0) for name in values}
    return _element_report("mean", track, sum(report.n for report in reports), values, means)
