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
    """

    graph: bytes
    input_name: str
    tensor: str
    unknown_base: float
    batch_size: int

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
                strands = [self._run(some)]
                if rc:
                    strands.append(self._run(reverse_complement(some)))
                parts.append(np.mean(strands, axis=0, dtype=np.float32))
                advance(len(some))
        return np.concatenate(parts)

    @cached_property
    def _loaded(self) -> LoadedGraph:
        return LoadedGraph(self.graph, "cpu", threads=1)

    def _run(self, codes: Codes) -> NDArray[np.float32]:
        (found,) = self._loaded.run({self.input_name: one_hot(codes, self.unknown_base)})
        # Channels come first in a convolution; a dense layer has no positions.
        mean: NDArray[np.float32] = found.reshape(*found.shape[:2], -1).mean(axis=2)
        return mean


def penultimate(model: OpenModel) -> Penultimate:
    """Return a model's network up to the input of its last layer with weights.

    Raises:
        InputError: It reads more than the sequence, or has one layer alone.
    """
    if isinstance(model.session, SeveralInputs):
        raise InputError(f"{model.card.name} reads more than the sequence")
    proto = onnx.ModelProto.FromString(model.graph)
    constants = {one.name: one for one in proto.graph.initializer}
    (name,) = [one.name for one in proto.graph.input if one.name not in constants]
    tensor = _last_input(proto, constants, name)
    if tensor is None or tensor == name:
        raise InputError(f"{model.card.name} has no layer before its last one", expected="two")
    size = min(32, model.session.batch_size)
    return Penultimate(cut_behind(proto, tensor), name, tensor, model.card.unknown_base, size)


def _last_input(
    proto: onnx.ModelProto, constants: dict[str, onnx.TensorProto], name: str
) -> str | None:
    """Return the tensor of the sequence that the last node with a matrix of weights reads."""
    of_sequence = {name}
    found = None
    for node in proto.graph.node:
        own = [one for one in node.input if one in of_sequence]
        if not own or node.op_type == "Shape":
            continue  # such as a background that is the same everywhere
        of_sequence.update(node.output)
        weights = [constants[one] for one in node.input if one in constants]
        if node.op_type in _LAYERS and any(len(one.dims) > 1 for one in weights):
            found = own[0]
    return found
