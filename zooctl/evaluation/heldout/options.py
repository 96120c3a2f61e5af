"""Options of an evaluation that belong to the command, not to the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from zooctl.catalog.data import locate
from zooctl.errors import InputError
from zooctl.schema.explain import nearest
from zooctl.schema.recipe.evaluation import Learner, Resample
from zooctl.schema.recipe.recipe import Recipe

# No recipe names these, since they take minutes: a support vector machine is trained, and each
# motif of a collection is looked for.
GKM = "gkm"
BEST_MOTIF = "best_motif"


@dataclass(frozen=True)
class EvaluationOptions:
    """Resolutions, test sets, bootstrap and shifts of an evaluation.

    Attributes:
        resolutions: Bin sizes in bp; the model's own, 32, 128, 512 and the rules' if empty.
        thresholds: Signal thresholds of the test sets; quantiles of the signal if None.
        threshold_over: Whether a profile's highest bin or its highest base is asked.
        n_draws: Bootstrap draws for the intervals.
        n_shifts: Windows per peak for the variation score; 0 leaves it out.
        seed: Seed of the bootstrap and of the shifts.
        learners: Further baselines: ``logistic``, ``dense`` and ``boosting``, which learn from
            hand-made features; ``motif_accessibility``; ``gkm``, a gapped k-mer SVM;
            ``best_motif``, chosen on validation.
        resample: Drawing of new positives for them: ``none``, ``smote`` or ``adasyn``.
        accessibility: bigWig that motif hits are multiplied with.
    """

    resolutions: tuple[int, ...] = ()
    thresholds: tuple[float, ...] | None = None
    threshold_over: Literal["bin", "base"] = "bin"
    n_draws: int = 1000
    n_shifts: int = 20
    seed: int = 0
    learners: tuple[str, ...] = ()
    resample: str = "none"
    accessibility: Path | None = None

    @property
    def fitted(self) -> tuple[str, ...]:
        """The learners that are fitted to features of training bins."""
        others = ("motif_accessibility", GKM, BEST_MOTIF)
        return tuple(one for one in self.learners if one not in others)

    def checked(self) -> EvaluationOptions:
        """Return these options.

        Raises:
            InputError: A learner has no use for what is given, or lacks it.
        """
        for name in self.learners:
            _check_known(name, (*get_args(Learner), GKM, BEST_MOTIF), "--baselines")
        _check_known(self.resample, get_args(Resample), "--resample")
        if ("motif_accessibility" in self.learners) != (self.accessibility is not None):
            raise InputError(
                "motif_accessibility and --accessibility need each other",
                field="--baselines",
                got=", ".join(self.learners) or "none",
            )
        if self.resample != "none" and not self.fitted:
            raise InputError(
                "no learner is fitted to drawn positives",
                field="--resample",
                got=self.resample,
                expected="--baselines logistic, dense or boosting",
            )
        return self


def _check_known(name: str, known: tuple[str, ...], option: str) -> None:
    if name not in known:
        raise InputError(
            "not one of the accepted values",
            field=option,
            got=name,
            expected=", ".join(known),
            hint=nearest(name, known),
        )


def with_recipe(options: EvaluationOptions, recipe: Recipe | None) -> EvaluationOptions:
    """Return options with the learners of a recipe, where the user names none.

    Raises:
        ZooError: The recipe's track of accessibility is not here.
    """
    if options.learners or recipe is None or recipe.feature_models is None:
        return options.checked()
    own = recipe.feature_models
    path = None if own.accessibility is None else locate(recipe.source(own.accessibility)).path
    return replace(options, learners=own.learners, resample=own.resample, accessibility=path)
