"""A network of several inputs on a device: it predicts places of a genome, not sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.errors import InputError, UnsafeError, VerificationError
from zooctl.inference.device.check_precision import in_full
from zooctl.inference.device.machine import default_threads
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import one_hot, run_graph
from zooctl.inference.graph.structure import parse_model, refuse_unsafe
from zooctl.inference.options.hardware import On, Precision
from zooctl.inference.other_inputs.given_inputs import GivenInputs
from zooctl.sequence.onehot import Codes
from zooctl.sequence.windows import Geometry, Integers

SEQUENCE = "sequence"
"""Name of the one-hot input."""

_BATCH = 64


class SeveralInputs:
    """A network that reads signals per base, or values of a sample, beside the sequence.

    Args:
        model: Serialised ONNX model of the zoo's own making.
        geometry: Window lengths.
        n_tracks: Tracks that it predicts.
        unknown_base: Value of all four channels at an unknown base.
        given: The other inputs.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: CPU threads; every core by default.
        batch_size: Windows in a batch.

    Attributes:
        device: As it really runs.
        threads: CPU threads it runs with.
        batch_size: Windows in a batch.

    Raises:
        UnsafeError: The graph is refused.
        VerificationError: The graph's inputs are not those that its recipe states.
    """

    halved = False
    at_once = 1
    precision: Precision = "fp32"

    def __init__(
        self,
        model: bytes,
        *,
        geometry: Geometry,
        n_tracks: int,
        unknown_base: float,
        given: GivenInputs,
        device: On = "auto",
        threads: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        check_inputs(model, given.names)
        self.geometry, self.n_tracks = geometry, n_tracks
        self.unknown_base, self.given = unknown_base, given
        self.threads = default_threads() if threads is None else threads
        self.batch_size = batch_size or _BATCH
        self._graph = LoadedGraph(model, in_full(device), self.threads)
        self.device: Literal["cpu", "cuda"] = self._graph.device

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Refuse: the other inputs are measured at places of a genome.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "the model reads more than the sequence, so it predicts places of a genome",
            got=f"{len(codes)} sequences",
            hint="predict regions; --rc, motifs and variation scores are of sequences",
        )

    def at(self, parts: Sequence[tuple[str, Integers]]) -> PlacedWindows:
        """Return the network at grid windows of contigs, in the order of their codes."""
        return PlacedWindows(self, tuple(parts))

    def interrupt(self) -> None:
        """Have a prediction that runs in another thread end with an error at once."""
        self._graph.interrupt()

    def run(self, codes: Codes, others: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Predict windows with their other inputs.

        Raises:
            VerificationError: The output has another shape than the card states.
        """
        inputs = {SEQUENCE: one_hot(codes, self.unknown_base), **others}
        output: NDArray[np.float32] = self._graph.run(inputs)[0]
        expected = (len(codes), self.n_tracks, self.geometry.n_bins)
        if output.shape != expected:
            what = "the network's output has another shape than the card states"
            raise VerificationError(what, got=output.shape, expected=expected)
        return output


@dataclass(frozen=True)
class PlacedWindows:
    """The network at some windows of a genome.

    Attributes:
        network: The network.
        parts: Contig and its grid windows, in the order of the codes to predict.
    """

    network: SeveralInputs
    parts: tuple[tuple[str, Integers], ...]

    @property
    def batch_size(self) -> int:
        """Windows to a batch."""
        return self.network.batch_size

    @property
    def at_once(self) -> int:
        """Batches to predict side by side."""
        return self.network.at_once

    def predict(self, codes: Codes) -> NDArray[np.float32]:
        """Return ``(n, n_tracks, n_bins)`` for the codes of these windows."""
        geometry, given = self.network.geometry, self.network.given
        found = []
        for chrom, windows in self.parts:
            starts = geometry.input_starts(windows)
            found.append(given.values(chrom, starts, geometry.input_length))
        others = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
        return self.network.run(codes, others)

    def interrupt(self) -> None:
        """Have a prediction that runs in another thread end with an error at once."""
        self.network.interrupt()


def run_probe(
    model: bytes, codes: Codes, others: Mapping[str, NDArray[np.float32]], unknown_base: float
) -> NDArray[np.float32]:
    """Predict windows whose other inputs are given beside them, on the CPU.

    Args:
        model: A graph that ``check_inputs`` accepts.
        codes: Windows, ``(n, input_length)``.
        others: Values of each other input, ``(n, …)``.
        unknown_base: Value of all four channels at an unknown base.
    """
    return run_graph(model, {SEQUENCE: one_hot(codes, unknown_base), **others})


def check_inputs(model: bytes, others: Sequence[str]) -> None:
    """Check the operators of a graph of the zoo, and the names of its inputs.

    Args:
        model: Serialised ONNX model.
        others: Names of the inputs beside the sequence, in order.

    Raises:
        UnsafeError: The graph is refused.
        VerificationError: It has other inputs.
    """
    proto = parse_model(model)
    refuse_unsafe(proto)
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        raise UnsafeError("not a valid ONNX graph") from error
    got = [value.name for value in proto.graph.input]
    expected = [SEQUENCE, *others]
    if got != expected:
        what = "the graph's inputs are not those that the recipe states"
        raise VerificationError(what, got=", ".join(got), expected=", ".join(expected))
