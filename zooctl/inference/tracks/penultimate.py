"""The input of a graph's last layer with weights, for any entry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.inference.device.runtime import LoadedGraph
from zooctl.inference.device.session import one_hot
from zooctl.inference.graph.cut import cut_behind
from zooctl.inference.model import OpenModel
from zooctl.inference.other_inputs.several_inputs import SeveralInputs
from zooctl.progress import Progress, no_progress
from zooctl.sequence.onehot import Codes, reverse_complement
from zooctl.sequence.windows import Geometry

_LAYERS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, eq=False)
class Penultimate:
    """A network up to the input of its last layer.

    Attributes:
        graph: Serialised ONNX model.
        input_name: Its input.
        tensor: Name of the tensor in the entry's graph.
        unknown_base: Value of all channels at an unknown base.
        batch_size: Windows at once.
        channels_last: Whether features are the tensor's last axis, and not the one after windows.
        threads: CPU threads.
    """

    graph: bytes
    input_name: str
    tensor: str
    unknown_base: float
    batch_size: int
    channels_last: bool = False
    threads: int = 1

    def embed(
        self, codes: Codes, *, rc: bool = False, progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Return the embeddings of windows, ``(n, features)``; of positions the mean.

        Args:
            codes: ``(n, input_length)``.
            rc: Average over both strands.
            progress: Opens the progress display.
        """
        parts = []
        with progress(len(codes), "windows", "embeddings") as advance:
            for first in range(0, len(codes), self.batch_size):
                some = codes[first : first + self.batch_size]
                strands = [self.positions(some)]
                if rc:
                    strands.append(self.positions(reverse_complement(some)))
                means = [one.mean(axis=2) for one in strands]
                parts.append(np.mean(means, axis=0, dtype=np.float32))
                advance(len(some))
        return np.concatenate(parts)

    @cached_property
    def _loaded(self) -> LoadedGraph:
        return LoadedGraph(self.graph, "cpu", threads=self.threads)

    def positions(self, codes: Codes) -> NDArray[np.float32]:
        """Return the activations of a batch, ``(n, features, positions)``; of a dense layer one.

        Args:
            codes: ``(n, input_length)``.
        """
        found = self.raw(codes)
        if self.channels_last:
            found = np.moveaxis(found, -1, 1)
        return found.reshape(*found.shape[:2], -1)

    def raw(self, codes: Codes) -> NDArray[np.float32]:
        """Return the tensor as the graph has it, for a batch of codes ``(n, input_length)``."""
        (found,) = self._loaded.run({self.input_name: one_hot(codes, self.unknown_base)})
        return found


def covered_length(geometry: Geometry, n: int) -> int:
    """Return the bases that n positions stand for: the output's, if they are its bins."""
    return geometry.output_length if n == geometry.n_bins else geometry.input_length


def penultimate(model: OpenModel, threads: int = 1) -> Penultimate:
    """Return a model's network up to the input of its last layer with weights.

    Args:
        model: The model.
        threads: CPU threads that activations are computed with.

    Raises:
        InputError: It reads more than the sequence, or has one layer alone.
    """
    if isinstance(model.session, SeveralInputs):
        raise InputError(f"{model.card.name} reads more than the sequence")
    proto = onnx.ModelProto.FromString(model.graph)
    constants = {one.name: one for one in proto.graph.initializer}
    (name,) = [one.name for one in proto.graph.input if one.name not in constants]
    last = _last_layer(proto, constants, name)
    if last is None or last.input[0] == name:
        raise InputError(f"{model.card.name} has no layer before its last one", expected="two")
    tensor, size = last.input[0], min(32, model.session.batch_size)
    return Penultimate(
        cut_behind(proto, tensor),
        name,
        tensor,
        model.card.unknown_base,
        size,
        channels_last=last.op_type == "MatMul",
        threads=threads,
    )


def _last_layer(
    proto: onnx.ModelProto, constants: dict[str, onnx.TensorProto], name: str
) -> onnx.NodeProto | None:
    """Return the last node that multiplies a tensor of the sequence by a matrix of weights."""
    of_sequence = {name}
    found = None
    for node in proto.graph.node:
        if not of_sequence.intersection(node.input) or node.op_type == "Shape":
            continue  # such as a background that is the same everywhere
        of_sequence.update(node.output)
        if node.op_type not in _LAYERS or node.input[0] not in of_sequence:
            continue
        # Weights may be made of constants, as a kernel by a further axis.
        weights = node.input[1]
        if weights in of_sequence or (weights in constants and len(constants[weights].dims) < 2):
            continue
        found = node
    return found
