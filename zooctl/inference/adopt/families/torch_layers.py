"""Layers of PyTorch by the names of their tensors in a checkpoint."""

from __future__ import annotations

from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.networks.builder import GraphBuilder, Value


class TorchLayers:
    """Adds convolutions and normalisations under PyTorch's names.

    Args:
        builder: The graph.
        weights: The checkpoint.
        epsilon: Of the normalisations.
    """

    def __init__(self, builder: GraphBuilder, weights: Weights, epsilon: float) -> None:
        self.builder = builder
        self.weights = weights
        self.epsilon = epsilon

    def has(self, name: str) -> bool:
        """Return whether the checkpoint has a layer of that name."""
        return f"{name}.weight" in self.weights.tensors

    def conv(self, name: str, x: Value, *, group: int = 1, dilation: int = 1) -> Value:
        """Add a convolution that leaves the number of positions as it is."""
        shape = self.weights.shape(f"{name}.weight")
        kernel = self.builder.weight(f"{name}.weight", shape)
        bias = f"{name}.bias"
        own = self.builder.weight(bias, shape[:1]) if bias in self.weights.tensors else None
        return self.builder.conv(x, kernel, own, width=shape[2], group=group, dilation=dilation)

    def norm(self, name: str, x: Value) -> Value:
        """Add a batch normalisation."""
        parts = [
            self.builder.weight(f"{name}.{part}", self.weights.shape(f"{name}.{part}"))
            for part in ("weight", "bias", "running_mean", "running_var")
        ]
        return self.builder.batch_norm(x, parts, self.epsilon)

    def pool(self, x: Value) -> Value:
        """Add the maximum of two neighbours."""
        return self.builder.each("MaxPool", x, kernel_shape=[2], strides=[2])

    def turn(self, x: Value) -> Value:
        """Change positions and channels."""
        return self.builder.each("Transpose", x, perm=[0, 2, 1])
