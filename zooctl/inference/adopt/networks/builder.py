"""A graph that is built layer by layer; its weights are named tensors of published files.

A graph without weights holds the names and shapes of those tensors alone, so that it can be shipped
where its weights cannot: ``files.weights.onnx_weights.put_weights`` fills it.

Values along the sequence are ``(batch, channels, positions)``. A convolution that the authors
padded to equal length is computed without padding where a crop follows that is at least as wide:
each value remembers how many positions it lacks on both sides, and the crop takes off the rest.
Padding is never seen by what is left, so the numbers are the same, and the work is less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from zooctl.errors import InputError

OPSET = 20
IR_VERSION = 10
INPUT, OUTPUT = "sequence", "tracks"
_SAME_AT_BOTH_ENDS = "a convolution of even width cannot be left unpadded"


class Value(NamedTuple):
    """A value of the graph.

    Attributes:
        name: Its name.
        lacks: Positions left out on each side, against the authors' value.
        fixed: What it always is, ``(1, channels)``; None if it depends on the sequence.
    """

    name: str
    lacks: int = 0
    fixed: NDArray[np.float32] | None = None


class GraphBuilder:
    """Collects nodes, names of weights and constants of one graph.

    Args:
        unpadded: Leave out padding that a later crop takes off.
    """

    def __init__(self, *, unpadded: bool = False) -> None:
        self.unpadded = unpadded
        self._nodes: list[NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}
        self._constants: dict[tuple[bytes, tuple[int, ...], int], str] = {}
        self._n = 0

    def weight(self, name: str, shape: Sequence[int], axes: Sequence[int] | None = None) -> str:
        """Return the value of a published tensor, its axes in another order if asked for.

        Args:
            name: Its name, unique in the graph.
            shape: Its published shape.
            axes: For each axis of the value, the index of the published axis.
        """
        if name not in self._tensors:
            self._tensors[name] = TensorProto(
                name=name, data_type=TensorProto.FLOAT, dims=list(shape)
            )
        if axes is None or list(axes) == sorted(axes):
            return name
        return self.add("Transpose", name, perm=list(axes))

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        """Return a constant; equal ones are one."""
        made = numpy_helper.from_array(np.ascontiguousarray(value))
        key = (made.raw_data, tuple(made.dims), made.data_type)
        if key in self._constants:
            return self._constants[key]
        made.name = self._constants[key] = f"constant/{len(self._constants)}"
        self._tensors[made.name] = made
        return str(made.name)

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return its output."""
        self._n += 1
        output = f"{op.lower()}_{self._n}"
        self._nodes.append(helper.make_node(op, list(inputs), [output], name=output, **attributes))
        return output

    def conv(
        self,
        x: Value,
        kernel: str,
        bias: str | None,
        *,
        width: int,
        dilation: int = 1,
        stride: int = 1,
        same: bool = True,
        group: int = 1,
    ) -> Value:
        """Add a convolution along positions.

        Args:
            x: ``(batch, channels, positions)``.
            kernel: ``(filters, channels / group, width)``.
            bias: ``(filters,)``.
            width: Taps.
            dilation: Distance of taps.
            stride: Distance of outputs.
            same: As many positions out as in (zeros outside), as the authors pad.
            group: Groups of channels.

        Raises:
            InputError: It cannot be left unpadded.
        """
        reach = (width - 1) * dilation
        before = reach // 2
        if same and stride > 1:
            raise InputError("a padded convolution with a stride", got=stride, expected=1)
        if same and self.unpadded and reach % 2:
            raise InputError(_SAME_AT_BOTH_ENDS, got=width)
        # Of an even width, Keras has the odd zero at the end.
        pads = [before, reach - before] if same and not self.unpadded else [0, 0]
        inputs = [x.name, kernel, *([bias] if bias else [])]
        facts = {"dilations": [dilation], "strides": [stride], "group": group, "pads": pads}
        output = self.add("Conv", *inputs, kernel_shape=[width], **facts)
        return Value(output, x.lacks + (before if same and self.unpadded else 0))

    def crop(self, x: Value, positions: int) -> Value:
        """Take positions off both sides.

        Raises:
            InputError: More are missing already.
        """
        if positions < x.lacks:
            raise InputError(
                "a crop that shows padding", got=f"{positions} bp", expected=f"{x.lacks} bp"
            )
        return Value(self._cut(x.name, positions - x.lacks), 0)

    def _cut(self, name: str, positions: int) -> str:
        if not positions:
            return name
        ends = (self.constant(np.array([end])) for end in (positions, -positions, 2))
        return self.add("Slice", name, *ends)

    def join(self, op: str, *values: Value, **attributes: Any) -> Value:
        """Add an operator of several values along the sequence, cut to the shortest."""
        lacks = max(value.lacks for value in values)
        names = (self._cut(value.name, lacks - value.lacks) for value in values)
        return Value(self.add(op, *names, **attributes), lacks)

    def each(self, op: str, x: Value, *others: str, **attributes: Any) -> Value:
        """Add an operator that leaves positions as they are."""
        return Value(self.add(op, x.name, *others, **attributes), x.lacks)

    def batch_norm(self, x: Value, parts: Sequence[str], epsilon: float) -> Value:
        """Add a normalisation by scale, shift, mean and variance of training."""
        return self.each("BatchNormalization", x, *parts, epsilon=epsilon)

    def finish(
        self, output: Value, n_tracks: int, *, input_length: int | None, n_bins: int | None
    ) -> bytes:
        """Return the graph without weights, as ONNX.

        Args:
            output: ``(batch, n_tracks, n_bins)``.
            n_tracks: Tracks.
            input_length: Bases that it reads; None for any number.
            n_bins: Values a track; None where it follows from the input.

        Raises:
            InputError: The output lacks positions that no crop took off.
        """
        if output.lacks:
            raise InputError("the network is not cropped", got=f"{output.lacks} bp of padding")
        self._nodes.append(helper.make_node("Identity", [output.name], [OUTPUT], name="tracks"))
        sizes = (4, input_length or "length"), (n_tracks, n_bins or "bins")
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *inner])
            for name, inner in zip((INPUT, OUTPUT), sizes, strict=True)
        ]
        read = {name for node in self._nodes for name in node.input}
        tensors = [tensor for name, tensor in self._tensors.items() if name in read]
        graph = helper.make_graph(self._nodes, "network", ends[:1], ends[1:], tensors)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        model.producer_name = ""
        return bytes(model.SerializeToString(deterministic=True))


def opset_of(model: bytes) -> int:
    """Return the version of the operator set of a graph."""
    return int(onnx.ModelProto.FromString(model).opset_import[0].version)
