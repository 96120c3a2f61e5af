"""Gradients of a network's number, and integrals of them from references, through captum."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import torch
from captum.attr import IntegratedGradients, Saliency
from numpy.typing import NDArray
from tangermeme.deep_lift_shap import hypothetical_attributions
from torch import Tensor

from zooctl.interpret.attribution.network import Explained, device_of
from zooctl.progress import Advance

Floats = NDArray[np.float32]


class Contributions(NamedTuple):
    """Contributions of every base that could stand at each position.

    Attributes:
        hypothetical: float32 ``(n, 4, length)``.
        values: The numbers explained, ``(n,)``.
        deltas: Share of the difference from the references that contributions miss, ``(n,)``; NaN
            for methods without references.
    """

    hypothetical: Floats
    values: NDArray[np.float64]
    deltas: NDArray[np.float64]


def gradients(
    net: Explained, x: Floats, weights: Floats, batch_size: int, advance: Advance
) -> Contributions:
    """Return the gradient of each window's number by each base.

    Args:
        net: The network.
        x: One-hot ``(n, 4, length)``.
        weights: Of the bins, ``(n, n_bins)``.
        batch_size: Windows at once.
        advance: Called with the number of windows done.
    """
    saliency, device = Saliency(net), device_of(net)
    found, values = [], []
    for first in range(0, len(x), batch_size):
        rows = torch.from_numpy(x[first : first + batch_size]).to(device).requires_grad_()
        bins = torch.from_numpy(weights[first : first + batch_size]).to(device)
        found.append(_array(saliency.attribute(rows, 0, abs=False, additional_forward_args=bins)))
        with torch.no_grad():
            values.append(_array(net(rows, bins))[:, 0])
        advance(len(rows))
    none = np.full(len(x), np.nan)
    return Contributions(np.concatenate(found), np.concatenate(values).astype(np.float64), none)


def centred(hypothetical: Floats) -> Floats:
    """Take off the mean over the four bases at each position.

    One-hot sequences lie where the four channels sum to one, and the part of a gradient that leaves
    this plane says nothing of any sequence (Majdandzic, Rajesh and Koo 2023,
    doi:10.1186/s13059-023-02956-3).
    """
    mean: Floats = hypothetical.mean(axis=1, keepdims=True, dtype=np.float32)
    return hypothetical - mean


class ReferencePairs(NamedTuple):
    """Windows beside references, a row a pair.

    Attributes:
        x: One-hot windows ``(pairs, 4, length)``.
        references: One-hot references, likewise.
        weights: Of the bins, ``(pairs, n_bins)``.
    """

    x: Tensor
    references: Tensor
    weights: Tensor


def integrated_gradients(net: Explained, pairs: ReferencePairs, n_steps: int) -> Tensor:
    """Return the mean gradient on the straight line from each reference to its window.

    Args:
        net: The network.
        pairs: Windows and references.
        n_steps: Points of the quadrature.
    """
    integral = IntegratedGradients(net, multiply_by_inputs=False)
    found = integral.attribute(
        pairs.x,
        pairs.references,
        0,
        additional_forward_args=pairs.weights,
        n_steps=n_steps,
        internal_batch_size=max(len(pairs.x), 64),
    )
    return cast(Tensor, found).to(torch.float32)


def summarise_pairs(
    net: Explained, pairs: ReferencePairs, multipliers: Tensor
) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
    """Return hypothetical contributions, the windows' numbers, and the shares that are missed.

    A multiplier is a contribution per change of a base. The contribution of a base that could stand
    at a position is that of replacing the reference's base by it.
    """
    with torch.no_grad():
        value, reference = (net(side, pairs.weights)[:, 0].double() for side in pairs[:2])
        change = ((pairs.x - pairs.references) * multipliers).double().sum(dim=(1, 2))
        (hypothetical,) = hypothetical_attributions((multipliers,), (pairs.x,), (pairs.references,))
    return (
        _array(hypothetical),
        _array(value),
        np.stack(
            [_array((value - reference - change).abs()), _array((value - reference).abs())], axis=1
        ),
    )


def _array(tensor: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = tensor.detach().cpu().numpy()
    return found
