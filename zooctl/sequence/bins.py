"""Bins of ``bin_size`` bases (or of smaller bins) along the last axis of an array.

NaN means "no value" and spreads to its whole bin, so that a gap never counts as zero.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating)


def _split(values: NDArray[Float], bin_size: int) -> NDArray[Float]:
    length = values.shape[-1]
    if bin_size < 1 or length % bin_size:
        raise ValueError(f"{length} values do not divide into bins of {bin_size}")
    return values.reshape(*values.shape[:-1], length // bin_size, bin_size)


def bin_mean(values: NDArray[Float], bin_size: int) -> NDArray[Float]:
    """Return the mean of each bin: ``(..., length)`` to ``(..., length / bin_size)``.

    Raises:
        ValueError: ``bin_size`` does not divide the length.

    >>> bin_mean(np.array([0.0, 2.0, 4.0, 6.0]), 2).tolist()
    [1.0, 5.0]
    """
    result: NDArray[Float] = _split(values, bin_size).mean(axis=-1)
    return result


def bin_sum(values: NDArray[Float], bin_size: int) -> NDArray[Float]:
    """Return the sum of each bin: ``(..., length)`` to ``(..., length / bin_size)``.

    Raises:
        ValueError: ``bin_size`` does not divide the length.

    >>> bin_sum(np.array([0.0, 2.0, 4.0, 6.0]), 2).tolist()
    [2.0, 10.0]
    """
    result: NDArray[Float] = _split(values, bin_size).sum(axis=-1)
    return result
