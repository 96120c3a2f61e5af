"""MPRA-DragoNN's ConvModel: the activity of a short fragment in a reporter assay.

Source: Movva et al. 2019, doi:10.1371/journal.pone.0218073; released as Keras HDF5 in
kundajelab/MPRA-DragoNN, kipoi/ConvModel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from zooctl.files.weights.onnx_weights import PublishedTensors
from zooctl.training.nets.parts.layers import check_scalar
from zooctl.training.nets.parts.network import Network


class MpraDragonn(Network):
    """Activity of each of several reporters, as a value that may be negative.

    Convolution, ReLU, batch normalisation, three times, without padding or pooling; what is left
    is read by one linear layer. The published file lists positions before channels, and so does
    the linear layer here.

    Args:
        input_length: Bases read; 145 in the paper.
        n_tracks: Reporters; 12 in the paper.
        filters: Of each convolution.
        kernel: Bases that each reads.
        layers: Convolutions.
        dropout: After each.
    """

    def __init__(
        self,
        *,
        input_length: int = 145,
        n_tracks: int = 12,
        filters: int = 120,
        kernel: int = 5,
        layers: int = 3,
        dropout: float = 0.1,
    ) -> None:
        check_scalar(input_length=input_length, output_length=input_length, bin_size=input_length)
        super().__init__(n_tracks=n_tracks, n_bins=1, output="value")
        incoming = [4] + [filters] * (layers - 1)
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, kernel) for size in incoming)
        # Keras counts what is kept of the running mean, torch what is new.
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(filters, eps=1e-3, momentum=0.01) for _ in incoming
        )
        self.dropout = nn.Dropout(dropout)
        left = input_length - layers * (kernel - 1)
        self.last = nn.Linear(left * filters, n_tracks)

    def raw(self, x: Tensor) -> Tensor:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = self.dropout(norm(functional.relu(convolution(x))))
        return cast(Tensor, self.last(x.transpose(1, 2).flatten(1))).unsqueeze(-1)

    def output_bias(self) -> Tensor:
        return self.last.bias

    def published(self) -> Mapping[str, PublishedTensors]:
        """Return where each tensor of ``state_dict`` is in the published HDF5 file."""

        def dataset(layer: str, name: str) -> str:
            return f"{layer}/{layer}/{name}:0"

        found = {
            "last.weight": PublishedTensors(dataset("dense_1", "kernel"), (1, 0)),
            "last.bias": PublishedTensors(dataset("dense_1", "bias"), (0,)),
        }
        names = {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        }
        for index in range(len(self.convolutions)):
            layer, norm = f"conv1d_{index + 1}", f"batch_normalization_{index + 1}"
            weight = PublishedTensors(dataset(layer, "kernel"), (2, 1, 0))
            found[f"convolutions.{index}.weight"] = weight
            found[f"convolutions.{index}.bias"] = PublishedTensors(dataset(layer, "bias"), (0,))
            for ours, theirs in names.items():
                found[f"norms.{index}.{ours}"] = PublishedTensors(dataset(norm, theirs), (0,))
        return found
