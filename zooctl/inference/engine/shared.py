"""Windows at fixed places of a sequence, predicted together from one reading of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.device.machine import BATCH_BYTES, default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import pad_rows
from zooctl.inference.device.threaded import side_by_side
from zooctl.inference.engine.compose import Composer
from zooctl.inference.engine.cone import Cone
from zooctl.inference.engine.network import FollowedNetwork
from zooctl.inference.engine.rows import Layout
from zooctl.inference.graph.front_back import CODES, SPANS
from zooctl.inference.graph.memory import peak_bytes
from zooctl.inference.options.hardware import On
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.onehot import Codes, N

Array = NDArray[Any]
Result = TypeVar("Result")

# Bases of the sequences in a batch by default.
_BATCH_BASES = 2**15
_MOST_SEQUENCES = 16


class Context(NamedTuple):
    """What alternatives read of one reference: its predictions, and parts of its rows."""

    predictions: NDArray[np.float32]
    rows: tuple[NDArray[np.float32], ...]

    @property
    def n_bytes(self) -> int:
        """Its size."""
        return self.predictions.nbytes + sum(one.nbytes for one in self.rows)


class SharedWindows:
    """A network on windows at fixed places of a sequence.

    Args:
        network: The network.
        layout: Rows that windows share (``FollowedNetwork.lay_out``).
        cone: The cone of a change in this layout, for ``references``.
        summed: Undo this transform of the target and sum within the graph: for ``sums`` in place
            of ``predict``.
        device: As ``session.Session``.
        threads: As ``session.Session``.
        batch_size: Windows in a batch, about; by default a number of sequences by their length.

    Attributes:
        layout: Rows that windows share.
        n_sequences: Sequences in a batch, which has one fixed shape. So a prediction has the same
            bits in every batch and beside all other sequences.
        at_once: Batches to run side by side, each on threads of its own: small batches gain more
            by that than operators gain by several threads.

    Raises:
        InputError: Not enough memory, or no working device.
        VerificationError: onnxruntime cannot load it.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        layout: Layout,
        *,
        cone: Cone | None = None,
        summed: Transform | None = None,
        device: On = "auto",
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.layout = layout
        self._summed = summed is not None
        self._empty: tuple[int, ...] = (network.n_tracks,)
        if summed is None:
            self._empty += (layout.needed[0][1] - layout.needed[0][0],)
        self._bin_size = network.geometry.bin_size
        self._span = max(layout.offsets) + network.geometry.input_length
        wanted = min(_MOST_SEQUENCES, _BATCH_BASES // self._span)
        if batch_size is not None:
            wanted = batch_size // len(layout.offsets)
        for n in range(max(1, wanted), 0, -1):
            composer = Composer(network.proto, network.positions, layout, n)
            composed = composer.compose(network.ends(summed), cone)
            n_bytes = needed_bytes(composed)
            # Several are to run side by side.
            if n == 1 or n_bytes <= BATCH_BYTES // 8:
                break
        self.n_sequences = n
        threads = threads or default_threads()
        at_once = runs_at_once(threads, n_bytes)
        self._graph = LoadedGraph(composed, device, threads, at_once=at_once)
        self.at_once = self._graph.at_once

    @property
    def n_windows(self) -> int:
        """Windows of a sequence."""
        return len(self.layout.offsets)

    @property
    def span(self) -> int:
        """Bases of a sequence, from the first base of its windows to the last."""
        return self._span

    def interrupt(self) -> None:
        """Make the prediction that runs in another thread, and every later one, fail at once."""
        self._graph.interrupt()

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Return the bins that the layout asks for, before any inverse of the target's transform.

        Args:
            codes: uint8 ``(n, span)``, any n.

        Returns:
            float32 ``(n, n_windows, n_tracks, bins)``; of window k the bins from
            ``layout.needed[k][0]`` on.
        """
        return self._join([outputs[0] for outputs in self._run(codes, None)], len(codes))

    def sums(self, codes: Codes, spans: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return sums of predictions over bases, the transform of the target undone.

        Args:
            codes: uint8 ``(n, span)``, any n.
            spans: Of each window starts of two stretches, then their ends, ``(n, n_windows, 4)``:
                half-open, in bp from the window's first predicted base, within the bins that the
                layout asks for.

        Returns:
            ``(n, n_windows, n_tracks)``.
        """
        return self._join([outputs[0] for outputs in self._run(codes, spans)], len(codes))

    def references(
        self, codes: Codes, spans: NDArray[np.int32] | None
    ) -> tuple[Array, list[Context]]:
        """Return what ``predict`` or ``sums`` returns, and of each sequence what a cone reads."""
        found: list[Array] = []
        contexts: list[Context] = []
        for outputs in self._run(codes, spans):
            found.append(outputs[0])
            predictions, *rows = outputs[1:] if self._summed else outputs
            contexts += [
                Context(predictions[:, row].copy(), tuple(one[:, row].copy() for one in rows))
                for row in range(min(self.n_sequences, len(codes) - len(contexts)))
            ]
        return self._join(found, len(codes)), contexts

    def _run(self, codes: Codes, spans: NDArray[np.int32] | None) -> list[list[Array]]:
        """Return the outputs of batches, each ``(rows, n_sequences, …)``."""
        n = self.n_sequences

        def run(first: int) -> list[Array]:
            feed: dict[str, Array] = {
                CODES: read_codes(codes[first : first + n], self.layout.read, n)
            }
            if spans is not None:
                feed[SPANS] = lay_spans(spans[first : first + n], self.layout, self._bin_size, n)
            return run_batch(self._graph, feed, n)

        return run_each(run, range(0, len(codes), n), self.at_once)

    def _join(self, batches: Sequence[Array], n: int) -> Array:
        """Return ``(n, n_windows, …)`` of batches with windows outside."""
        if not batches:
            kind = np.float64 if self._summed else np.float32
            return np.empty((0, self.n_windows, *self._empty), dtype=kind)
        return np.concatenate([one.swapaxes(0, 1) for one in batches])[:n]


def needed_bytes(composed: bytes) -> int:
    """Return the memory that a run of a graph takes."""
    inferred = onnx.shape_inference.infer_shapes(onnx.ModelProto.FromString(composed))
    return peak_bytes(inferred.graph)


def runs_at_once(threads: int, n_bytes: int) -> int:
    """Return the runs to start side by side: one for each thread that memory suffices for.

    >>> runs_at_once(4, 2**25), runs_at_once(16, 2**28), runs_at_once(16, 2**31)
    (4, 4, 1)
    """
    return max(1, min(threads, BATCH_BYTES // 2 // max(1, n_bytes)))


def run_each(run: Callable[[int], Result], firsts: Sequence[int], at_once: int) -> list[Result]:
    """Return the results of batches by their first sequences; a single one needs no thread."""
    return [result for _, result in side_by_side(run, firsts, min(at_once, len(firsts) or 1))]


def read_codes(codes: Codes, read: tuple[int, int], n: int) -> Codes:
    """Return a full batch of the bases between two places, N beyond the sequences.

    >>> read_codes(np.array([[0, 1, 2]], dtype=np.uint8), (-1, 2), 2).tolist()
    [[4, 0, 1], [4, 4, 4]]
    """
    low, high = read
    span = codes.shape[1]
    inside = slice(max(low, 0), min(high, span))
    found = np.full((n, high - low), N, dtype=np.uint8)
    found[: len(codes), inside.start - low : inside.stop - low] = codes[:, inside]
    return found


def lay_spans(spans: NDArray[np.int32], layout: Layout, bin_size: int, n: int) -> NDArray[np.int32]:
    """Return the spans of a full batch, windows outside, from each window's first needed bin."""
    firsts = bin_size * np.array([low for low, _ in layout.needed])
    moved = (spans - firsts[:, None]).astype(np.int32)
    return np.ascontiguousarray(pad_rows(moved, n, 0).swapaxes(0, 1).reshape(-1, 4))


def run_batch(graph: LoadedGraph, feed: Mapping[str, Array], n: int) -> list[Array]:
    """Return a graph's outputs, rows and sequences on axes of their own."""
    try:
        outputs = graph.run(feed)
    except MemoryError:
        raise InputError(
            f"not enough memory for {n} sequences at once",
            hint="try --batch-size 1, or --engine plain",
        ) from None
    return [one.reshape(-1, n, *one.shape[1:]) for one in outputs]
