"""Models of DeepBind as one graph: one track a model, all of them packed into few convolutions.

Alipanahi et al. 2015 (doi:10.1038/nbt.3300), by the rules of its released program: detectors scan a
sequence that is padded with unknown bases (a quarter of each), what exceeds a threshold is pooled,
by maximum or by maximum and mean, and one or two layers make the score. A sequence of more than one
and a half detectors is scored by its best window of that length, and on both strands if the model
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zooctl.files.weights.published import tensor_name
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value

Tensors = Mapping[str, NDArray[np.float32]]

_UNKNOWN = 0.25
_WINDOW = 1.5  # detectors


class _Kind(NamedTuple):
    """Counts that models have in common, which makes them groups of one convolution."""

    both_strands: bool
    n_detectors: int
    length: int
    has_mean: bool
    n_hidden: int

    @classmethod
    def of(cls, tensors: Tensors) -> _Kind:
        def count(name: str) -> int:
            return int(tensors[name][0])

        return cls(
            bool(count("reverse_complement")),
            count("num_detectors"),
            count("detector_len"),
            bool(count("has_avg_pooling")),
            count("num_hidden"),
        )


def deepbind_graph(models: Mapping[str, Tensors], input_length: int) -> bytes:
    """Return models as one graph without weights.

    Args:
        models: Name of each model's file to its tensors (``files.weights.deepbind``), of which
            only the counts are used.
        input_length: Bases of a sequence.

    Returns:
        ONNX: one score a model, in their order.
    """
    builder = GraphBuilder()
    kinds: dict[_Kind, list[str]] = {}
    for file, tensors in models.items():
        kinds.setdefault(_Kind.of(tensors), []).append(file)
    several = len(models) > 1
    sequence = Value(INPUT)
    other = _reverse_complement(builder, sequence, input_length)
    scores = []
    for kind, files in kinds.items():
        packed = _Packed(builder, kind, [file if several else None for file in files])
        strands = [sequence, other] if kind.both_strands else [sequence]
        best = [packed.best(strand, input_length) for strand in strands]
        scores.append(builder.join("Max", *best) if len(best) > 1 else best[0])
    made = [file for files in kinds.values() for file in files]
    joined = builder.join("Concat", *scores, axis=1)
    order = builder.constant(np.array([made.index(file) for file in models]))
    tracks = builder.each("Gather", joined, order, axis=1)
    return builder.finish(tracks, len(models), input_length=input_length, n_bins=1)


def _reverse_complement(builder: GraphBuilder, x: Value, length: int) -> Value:
    bases = builder.constant(np.arange(4)[::-1].copy())
    positions = builder.constant(np.arange(length)[::-1].copy())
    return builder.each("Gather", builder.each("Gather", x, bases, axis=1), positions, axis=2)


class _Packed:
    """Models of one kind, as groups of channels."""

    def __init__(self, builder: GraphBuilder, kind: _Kind, files: Sequence[str | None]) -> None:
        self._builder = builder
        self._kind = kind
        self._files = files

    def best(self, x: Value, input_length: int) -> Value:
        """Return the best window's score of each model, ``(batch, models, 1)``."""
        builder, kind = self._builder, self._kind
        window = min(input_length, int(_WINDOW * kind.length))
        places = np.arange(input_length - window + 1)[:, None] + np.arange(window)
        # (batch, 4, windows, bases)
        windows = builder.each("Gather", x, builder.constant(places), axis=2)
        spare = kind.length - 1
        pads = builder.constant(np.array([0, 0, 0, spare, 0, 0, 0, spare]))
        padded = builder.each(
            "Pad", windows, pads, builder.constant(np.float32(_UNKNOWN)), mode="constant"
        )
        scan = self._layer(padded, "detectors", "thresholds", "nciw", group=1)
        found = builder.each("Relu", scan)
        pooled = self._pool(found)
        score = self._layer(pooled, "weights1", "biases1", "nc11")
        if kind.n_hidden:
            score = self._layer(builder.each("Relu", score), "weights2", "biases2", "nc11")
        axes = builder.constant(np.array([2]))
        return builder.each(
            "ReduceMax",
            builder.each("Squeeze", score, builder.constant(np.array([3]))),
            axes,
            keepdims=1,
        )

    def _pool(self, found: Value) -> Value:
        """Pool over the places of a detector; a detector's maximum and mean lie side by side."""
        builder, kind = self._builder, self._kind
        axes = builder.constant(np.array([3]))
        largest = builder.each("ReduceMax", found, axes, keepdims=1)
        if not kind.has_mean:
            return largest
        mean = builder.each("ReduceMean", found, axes, keepdims=1)
        both = builder.join("Concat", largest, mean, axis=3)
        # (batch, channels, windows, 2) to (batch, 2 * channels, windows, 1)
        turned = builder.each("Transpose", both, perm=[0, 1, 3, 2])
        n = 2 * kind.n_detectors * len(self._files)
        flat = builder.each("Reshape", turned, builder.constant(np.array([0, n, -1])))
        return builder.each("Unsqueeze", flat, axes)

    def _layer(
        self, x: Value, weights: str, biases: str, layout: str, group: int | None = None
    ) -> Value:
        """Add a convolution of all models' weights, by default each on its own channels."""
        builder, kind = self._builder, self._kind
        inputs = kind.n_detectors * (1 + kind.has_mean)
        shapes = {
            "detectors": (kind.n_detectors, 4, kind.length),
            "thresholds": (kind.n_detectors,),
            "weights1": (kind.n_hidden or 1, inputs),
            "biases1": (kind.n_hidden or 1,),
            "weights2": (1, kind.n_hidden),
            "biases2": (1,),
        }

        def joined(name: str) -> str:
            names = [builder.weight(tensor_name(file, name), shapes[name]) for file in self._files]
            return names[0] if len(names) == 1 else builder.add("Concat", *names, axis=0)

        axes = np.array([2] if layout == "nciw" else [2, 3])
        kernel = builder.add("Unsqueeze", joined(weights), builder.constant(axes))
        width = kind.length if layout == "nciw" else 1
        return builder.each(
            "Conv",
            x,
            kernel,
            joined(biases),
            kernel_shape=[1, width],
            group=group or len(self._files),
        )
