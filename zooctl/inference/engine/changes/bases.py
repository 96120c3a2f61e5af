"""Changes of a window, each computed where its own base can change something."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.engine.changes.base_rows import BaseRows
from zooctl.inference.engine.changes.compose_bases import BaseComposer, columns_name, window_name
from zooctl.inference.engine.changes.windows import BLOCK, CHANGED, Way, Windows
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.shared import Context, needed_bytes, run_batch, runs_at_once
from zooctl.inference.graph.front_back import CODES
from zooctl.inference.options.predict_and_score import SessionOptions
from zooctl.sequence.onehot import BASES, Codes, N


class BaseChanges:
    """A network on windows and on their changes, each with rows of its own (``base_rows``).

    Args:
        network: The network.
        way: A chain and its rows.
        rows: Of its segments, for a replaced base.
        options: Device and threads; batches have a size of their own.

    Attributes:
        windows: As ``Changes``.
        at_once: As ``Changes``.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        way: Way,
        rows: tuple[BaseRows, ...],
        options: SessionOptions,
    ) -> None:
        self.windows = Windows(network, way, options, channels_last=True)
        self._rows = rows
        composer = BaseComposer(network.proto, network.positions, rows, CHANGED)
        composed = composer.compose(network.ends(None))
        threads = options.threads or default_threads()
        at_once = runs_at_once(threads, needed_bytes(composed))
        self._graph = LoadedGraph(composed, options.hardware(), threads, at_once=at_once)
        self.at_once = self._graph.at_once

    def predict(
        self,
        window: Codes,
        replaced: NDArray[np.int64],
        bases: NDArray[np.uint8],
        context: Context,
    ) -> NDArray[np.float32]:
        """Return the predictions of changes, as ``Changes`` does."""
        found = np.repeat(context.predictions, len(replaced), axis=0)
        # A change has one place in a batch, whatever is beside it: the third of its base's.
        choice = np.where(window[replaced] == N, bases, (bases - window[replaced] - 1) % len(BASES))
        batch, third = np.divmod(choice.astype(np.int64), len(BASES) - 1)
        places = (len(BASES) - 1) * (replaced % BLOCK) + third
        at = np.repeat(replaced[0] // BLOCK * BLOCK + np.arange(BLOCK), len(BASES) - 1)
        for number in np.unique(batch):
            (some,) = np.nonzero(batch == number)
            new = np.full(CHANGED, N, dtype=np.uint8)
            new[places[some]] = bases[some]
            (made,) = run_batch(self._graph, self._feed(window, at, new, context), CHANGED)
            self._fill(found, some, made[0, places[some]], replaced[some])
        return found

    def _feed(
        self, window: Codes, replaced: NDArray[np.int64], bases: NDArray[np.uint8], context: Context
    ) -> dict[str, NDArray[Any]]:
        """Return what the graph reads for a full batch."""
        first = self._rows[0]
        reads = first.reads(replaced)
        codes = window[np.clip(reads, 0, len(window) - 1)]
        feed: dict[str, NDArray[Any]] = {
            CODES: np.where(reads == replaced[:, None], bases[:, None], codes)
        }
        before = None
        for number, one in enumerate(self._rows):
            feed[columns_name(number)] = one.columns(replaced, before)
            if number:
                feed[window_name(number)] = context.rows[number - 1][0]
            before = one
        return feed

    def _fill(
        self,
        found: NDArray[np.float32],
        rows: NDArray[np.intp],
        made: NDArray[np.float32],
        replaced: NDArray[np.int64],
    ) -> None:
        """Put what rows made where it belongs."""
        last = self._rows[-1]
        if last.segment.reach is None:
            found[rows] = made
            return
        n_bins = found.shape[-1]
        for row, values, first in zip(rows, made, last.firsts(replaced).tolist(), strict=True):
            low, high = max(0, first), min(n_bins, first + last.made)
            if low < high:
                found[row, :, low:high] = values[:, low - first : high - first]
