"""Percentiles of many stored scores at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.background.file import ScoreBackground, read_background
from zooctl.inference.background.find import own_background
from zooctl.inference.background.percentiles import rank
from zooctl.inference.background.ranker import NO_BACKGROUND, misfit
from zooctl.inference.model import OpenModel
from zooctl.inference.options.predict_and_score import Null
from zooctl.inference.scale.store.choose import StoredScores
from zooctl.inference.variants.shift_robust_statistics import Measure
from zooctl.progress import Say
from zooctl.sequence.kinds import KINDS

Values = NDArray[np.float32]


@dataclass(frozen=True)
class StoredRanks:
    """Ranks within a model's own background.

    Attributes:
        background: The background.
        source: Part of it.
    """

    background: ScoreBackground
    source: Null

    def ranks(
        self, of: Measure, track: int, kinds: NDArray[np.str_], values: Values
    ) -> dict[str, Values]:
        """Return percentile, P, PHRED and activity of scores, NaN where there is none.

        Args:
            of: The score.
            track: Number of the track.
            kinds: Kind of each allele, ``(n,)``.
            values: Score, deviation, REF and ALT of each, ``(n, 4)``.
        """
        found = np.full((4, len(values)), np.nan)
        for kind in set(kinds.tolist()).intersection(KINDS):
            scores = self.background.scores(self.source, kind, of.key, track)
            if scores is not None:
                at = kinds == kind
                found[:3, at] = rank(np.abs(values[at, 0]), scores)
        among = self.background.activities(self.source, of.stem, track)
        if among is not None:
            found[3] = rank(np.maximum(values[:, 2], values[:, 3]), among).percentile
        return dict(zip(("pct", "p", "phred", "act"), found.astype(np.float32), strict=True))

    def classes(self, of: Measure, n_tracks: int) -> Mapping[str, str]:
        """Return the class of each kind: that of ``Ranker.class_of``."""
        return {
            kind: f"{self.source}/{kind}"
            if any(
                self.background.scores(self.source, kind, of.key, track) is not None
                for track in range(n_tracks)
            )
            else NO_BACKGROUND
            for kind in KINDS
        }


def stored_ranks(
    model: OpenModel, chosen: StoredScores, source: Null, say: Say
) -> StoredRanks | None:
    """Return the ranks of a model's stored scores; None where its background is of others."""
    if chosen.in_genes or (found := own_background(model)) is None:
        return None
    background = read_background(*found)
    if (other := misfit(background, chosen.scored)) is not None:
        what = f"the background of {chosen.model} has scores {other}"
        say(f"note: {what}, so there are no percentiles")
        return None
    return StoredRanks(background, source)
