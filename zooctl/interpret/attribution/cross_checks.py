"""Checks of importances: random weights, which must end them, and another method.

Source of the first: Adebayo et al. 2018 (Sanity checks for saliency maps, NeurIPS 31).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.model import OpenModel
from zooctl.interpret.attribution.attribute import Attributions, attribute
from zooctl.interpret.attribution.methods import has_network
from zooctl.interpret.attribution.target import target_of
from zooctl.interpret.options import AttributeOptions, Method
from zooctl.progress import Progress, no_progress
from zooctl.sequence.onehot import Codes


class CrossChecks(NamedTuple):
    """Spearman's correlations of importances, the median over regions.

    Attributes:
        other_method: The other method.
        agreement: With the other method.
        random_weights: With the same method on a network of random weights; near 0 where
            importances are of what was learnt.
    """

    other_method: Method
    agreement: float
    random_weights: float


def spearman(one: NDArray[np.floating], two: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row, ``(n,)``; ties in their order.

    >>> spearman(np.array([[1.0, 2, 3, 9]]), np.array([[1.0, 4, 9, 99]])).tolist()
    [1.0]
    """
    ranks = [np.argsort(np.argsort(side, axis=1), axis=1).astype(float) for side in (one, two)]
    first, second = (side - side.mean(axis=1, keepdims=True) for side in ranks)
    norms = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    found: NDArray[np.float64] = (first * second).sum(axis=1) / np.maximum(norms, 1e-12)
    return found


def cross_check(
    model: OpenModel,
    windows: Sequence[str] | Codes,
    found: Attributions,
    *,
    bins: NDArray[np.int64] | None = None,
    span: tuple[int, int] | None = None,
    options: AttributeOptions,
    progress: Progress = no_progress,
) -> CrossChecks:
    """Compare importances with those of another method, and of a network of random weights.

    Args:
        model: The model.
        windows: The windows that ``found`` is of.
        found: Their importances.
        bins: As of ``attribute.attribute``.
        span: Likewise.
        options: Likewise.
        progress: Opens the progress displays.

    Raises:
        InputError: The entry has no torch network.
    """
    from zooctl.interpret.attribution.network import open_network, randomise

    if not has_network(model):
        raise InputError(
            f"{model.card.name} has a graph and no torch network, so no cross-checks",
            expected="an entry with a recipe",
        )
    other: Method = "input_x_gradient" if found.method == "deeplift" else "deeplift"
    by_torch: Method = other if found.method == "ism" else found.method

    def again(method: Method, random: bool) -> Attributions:
        network = open_network(model, target_of(model.card, options.track))
        if random:
            randomise(network.modules(), options.seed)
        return attribute(
            model,
            windows,
            method,
            track=options.track,
            bins=bins,
            span=span,
            options=replace(options, method=method),
            network=network,
            progress=progress,
        )

    second = again(other, random=False)
    learnt = second if found.method == "ism" else found
    noise = again(by_torch, random=True)
    return CrossChecks(
        other,
        float(np.median(spearman(found.importance, second.importance))),
        float(np.median(spearman(learnt.importance, noise.importance))),
    )
