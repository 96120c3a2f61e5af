"""Losses of training, one class a key; the arithmetic is in ``training.loop.losses``.

A loss fits some outputs of networks: rates, values, logits, class logits or log rates (the field
``output`` of the network's sizes). Bins whose target is NaN are unknown and never count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from zooctl.schema.fields import Items, Problem, Values
from zooctl.schema.recipe.bounds import NotNegative, Positive

Output = Literal["rate", "value", "logit", "class", "log", "mixed"]


class MseLoss(Values):
    """Mean squared error.

    Attributes:
        track_weights: Weight of each track; equal if not given.
        signal_weight: A bin counts ``1 + signal_weight·|target|``, so that the few bins with
            signal are not lost among the empty ones; 0 is the plain mean.
    """

    outputs: ClassVar[frozenset[Output]] = frozenset({"rate", "value"})
    key: Literal["mse"]
    track_weights: Items[NotNegative] | None = None
    signal_weight: NotNegative = 0.0


class PoissonLoss(Values):
    """Negative log likelihood of counts under predicted rates, without the factorial.

    Attributes:
        track_weights: Weight of each track; equal if not given.
    """

    outputs: ClassVar[frozenset[Output]] = frozenset({"rate"})
    key: Literal["poisson_nll"]
    track_weights: Items[NotNegative] | None = None


class MultinomialLoss(Values):
    """Negative log likelihood of the bins of a window's counts, and squared error of their total.

    Attributes:
        count_weight: Of the squared error of log(1 + total count) beside the likelihood; 0 learns
            the shape alone (lambda in BPNet, alpha in GOPHER).
    """

    outputs: ClassVar[frozenset[Output]] = frozenset({"log"})
    key: Literal["multinomial_nll"]
    count_weight: NotNegative = 1.0


class BinaryLoss(Values):
    """Binary cross-entropy of logits; targets 0 and 1, unknown ones NaN or negative.

    Attributes:
        positive_weights: Weight of a positive relative to a negative: one for all tracks, or one
            a track; the ratio of negatives to positives balances them.
        track_weights: Weight of each track; equal if not given.
    """

    outputs: ClassVar[frozenset[Output]] = frozenset({"logit"})
    key: Literal["binary_cross_entropy"]
    positive_weights: Items[Positive] | None = None
    track_weights: Items[NotNegative] | None = None


class CategoricalLoss(Values):
    """Cross-entropy of classes that exclude each other, one track a class.

    Attributes:
        n_classes: Tracks in a group of classes; all tracks are one group if not given.
        class_weights: Weight of each class; equal if not given.
    """

    outputs: ClassVar[frozenset[Output]] = frozenset({"class"})
    key: Literal["categorical_cross_entropy"]
    n_classes: Annotated[int, Field(ge=2)] | None = None
    class_weights: Items[NotNegative] | None = None


class PearsonLoss(Values):
    """One minus the correlation over all bins of a batch, the mean of the tracks."""

    outputs: ClassVar[frozenset[Output]] = frozenset({"rate", "value"})
    key: Literal["pearson"]


class R2Loss(Values):
    """One minus R² over all bins of a batch: squared error by variance, the mean of the tracks."""

    outputs: ClassVar[frozenset[Output]] = frozenset({"rate", "value"})
    key: Literal["r2"]


SimpleLoss = Annotated[
    MseLoss | PoissonLoss | MultinomialLoss | BinaryLoss | CategoricalLoss | PearsonLoss | R2Loss,
    Field(discriminator="key"),
]


class Term(Values):
    """One part of a sum.

    Attributes:
        loss: The loss.
        weight: Its factor.
        tracks: First track and the track after the last, for a network with several heads; all
            tracks if not given.
    """

    loss: SimpleLoss
    weight: Positive = 1.0
    tracks: (
        Annotated[Items[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)] | None
    ) = None

    def problems(self) -> Iterator[Problem]:
        if self.tracks is not None and self.tracks[0] >= self.tracks[1]:
            yield Problem("tracks", "range of tracks is empty", str(list(self.tracks)))


class SumLoss(Values):
    """A weighted sum of losses, each on all tracks or on some."""

    key: Literal["sum"]
    terms: Annotated[Items[Term], Field(min_length=1)]

    @property
    def outputs(self) -> frozenset[Output]:
        """Outputs that fit every term; ``mixed`` too, if each term names its tracks."""
        common = frozenset.intersection(*(term.loss.outputs for term in self.terms))
        parted = all(term.tracks is not None for term in self.terms)
        return common | {"mixed"} if parted else common


Loss = Annotated[
    MseLoss
    | PoissonLoss
    | MultinomialLoss
    | BinaryLoss
    | CategoricalLoss
    | PearsonLoss
    | R2Loss
    | SumLoss,
    Field(discriminator="key"),
]
