"""Rules of evaluation: values of a recipe, since they belong to the data and not to a command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Name, Problem, Values, repeated
from zooctl.schema.recipe.bounds import Count, NotNegative, Share
from zooctl.schema.recipe.inputs import Sample
from zooctl.schema.recipe.signals import Target

Learner = Literal["logistic", "dense", "boosting", "motif_accessibility"]
Resample = Literal["none", "smote", "adasyn"]


class FeatureModels(Values):
    """Learners on hand-made features that an evaluation fits to the training regions.

    Attributes:
        learners: ``logistic`` and ``dense`` on k-mers, ``boosting`` of trees on k-mers, GC content
            and the motif hit; ``motif_accessibility``, the motif hit times accessibility, learns
            nothing.
        resample: Drawing of new positives between known ones, on the training split alone:
            ``smote`` (Chawla et al. 2002) or ``adasyn`` (He et al. 2008).
        accessibility: Source of a bigWig, such as DNase, for ``motif_accessibility``.
    """

    learners: Annotated[Items[Learner], Field(min_length=1)]
    resample: Resample = "none"
    accessibility: Name | None = None

    def problems(self) -> Iterator[Problem]:
        if ("motif_accessibility" in self.learners) != (self.accessibility is not None):
            what = "motif_accessibility and its track need each other"
            yield Problem("accessibility", what, self.accessibility or "null")
        for name in repeated(list(self.learners)):
            yield Problem("learners", "a learner is named twice", name)


class Rules(Values):
    """Bins, positive bins and baselines of an evaluation.

    Attributes:
        bin_size: Bases to a bin.
        positive_min_signal: A positive bin has at least this at its highest base; labels need no
            threshold.
        positive_share: Share of a bin's bases that have to reach it; 0 for the highest alone.
        positive_control_ratio: A positive bin's highest base is at least this many times the
            highest base of every control; a bin that reaches positive_min_signal and not this is
            ambiguous, and left out where positive bins are told from others.
        max_unknown: Bins with a larger share of unknown bases are left out.
        block_length: Bases to a block of the bootstrap.
        sequence_length: Bases to a profile, for figures that are averaged over profiles.
        decision: Lowest prediction at which a bin is called positive; left out for 0.5 of a
            probability, 0 of a logit, positive_min_signal of a signal.
        context_bins: Bins around each bin, itself included, that a second 5-mer ridge reads too;
            0 for no such baseline.
        others: Replicates, or tracks of other cells; each is a baseline.
        unseen: A cell type or donor that training does not read. Where there is one, the network
            is judged in it, beside the average over the samples of training.
    """

    bin_size: Count = 512
    positive_min_signal: float = 8.0
    positive_share: Share = 0.0
    positive_control_ratio: NotNegative = 3.0
    max_unknown: Share = 0.5
    block_length: Count = 1_000_000
    sequence_length: Count = 2048
    decision: float | None = None
    context_bins: Annotated[int, Field(ge=0)] = 0
    others: Items[Target] = ()
    unseen: Sample | None = None
