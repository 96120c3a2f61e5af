"""Alternatives of references, predicted where they can differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.engine.compose import context_name
from zooctl.inference.engine.compose_alternative import REFERENCE, AlternativeComposer
from zooctl.inference.engine.cone import Cone
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import (
    Context,
    lay_spans,
    needed_bytes,
    read_codes,
    run_batch,
    run_each,
    runs_at_once,
)
from zooctl.inference.graph.front_back import CODES, SPANS
from zooctl.inference.options.hardware import On
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.onehot import Codes


class SharedAlternatives:
    """A network on sequences that differ from references within one range of bases.

    Args:
        network: The network.
        cone: What can differ (``FollowedNetwork.lay_out_cone``).
        n_sequences: Alternatives in a batch.
        summed: As of ``shared.SharedWindows``.
        device: As ``session.Session``.
        threads: As ``session.Session``.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        cone: Cone,
        n_sequences: int,
        *,
        summed: Transform | None = None,
        device: On = "auto",
        threads: int | None = None,
    ) -> None:
        self.cone = cone
        self.n_sequences = n_sequences
        self._bin_size = network.geometry.bin_size
        composer = AlternativeComposer(network.proto, network.positions, cone, n_sequences)
        composed = composer.compose(network.ends(summed))
        threads = threads or default_threads()
        at_once = runs_at_once(threads, needed_bytes(composed))
        self._graph = LoadedGraph(composed, device, threads, at_once=at_once)
        self._names = [
            context_name(number, kind)
            for number, patches in enumerate(cone.patches)
            for kind in patches
            if number
        ]

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        self._graph.interrupt()

    def run(
        self, codes: Codes, contexts: Sequence[Context], spans: NDArray[np.int32] | None
    ) -> NDArray[Any]:
        """Return what ``SharedWindows.predict`` or ``sums`` returns for alternatives.

        Args:
            codes: uint8 ``(n, span)``, any n but 0.
            contexts: Of each, that of its reference.
            spans: As of ``SharedWindows.sums``; None for predictions.
        """
        n = self.n_sequences

        def run(first: int) -> NDArray[Any]:
            some = codes[first : first + n]
            # The last context stands in for those that a full batch lacks.
            own = [contexts[min(first + row, len(codes) - 1)] for row in range(n)]
            feed: dict[str, NDArray[Any]] = {
                CODES: read_codes(some, self.cone.read, n),
                REFERENCE: _stack([one.predictions for one in own]),
            }
            for number, name in enumerate(self._names):
                feed[name] = _stack([one.rows[number] for one in own])
            if spans is not None:
                part = spans[first : first + n]
                feed[SPANS] = lay_spans(part, self.cone.layout, self._bin_size, n)
            (output,) = run_batch(self._graph, feed, n)
            filled: NDArray[Any] = output.swapaxes(0, 1)[: len(some)]
            return filled

        return np.concatenate(run_each(run, range(0, len(codes), n), self._graph.at_once))


def _stack(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return arrays ``(rows, …)`` of n sequences as ``(rows * n, …)``."""
    stacked = np.stack(arrays, axis=1)
    return stacked.reshape(-1, *stacked.shape[2:])
