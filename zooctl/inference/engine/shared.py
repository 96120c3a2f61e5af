"""Windows at fixed places of a sequence, predicted together from one reading of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.device.machine import BATCH_BYTES, default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.engine.compose import Composer
from zooctl.inference.engine.rows import Layout, Range, lay_out, plain_cost
from zooctl.inference.engine.segments import Segment, cut
from zooctl.inference.graph.front_back import CODES, SPANS
from zooctl.inference.graph.memory import peak_bytes
from zooctl.inference.graph.positions.follow import PositionMap, follow_positions
from zooctl.inference.options import Device
from zooctl.inference.session import pad_rows
from zooctl.schema.recipe.signals import Transform
from zooctl.sequence.onehot import Codes, N
from zooctl.sequence.windows import Geometry

LEAST_GAIN = 1.25
"""Multiplications of the plain path to those of this one, from which on this one is taken."""

# Positions that a segment reads beside each that it makes, from which on it is cut.
_EVERY = (None, 128, 32)
# Bases of the sequences in a batch by default.
_BATCH_BASES = 2**15
_MOST_SEQUENCES = 16


@dataclass(frozen=True)
class FollowedNetwork:
    """A network as its card describes it.

    Attributes:
        model: Serialised ONNX model of the zoo, which ``graph.check.compose`` accepts.
        geometry: Window lengths.
        n_tracks: Tracks.
        unknown_base: Value of all four channels at an unknown base.
    """

    model: bytes
    geometry: Geometry
    n_tracks: int
    unknown_base: float

    @cached_property
    def proto(self) -> onnx.ModelProto:
        """The parsed model."""
        parsed: onnx.ModelProto = onnx.ModelProto.FromString(self.model)
        return parsed

    @cached_property
    def positions(self) -> PositionMap:
        """The bases that each position reads."""
        return follow_positions(self.proto, self.geometry.input_length)

    @cached_property
    def chains(self) -> tuple[tuple[Segment, ...], ...]:
        """The network as a chain of segments, with few cuts or many."""
        return tuple(cut(self.positions, every) for every in _EVERY)

    def lay_out(self, offsets: Sequence[int], needed: Sequence[Range]) -> Layout:
        """Return the rows that windows share.

        Args:
            offsets: First base of each window in a sequence; the first or last is 0.
            needed: First and last bin (exclusive) that is asked for of each window, as many of
                each.
        """
        return lay_out(self.chains, offsets, needed)

    def gain(self, layout: Layout) -> float:
        """Return the multiplications of windows alone to those of a layout."""
        return len(layout.offsets) * plain_cost(self.chains[0]) / layout.cost


class SharedWindows:
    """A network on windows at fixed places of a sequence.

    Args:
        network: The network.
        layout: Rows that windows share (``FollowedNetwork.lay_out``).
        summed: Undo this transform of the target and sum within the graph: for ``sums`` in place
            of ``predict``.
        device: As ``session.Session``.
        threads: As ``session.Session``.
        batch_size: Windows in a batch, about; by default a number of sequences by their length.

    Attributes:
        layout: Rows that windows share.
        n_sequences: Sequences in a batch, which has one fixed shape. So a prediction has the same
            bits in every batch and beside all other sequences.

    Raises:
        InputError: Not enough memory, or no working device.
        VerificationError: onnxruntime cannot load it.
    """

    def __init__(
        self,
        network: FollowedNetwork,
        layout: Layout,
        *,
        summed: Transform | None = None,
        device: Device = "auto",
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.layout = layout
        self._network = network
        self._bin_size = network.geometry.bin_size
        self._span = max(layout.offsets) + network.geometry.input_length
        wanted = min(_MOST_SEQUENCES, _BATCH_BASES // self._span)
        if batch_size is not None:
            wanted = batch_size // len(layout.offsets)
        self.n_sequences, composed = self._fit(max(1, wanted), summed)
        self._graph = LoadedGraph(composed, device, threads or default_threads())

    def _fit(self, wanted: int, summed: Transform | None) -> tuple[int, bytes]:
        """Return how many sequences fit in memory, and their graph."""
        network = self._network
        for n in range(wanted, 0, -1):
            composed = Composer(network.proto, network.positions, self.layout, n).compose(
                geometry=network.geometry,
                n_tracks=network.n_tracks,
                unknown_base=network.unknown_base,
                summed=summed,
            )
            inferred = onnx.shape_inference.infer_shapes(onnx.ModelProto.FromString(composed))
            if n == 1 or peak_bytes(inferred.graph) <= BATCH_BYTES // 2:
                break
        return n, composed

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
        parts = [self._run({CODES: self._read(part)}) for part in self._parts(codes)]
        return self._joined(parts, len(codes))

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
        firsts = self._bin_size * np.array([low for low, _ in self.layout.needed])
        moved = (spans - firsts[:, None]).astype(np.int32)
        parts = []
        for part, span in zip(self._parts(codes), self._parts(moved), strict=True):
            rows = pad_rows(span, self.n_sequences, 0).swapaxes(0, 1).reshape(-1, 4)
            feed = {CODES: self._read(part), SPANS: np.ascontiguousarray(rows)}
            parts.append(self._run(feed))
        return self._joined(parts, len(codes))

    def _parts(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        n = self.n_sequences
        return [values[first : first + n] for first in range(0, len(values), n)]

    def _read(self, codes: Codes) -> Codes:
        """Return a full batch of the bases that the layout reads, N beyond the sequences."""
        low, high = self.layout.read
        inside = codes[:, max(low, 0) : min(high, self._span)]
        beyond = ((0, self.n_sequences - len(codes)), (max(0, -low), max(0, high - self._span)))
        read: Codes = np.pad(inside, beyond, constant_values=N)
        return np.ascontiguousarray(read)

    def _run(self, feed: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        try:
            (output,) = self._graph.run(feed)
        except MemoryError:
            raise InputError(
                f"not enough memory for {self.n_sequences} sequences at once",
                hint="try --batch-size 1, or --engine plain",
            ) from None
        return output.reshape(self.n_windows, self.n_sequences, *output.shape[1:])

    def _joined(self, parts: Sequence[NDArray[Any]], n: int) -> NDArray[Any]:
        """Return ``(n, n_windows, …)`` of batches with windows outside."""
        if not parts:
            (low, high), tracks = self.layout.needed[0], self._network.n_tracks
            return np.empty((0, self.n_windows, tracks, high - low), dtype=np.float32)
        return np.concatenate([part.swapaxes(0, 1) for part in parts])[:n]
