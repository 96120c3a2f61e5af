"""Predictions of windows alone and beside others, which must be the same.

A graph is tried once on a machine; a mark in the cache, named by the digest of the graph and of all
that the trial depends on, spares the next load.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.errors import InputError, UnsafeError
from zooctl.files.disk.cache import cache_folder, make_cache_folder
from zooctl.inference.graph.batch.batch_axis import Independence, follow_batch, mixes
from zooctl.sequence.onehot import Codes, N

Predict = Callable[[Codes], NDArray[Any]]
"""Predictions ``(n, ...)`` of windows ``(n, input_length)`` in one batch of exactly n."""

# Of the largest prediction; the last bits of float32 move with the shape of a batch.
RELATIVE = 1e-5
# Where the operators prove independence, and on GPUs: deep networks round more than shallow ones,
# and other shapes take other kernels, but a mean over a batch moves predictions by far more.
_RELATIVE_ROUNDED = 1e-3
# Raised when the rules of ``graph.batch`` or this trial change.
_VERSION = 1
_FOLDER = "graphs"
_SEED = 20160
_WINDOWS = 4


def draw_windows(input_length: int, n: int = _WINDOWS) -> Codes:
    """Return windows as different from each other as possible: few GC, many, one base, half N.

    >>> draw_windows(6, 4)[2:].tolist()
    [[0, 0, 0, 0, 0, 0], [4, 4, 4, 1, 1, 1]]
    """
    rng = np.random.Generator(np.random.PCG64(_SEED))
    gc = np.array([0.1, 0.9, 0.0, 0.5])[:n, None]
    draw = rng.random((2, n, input_length))
    codes = np.where(draw[0] < gc, 1 + (draw[1] < 0.5), 3 * (draw[1] < 0.5)).astype(np.uint8)
    codes[2:3] = 0
    codes[3:4, : input_length // 2] = N
    drawn: Codes = codes
    return drawn


def check_windows(
    predict: Predict, codes: Codes, known: Independence, *, gpu: bool = False
) -> None:
    """Compare predictions of windows together, in another order, in a smaller batch and alone.

    Args:
        predict: Runs the network.
        codes: Windows, different from each other; fewer than two prove nothing.
        known: Findings on its operators.
        gpu: Whether it runs on a GPU.

    Raises:
        VerificationError: They differ by more than 1e-5 of the largest (1e-3 where the operators
            prove independence, or on a GPU).
    """
    n = len(codes)
    if n < 2:
        return
    together = predict(codes)
    order = np.roll(np.arange(n), 1)[::-1]
    again = {"in another order": (order, predict(codes[order]))}
    for size in sorted({max(1, n // 2), 1}, reverse=True):
        parts = [predict(codes[at : at + size]) for at in range(0, n - n % size, size)]
        where = "alone" if size == 1 else f"in a batch of {size}"
        again[where] = (np.arange(n - n % size), np.concatenate(parts))
    finite = together[np.isfinite(together)]
    limit = RELATIVE if not (known.proven or gpu) else _RELATIVE_ROUNDED
    allowed = limit * float(np.abs(finite).max(initial=0.0))
    for where, (rows, got) in again.items():
        expected = together[rows]
        with np.errstate(invalid="ignore"):  # infinities of one sign
            same = (np.abs(got - expected) <= allowed) | (got == expected)
        same |= np.isnan(got) & np.isnan(expected)
        if not same.all():
            place = np.unravel_index(np.argmin(same), same.shape)
            hint = "model.eval() before the export; axis 0 is the batch in softmax, means and norms"
            if known.lost:
                hint += f"; the first operator that zooctl cannot follow is {known.lost}"
            raise mixes(f"{got[place]:.6g} {where}, {expected[place]:.6g} together", hint)


class ProbeTrial:
    """The mark of a graph in the cache.

    Args:
        model: Serialised ONNX model.
        input_length: Bases in a window.
        facts: All else that its predictions depend on.
    """

    def __init__(self, model: bytes, input_length: int, facts: tuple[object, ...]) -> None:
        self._model = model
        self._input_length = input_length
        text = repr((_VERSION, onnx.__version__, input_length, facts))
        digest = hashlib.sha256(text.encode() + hashlib.sha256(model).digest())
        self._name = digest.hexdigest()

    def is_passed(self) -> bool:
        """Return whether this user tried this graph before on this machine."""
        with contextlib.suppress(OSError, InputError):
            mark = (cache_folder() / _FOLDER / self._name).lstat()
            return not hasattr(os, "getuid") or mark.st_uid == os.getuid()
        return False

    def follow(self) -> Independence:
        """Follow the batch axis through the graph (``graph.batch.batch_axis``)."""
        return follow_batch(onnx.ModelProto.FromString(self._model), self._input_length)

    def keep(self) -> None:
        """Mark the graph; a cache that cannot be written costs another trial, nothing else."""
        with contextlib.suppress(OSError, InputError, UnsafeError):
            (make_cache_folder(_FOLDER) / self._name).touch(mode=0o600)
