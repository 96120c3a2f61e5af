"""Ranks of a scored allele within its class of a model's background."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.background.file import ScoreBackground
from zooctl.inference.background.percentiles import rank
from zooctl.inference.options.predict_and_score import Null
from zooctl.inference.variants.measure_alleles import ScoredAllele
from zooctl.inference.variants.scorer import Scorer
from zooctl.inference.variants.shift_robust_statistics import Measure
from zooctl.sequence.kinds import KINDS

NO_BACKGROUND = "NO_BACKGROUND"
"""Class of an allele whose kind has fewer than 1,000 members in the background."""


class TrackRanks(NamedTuple):
    """Ranks of one score on all tracks, float32 ``(n_tracks,)``; NaN where there is none.

    Attributes:
        percentile: Percentile of the absolute score in its class.
        p: Empirical P value of it.
        phred: -10 log10 P.
        activity: Percentile of the larger prediction of REF and ALT among the class's SNVs.
    """

    percentile: NDArray[np.float32]
    p: NDArray[np.float32]
    phred: NDArray[np.float32]
    activity: NDArray[np.float32]


@dataclass(frozen=True)
class Ranker:
    """Ranks the scores of one scorer.

    Attributes:
        background: The model's background.
        digest: Digest of its file.
        source: Part of it.
        measures: The scores of an allele.
        n_tracks: Tracks of each score.
    """

    background: ScoreBackground
    digest: str
    source: Null
    measures: tuple[Measure, ...]
    n_tracks: int

    def class_of(self, allele: ScoredAllele) -> str:
        """Return the class of an allele that has a score, as ``random/snv``; "" without one."""
        if allele.kind is None:
            return "" if np.isnan(allele.score).all() else NO_BACKGROUND
        return self._classes.get(allele.kind, NO_BACKGROUND)

    def rank(self, allele: ScoredAllele) -> list[TrackRanks]:
        """Return the ranks of each score."""
        found = []
        for of, measured in zip(self.measures, allele.measured, strict=True):
            values = np.full((4, self.n_tracks), np.nan)
            active = np.maximum(measured.ref, measured.alt)
            for track in range(self.n_tracks):
                if (scores := self._scores(allele, of, track)) is not None:
                    ranks = rank(np.abs(measured.score[track : track + 1]), scores)
                    values[:3, track] = [one[0] for one in ranks]
                among = self.background.activities(self.source, of.stem, track)
                if among is not None:
                    values[3, track] = rank(active[track : track + 1], among).percentile[0]
            found.append(TrackRanks(*values.astype(np.float32)))
        return found

    def _scores(self, allele: ScoredAllele, of: Measure, track: int) -> NDArray[np.float32] | None:
        if allele.kind is None:
            return None
        return self.background.scores(self.source, allele.kind, of.key, track)

    @cached_property
    def _classes(self) -> dict[str, str]:
        """Class of each kind of allele that has one, for at least one track of one score."""
        every = [(of.key, track) for of in self.measures for track in range(self.n_tracks)]
        return {
            kind: f"{self.source}/{kind}"
            for kind in KINDS
            if any(self.background.scores(self.source, kind, *one) is not None for one in every)
        }


class Scored(NamedTuple):
    """The settings of scores that a background may fit.

    Attributes:
        weights: sha256 of the graph.
        n_shifts: Windows that a score is the mean over.
        max_shift: Largest shift in bp.
        rc: Average over both strands.
        measures: The scores of an allele.
        distance: Reach of ``local`` and ``delta`` in bp.
    """

    weights: str
    n_shifts: int
    max_shift: int
    rc: bool
    measures: tuple[Measure, ...]
    distance: int

    @classmethod
    def by(cls, scorer: Scorer, weights: str, rc: bool) -> Scored:
        """Return those of a scorer."""
        placement = scorer.placement
        shifts = placement.n_shifts, placement.max_shift
        return cls(weights, *shifts, rc, scorer.measures, scorer.distance)


def misfit(background: ScoreBackground, scored: Scored) -> str | None:
    """Return how a background's scores differ from others, in words; None if they are alike."""
    settings = background.settings
    for what, theirs, ours in (
        ("of other weights", settings.weights, scored.weights),
        (f"over {settings.n_shifts} shifts", settings.n_shifts, scored.n_shifts),
        (f"of shifts up to {settings.max_shift} bp", settings.max_shift, scored.max_shift),
        ("of both strands" if settings.rc else "of one strand", settings.rc, scored.rc),
    ):
        if theirs != ours:
            return what
    reach = any(of.statistic.partition("_")[0] in ("local", "delta") for of in scored.measures)
    if reach and settings.distance != scored.distance:
        return f"within {settings.distance} bp"
    return None
