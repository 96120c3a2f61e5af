"""Bins: runs of ``bin_size`` bases (or of smaller bins) along the last axis of an array.

NaN means "no value" and spreads to every bin that holds one, so a gap is never taken for a zero.
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


def rebin_mean(values: NDArray[Float], from_size: int, to_size: int) -> NDArray[Float]:
    """Return means over bins of ``from_size`` bp as means over bins of ``to_size`` bp.

    Every base carries the mean of its bin, so the result is exact where the sizes divide and the
    overlap-weighted mean where they do not. The total length in bp stays.

    Args:
        values: Means, ``(..., n_bins)``.
        from_size: Bin size of ``values`` in bp.
        to_size: Bin size of the result in bp.

    Raises:
        ValueError: The length in bp does not divide into bins of ``to_size``.

    >>> rebin_mean(np.array([1.0, 3.0, 5.0, 7.0]), 32, 64).tolist()
    [2.0, 6.0]
    >>> rebin_mean(np.array([2.0, 6.0]), 64, 32).tolist()
    [2.0, 2.0, 6.0, 6.0]
    """
    common = int(np.gcd(from_size, to_size))
    fine = np.repeat(values, from_size // common, axis=-1) if from_size > common else values
    return bin_mean(fine, to_size // common)
