"""Contributions against references: DeepLIFT through tangermeme, or integrated gradients."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tangermeme.deep_lift_shap import _nonlinear, deep_lift_shap
from torch import Tensor

from zooctl.inference.device.session import one_hot
from zooctl.interpret.attribution.gradients import (
    Contributions,
    ReferencePairs,
    integrated_gradients,
    summarise_pairs,
)
from zooctl.interpret.attribution.network import Explained, LogOdds, device_of
from zooctl.interpret.attribution.references import shuffled_references
from zooctl.progress import Advance
from zooctl.sequence.onehot import Codes
from zooctl.training.nets.parts.layers import Exp, Gelu

# Elementwise modules of ours, which the rescale rule of the library fits as it does ReLU.
_RULES = dict.fromkeys((Exp, Gelu, LogOdds), _nonlinear)


@contextmanager
def _any_algorithm() -> Iterator[None]:
    """Allow the unpooling of the rule for maxima, which torch does not list as deterministic.

    It is where pools do not overlap, as in the networks of the zoo.
    """
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def multipliers_of_deeplift(net: Explained, pairs: ReferencePairs) -> Tensor:
    """Return DeepLIFT's multipliers of each window against its reference (rescale rule).

    Source: Shrikumar, Greenside and Kundaje 2017 (PMLR 70:3145-3153), as of tangermeme.
    """
    with _any_algorithm(), warnings.catch_warnings():
        # Deltas are computed, and told, by the caller; unknown bases are no one-hot.
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", UserWarning)
        found = deep_lift_shap(
            net,
            pairs.x,
            args=(pairs.weights,),
            references=pairs.references[:, None],
            batch_size=len(pairs.x),
            additional_nonlinear_ops=_RULES,
            raw_outputs=True,
            only_warn=True,
            device=pairs.x.device,
        )
    return cast(Tensor, found)[:, 0].to(pairs.x.device)


def against_references(
    net: Explained,
    windows: Codes,
    weights: NDArray[np.float32],
    method: Literal["deeplift", "integrated_gradients"],
    *,
    unknown_base: float,
    n_references: int,
    n_steps: int,
    seed: int,
    batch_size: int,
    advance: Advance,
) -> Contributions:
    """Return contributions of windows, each the mean over its shuffled references.

    Args:
        net: The network.
        windows: Codes ``(n, length)``.
        weights: Of the bins, ``(n, n_bins)``.
        method: Rule of the multipliers.
        unknown_base: Value of all channels at an unknown base.
        n_references: References of a window.
        n_steps: Points of the quadrature of integrated gradients.
        seed: Seed of the references.
        batch_size: Pairs at once.
        advance: Called with the number of pairs done.
    """
    n, length = windows.shape
    total = np.zeros((n, 4, length), dtype=np.float64)
    values, missed = np.zeros(n), np.zeros((n, 2))
    for rows, pairs in _pairs(net, windows, weights, unknown_base, n_references, seed, batch_size):
        found = (
            multipliers_of_deeplift(net, pairs)
            if method == "deeplift"
            else integrated_gradients(net, pairs, n_steps)
        )
        hypothetical, numbers, parts = summarise_pairs(net, pairs, found)
        np.add.at(total, rows, hypothetical)
        np.add.at(missed, rows, parts)
        values[rows] = numbers
        advance(len(rows))
    deltas = missed[:, 0] / np.maximum(missed[:, 1], 1e-12)
    return Contributions((total / n_references).astype(np.float32), values, deltas)


def _pairs(
    net: Explained,
    windows: Codes,
    weights: NDArray[np.float32],
    unknown_base: float,
    n_references: int,
    seed: int,
    batch_size: int,
) -> Iterator[tuple[NDArray[np.int64], ReferencePairs]]:
    """Yield batches of pairs, each with the index of its windows."""
    device = device_of(net)

    def tensor(array: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    group = max(1, batch_size // n_references)
    for first in range(0, len(windows), group):
        some = windows[first : first + group]
        references = shuffled_references(some, n_references, seed).reshape(-1, some.shape[1])
        index = np.repeat(np.arange(first, first + len(some)), n_references)
        for low in range(0, len(index), batch_size):
            rows = index[low : low + batch_size]
            yield (
                rows,
                ReferencePairs(
                    tensor(one_hot(windows[rows], unknown_base)),
                    tensor(one_hot(references[low : low + batch_size], unknown_base)),
                    tensor(weights[rows]),
                ),
            )
