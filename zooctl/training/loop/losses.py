"""Losses of training: functions of a prediction and a target, and ``build_loss``.

Both are ``(n, n_tracks, n_bins)`` float32, the result is a number. Targets that are NaN are
unknown: they count neither in a loss nor in its denominator, and a loss without any known target
is 0. Gradients are finite for every finite prediction in the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zooctl.schema.recipe.losses import Loss
from zooctl.training.nets.parts.layers import square_root

LossFunction = Callable[[Tensor, Tensor], Tensor]

# Keras' epsilon, which the source papers' Poisson loss adds to the rate.
EPSILON = 1e-7
# A variance below this is that of a constant.
TINY = 1e-12


def known_or_zero(target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the target with 0 for unknown, and a mask of 1 for known and 0 for unknown."""
    known = ~torch.isnan(target)
    return torch.where(known, target, torch.zeros_like(target)), known.to(target.dtype)


def mean_of(values: Tensor, known: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the weighted mean of known values; 0 if none is known."""
    weights = known if weight is None else known * weight
    return (values * weights).sum() / weights.sum().clamp(min=TINY)


def mse(pred: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared error.

    Args:
        pred: Values ``(n, n_tracks, n_bins)``.
        target: The same shape.
        weight: Of each value, of a shape that broadcasts to it; a weighted mean is taken.

    >>> float(mse(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[0.0, 4.0]]])))
    2.5
    """
    truth, known = known_or_zero(target)
    return mean_of((pred - truth) ** 2, known, weight)


def poisson_nll(pred: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the negative log likelihood of counts without factorial, ``rate - count·log(rate)``.

    Args:
        pred: Rates, at least 0, ``(n, n_tracks, n_bins)``.
        target: Counts, the same shape.
        weight: As for ``mse``.

    >>> rate, count = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 0.0]]])
    >>> round(float(poisson_nll(rate, count)), 6)
    1.5
    """
    truth, known = known_or_zero(target)
    return mean_of(pred - truth * torch.log(pred + EPSILON), known, weight)


def multinomial_nll(log_rate: Tensor, target: Tensor) -> Tensor:
    """Return the negative log likelihood of the counts of a window, given their sum.

    Summed over tracks and averaged over the batch, as GOPHER does; with the multinomial
    coefficient, which moves the value but not the gradient.

    Args:
        log_rate: Logarithms up to a constant, ``(n, n_tracks, n_bins)``.
        target: Counts, the same shape; unknown bins are left out of the distribution.
    """
    truth, known = known_or_zero(target)
    masked = log_rate.masked_fill(known == 0, torch.finfo(log_rate.dtype).min)
    log_p = functional.log_softmax(masked, dim=-1)
    total = truth.sum(dim=-1)
    coefficient = torch.lgamma(total + 1) - torch.lgamma(truth + 1).sum(dim=-1)
    log_likelihood = coefficient + torch.where(truth > 0, truth * log_p, 0.0).sum(dim=-1)
    return -log_likelihood.sum(dim=-1).mean()


def count_mse(log_rate: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of the logarithm of one plus the total count.

    Args:
        log_rate: ``(n, n_tracks, n_bins)``; the logarithm of the sum of their exponentials is
            the predicted log(1 + total), see ``OriginalBPNet``.
        target: Counts, the same shape.
    """
    truth, known = known_or_zero(target)
    masked = log_rate.masked_fill(known == 0, torch.finfo(log_rate.dtype).min)
    counted = known.amax(dim=-1)
    predicted = torch.where(counted > 0, torch.logsumexp(masked, dim=-1), 0.0)
    return mean_of((predicted - torch.log1p(truth.sum(dim=-1))) ** 2, counted)


def binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    positive_weight: Tensor | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of logits over the known targets.

    Args:
        logits: ``(n, n_tracks, n_bins)``.
        target: 0 and 1, the same shape; NaN or negative if unknown (ambiguous peaks).
        positive_weight: Factor of the term of a positive, ``(n_tracks, 1)``; the mean is still
            over bins.
        weight: As for ``mse``.
    """
    truth, known = known_or_zero(torch.where(target < 0, torch.nan, target))
    entropy = functional.binary_cross_entropy_with_logits(
        logits, truth, reduction="none", pos_weight=positive_weight
    )
    return mean_of(entropy, known, weight)


def categorical_cross_entropy(
    logits: Tensor,
    target: Tensor,
    n_classes: int | None = None,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Return the cross-entropy over classes that exclude each other.

    Args:
        logits: ``(n, n_groups·n_classes, n_bins)``, the classes of a group side by side.
        target: 1 for the class, 0 for others (or probabilities), the same shape; a position
            without any class, or with NaN, is unknown.
        n_classes: Classes of a group; all tracks if not given.
        class_weights: Weight of each class, ``(n_classes,)``; a weighted mean is taken.
    """
    n, n_tracks, n_bins = logits.shape
    shape = (n, n_tracks // (n_classes or n_tracks), n_classes or n_tracks, n_bins)
    truth, known = (part.reshape(shape) for part in known_or_zero(target))
    weight = truth * known.amin(dim=2, keepdim=True)
    if class_weights is not None:
        weight = weight * class_weights[:, None]
    log_p = functional.log_softmax(logits.reshape(shape), dim=2)
    return -(weight * log_p).sum() / weight.sum().clamp(min=TINY)


def moments(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return sums over samples and known bins, each ``(n_tracks,)``.

    Returns:
        Of products of deviations, of squared deviations of the prediction and of the target, and
        of squared errors.
    """
    truth, known = known_or_zero(target)
    count = known.sum(dim=(0, 2), keepdim=True).clamp(min=1)
    p = (pred - (pred * known).sum(dim=(0, 2), keepdim=True) / count) * known
    t = (truth - truth.sum(dim=(0, 2), keepdim=True) / count) * known
    error = (pred - truth) * known
    return (
        (p * t).sum(dim=(0, 2)),
        (p * p).sum(dim=(0, 2)),
        (t * t).sum(dim=(0, 2)),
        (error * error).sum(dim=(0, 2)),
    )


def pearson(pred: Tensor, target: Tensor) -> Tensor:
    """Return one minus the correlation over samples and bins, averaged over tracks.

    A constant prediction or target has correlation 0. GOPHER's loss is this minus one.

    Args:
        pred: ``(n, n_tracks, n_bins)``.
        target: The same shape.
    """
    product, p2, t2, _ = moments(pred, target)
    return (1 - product / square_root((p2 * t2).clamp(min=TINY))).mean()


def r2(pred: Tensor, target: Tensor) -> Tensor:
    """Return one minus R²: squared error over the target's variance, averaged over tracks.

    A track whose target is constant in the batch has no R² and counts as 0.

    Args:
        pred: ``(n, n_tracks, n_bins)``.
        target: The same shape.
    """
    _, _, t2, error = moments(pred, target)
    varies = t2 > TINY
    return torch.where(varies, error / torch.where(varies, t2, 1.0), 0.0).mean()


def build_loss(spec: Loss) -> LossFunction:
    """Return the loss of a recipe as a function of prediction and target.

    >>> from zooctl.schema.recipe.losses import PoissonLoss
    >>> loss = build_loss(PoissonLoss(key="poisson_nll"))
    >>> float(loss(torch.ones(1, 1, 4), torch.zeros(1, 1, 4)))
    1.0
    """
    # By key, not by class, as in the recipe.
    if spec.key == "mse":
        return _weighted_mse(spec.track_weights, spec.signal_weight)
    if spec.key == "poisson_nll":
        return _poisson(spec.track_weights)
    if spec.key == "multinomial_nll":
        return _multinomial(spec.count_weight)
    if spec.key == "binary_cross_entropy":
        return _binary(spec.positive_weights, spec.track_weights)
    if spec.key == "categorical_cross_entropy":
        return _categorical(spec.n_classes, spec.class_weights)
    if spec.key == "pearson":
        return pearson
    if spec.key == "r2":
        return r2
    return _sum([(build_loss(term.loss), term.weight, term.tracks) for term in spec.terms])


def weights_like(values: Sequence[float] | None, like: Tensor) -> Tensor | None:
    """Return values of tracks or classes as a column ``(n, 1)`` on the device of ``like``."""
    return None if values is None else like.new_tensor(values)[:, None]


def _weighted_mse(track_weights: Sequence[float] | None, signal_weight: float) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        weight = 1 + signal_weight * known_or_zero(target)[0].abs()
        by_track = weights_like(track_weights, pred)
        return mse(pred, target, weight if by_track is None else weight * by_track)

    return loss


def _poisson(track_weights: Sequence[float] | None) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        return poisson_nll(pred, target, weights_like(track_weights, pred))

    return loss


def _multinomial(count_weight: float) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        shape = multinomial_nll(pred, target)
        return shape + count_weight * count_mse(pred, target) if count_weight else shape

    return loss


def _binary(
    positive_weights: Sequence[float] | None, track_weights: Sequence[float] | None
) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        positive = weights_like(positive_weights, pred)
        return binary_cross_entropy(pred, target, positive, weights_like(track_weights, pred))

    return loss


def _categorical(n_classes: int | None, class_weights: Sequence[float] | None) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        weights = None if class_weights is None else pred.new_tensor(class_weights)
        return categorical_cross_entropy(pred, target, n_classes, weights)

    return loss


def _sum(parts: Sequence[tuple[LossFunction, float, Sequence[int] | None]]) -> LossFunction:
    def loss(pred: Tensor, target: Tensor) -> Tensor:
        total = pred.new_zeros(())
        for part, weight, tracks in parts:
            some = slice(None) if tracks is None else slice(*tracks)
            total = total + weight * part(pred[:, some], target[:, some])
        return total

    return loss
