"""One-hot by numpy, the independent definition that graphs and tensors are compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zooctl.sequence.onehot import Codes, N


def to_onehot(codes: Codes, unknown_base: float) -> NDArray[np.float32]:
    """Codes ``(n, length)`` as one-hot ``(n, 4, length)``, ``unknown_base`` in all four for N."""
    channels = np.arange(4, dtype=np.uint8)
    onehot: NDArray[np.float32] = (codes[:, None, :] == channels[:, None]).astype(np.float32)
    onehot += (codes == N)[:, None, :] * np.float32(unknown_base)
    return onehot
