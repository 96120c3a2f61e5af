"""Other models on the same bins, for a paired comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.evaluation.data.evaluation_data import EvaluationData
from zooctl.evaluation.heldout.measure_region import MeasuredRegion
from zooctl.evaluation.heldout.model import EvaluatedModel
from zooctl.evaluation.heldout.predict_region import HeldoutRegion, predict_region
from zooctl.evaluation.metrics.delong import DeLong, delong
from zooctl.evaluation.report.metric_table import MethodScore
from zooctl.progress import Advance
from zooctl.schema.recipe.evaluation import Rules


@dataclass(frozen=True, eq=False)
class Rival:
    """Another model and its predictions of the held-out regions.

    Attributes:
        model: One track for each evaluated one, or one for all.
        regions: Held-out regions, with the bins that all models predict.
    """

    model: EvaluatedModel
    regions: Sequence[HeldoutRegion]

    def score(self, index: int) -> MethodScore:
        """Score the bins for an evaluated track, ranked by the highest of its own bins inside."""
        own = index if len(self.model.tracks) > 1 else 0
        rows = np.concatenate([region.rows(own) for region in self.regions])
        return MethodScore(self.model.name, rows.max(axis=1), rows.mean(axis=1))


def predict_rivals(
    rivals: Sequence[EvaluatedModel],
    regions: Sequence[HeldoutRegion],
    data: EvaluationData,
    rules: Rules,
    advance: Advance,
) -> tuple[list[HeldoutRegion], list[Rival]]:
    """Predict regions by other models; return regions and rivals with the bins common to all.

    Args:
        rivals: The other models.
        regions: Regions as the evaluated model predicts them.
        data: Its genome is read.
        rules: Bin size.
        advance: Called with the number of windows done.

    Raises:
        InputError: The bins of a model do not divide those of the rules.
    """
    for rival in rivals:
        if rules.bin_size % rival.geometry.bin_size:
            raise InputError(
                "bins of the evaluation are not whole bins of the other model",
                field="--versus",
                got=f"{rules.bin_size:,} bp, and {rival.geometry.bin_size:,} bp of {rival.name}",
            )
    measured: list[MeasuredRegion] = [region.measured for region in regions]
    found = [
        [predict_region(one, rival, data, rules, advance) for one in measured] for rival in rivals
    ]
    kept = [
        np.logical_and.reduce([one.kept for one in same])
        for same in zip(regions, *found, strict=True)
    ]

    def common(own: Sequence[HeldoutRegion]) -> list[HeldoutRegion]:
        return [replace(one, kept=mask) for one, mask in zip(own, kept, strict=True)]

    pairs = zip(rivals, found, strict=True)
    return common(regions), [Rival(rival, common(own)) for rival, own in pairs]


def delong_of(
    scores: Sequence[MethodScore],
    positive: NDArray[np.bool_],
    classed: NDArray[np.bool_],
    rivals: Sequence[Rival],
) -> Mapping[str, DeLong]:
    """Return the test of the first score's lead in AUROC over each rival, by its name."""
    found = {}
    names = {rival.model.name for rival in rivals}
    for score in scores[1:]:
        if score.name in names:
            ranked = scores[0].ranking[classed], score.ranking[classed]
            if (test := delong(*ranked, positive[classed])) is not None:
                found[score.name] = test
    return found
