"""The residual network of SpliceAI with the parameters of OpenSpliceAI.

Jaganathan et al. 2019 (doi:10.1016/j.cell.2018.12.015), figure S1; Chao et al. 2025 (OpenSpliceAI)
train it in PyTorch with a leaky ReLU of 0.1. Units of normalisation, activation and convolution,
twice, are added to what they read; after every four units, and before the first, a convolution of
one base adds to the skip that is cropped and read out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from zooctl.files.weights.published import tensor_name
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value

_SLOPE = 0.1
_EPSILON = 1e-5
_CHANNELS = 32
_CLASSES = 3


class Block(NamedTuple):
    """Residual units in a row: their number, and width and dilation of their convolutions."""

    units: int
    width: int
    dilation: int


FORMS: Mapping[int, tuple[Block, ...]] = {
    80: (Block(4, 11, 1),),
    400: (Block(4, 11, 1), Block(4, 11, 4)),
    2_000: (Block(4, 11, 1), Block(4, 11, 4), Block(4, 21, 10)),
    10_000: (Block(4, 11, 1), Block(4, 11, 4), Block(4, 21, 10), Block(4, 41, 25)),
}
"""Bases of context, half on each side, to the blocks of the form."""


def context(blocks: Sequence[Block]) -> int:
    """Return the bases of context that blocks read: each convolution reads half on each side.

    >>> {form: context(blocks) for form, blocks in FORMS.items()}
    {80: 80, 400: 400, 2000: 2000, 10000: 10000}
    """
    return sum(2 * block.units * (block.width - 1) * block.dilation for block in blocks)


def splice_graph(form: int, files: Sequence[str | None]) -> bytes:
    """Return the mean of networks of one form, without weights.

    Args:
        form: Bases of context, a key of ``FORMS``.
        files: Name of each network's file (``tensor_name``); one None for a single file.

    Returns:
        ONNX: any number of bases in, as many less the context out; tracks acceptor and donor,
        probabilities.
    """
    builder = GraphBuilder(unpadded=True)
    ends = [_network(builder, form, file) for file in files]
    mean = ends[0] if len(ends) == 1 else builder.join("Mean", *ends)
    return builder.finish(splice_tracks(builder, mean), 2, input_length=None, n_bins=None)


def splice_tracks(builder: GraphBuilder, classes: Value) -> Value:
    """Return acceptor and donor of the classes neither, acceptor, donor."""
    cut = (builder.constant(np.array([end])) for end in (1, _CLASSES, 1))
    return builder.each("Slice", classes, *cut)


class _Parameters:
    """Adds layers whose parameters have one file's names."""

    def __init__(self, builder: GraphBuilder, file: str | None) -> None:
        self._builder = builder
        self._file = file

    def _weight(self, name: str, *shape: int) -> str:
        return self._builder.weight(tensor_name(self._file, name), shape)

    def conv(
        self,
        x: Value,
        name: str,
        *,
        filters: int = _CHANNELS,
        incoming: int = _CHANNELS,
        width: int = 1,
        dilation: int = 1,
    ) -> Value:
        kernel = self._weight(f"{name}.weight", filters, incoming, width)
        bias = self._weight(f"{name}.bias", filters)
        return self._builder.conv(x, kernel, bias, width=width, dilation=dilation)

    def unit(self, x: Value, name: str, block: Block) -> Value:
        """Add normalisation, activation and convolution, twice, and what they read."""
        y = x
        for half in (1, 2):
            parts = [
                self._weight(f"{name}.batchnorm{half}.{part}", _CHANNELS)
                for part in ("weight", "bias", "running_mean", "running_var")
            ]
            y = self._builder.batch_norm(y, parts, _EPSILON)
            y = self._builder.each("LeakyRelu", y, alpha=_SLOPE)
            facts = {"width": block.width, "dilation": block.dilation}
            y = self.conv(y, f"{name}.conv{half}", **facts)
        return self._builder.join("Add", x, y)


def _network(builder: GraphBuilder, form: int, file: str | None) -> Value:
    """Add one network; return its three probabilities."""
    own = _Parameters(builder, file)
    x = own.conv(Value(INPUT), "initial_conv", incoming=4)
    skip = own.conv(x, "initial_skip.conv")
    number = 0
    for block in FORMS[form]:
        for _ in range(block.units):
            x = own.unit(x, f"residual_units.{number}", block)
            number += 1
        skip = builder.join("Add", skip, own.conv(x, f"residual_units.{number}.conv"))
        number += 1
    cropped = builder.crop(skip, form // 2)
    classes = own.conv(cropped, "final_conv", filters=_CLASSES)
    return builder.each("Softmax", classes, axis=1)
