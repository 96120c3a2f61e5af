"""MPRA-DragoNN's graph in the zoo: a port in torch, compared with the graph and with numpy.

The port is of ConvModel (Movva et al. 2019, doi:10.1371/journal.pone.0218073; released as Keras
HDF5 in kundajelab/MPRA-DragoNN, kipoi/ConvModel), the forward pass in numpy of its architecture in
JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zooctl.catalog import registry
from zooctl.catalog.entry import GRAPH
from zooctl.catalog.weights import verified_bytes
from zooctl.files.weights.hdf5 import Tensors, read_tensors
from zooctl.files.weights.onnx_weights import PublishedTensors, put_weights, take_weights
from zooctl.inference.device.session import Session
from zooctl.training.export.export import to_onnx

MODEL = "mpra_dragonn"


class MpraDragonn(nn.Module):
    """Activity of each of several reporters, as a value that may be negative.

    Convolution, ReLU, batch normalisation, three times, without padding or pooling; one linear
    layer reads the rest. The published file lists positions before channels, and so does the linear
    layer here.

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
        super().__init__()
        incoming = [4] + [filters] * (layers - 1)
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, kernel) for size in incoming)
        # Momentum is the share of the old running mean in Keras, of the new one in torch.
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(filters, eps=1e-3, momentum=0.01) for _ in incoming
        )
        self.dropout = nn.Dropout(dropout)
        left = input_length - layers * (kernel - 1)
        self.last = nn.Linear(left * filters, n_tracks)

    def forward(self, x: Tensor) -> Tensor:
        """One-hot ``(n, 4, input_length)`` to activities ``(n, n_tracks, 1)``."""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = self.dropout(norm(functional.relu(convolution(x))))
        return cast(Tensor, self.last(x.transpose(1, 2).flatten(1))).unsqueeze(-1)

    def published(self) -> Mapping[str, PublishedTensors]:
        """Return where each tensor of ``state_dict`` is in the published HDF5 file."""

        def dataset(layer: str, name: str) -> str:
            return f"{layer}/{layer}/{name}:0"

        places = {
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
            places[f"convolutions.{index}.weight"] = weight
            places[f"convolutions.{index}.bias"] = PublishedTensors(dataset(layer, "bias"), (0,))
            for ours, theirs in names.items():
                places[f"norms.{index}.{ours}"] = PublishedTensors(dataset(norm, theirs), (0,))
        return places


@pytest.fixture(scope="module")
def published(mirror: Path) -> Tensors:
    """The arrays of the published file."""
    pytest.importorskip("h5py", reason="needs h5py: pip install 'zooctl[keras]'")
    path = mirror / "weights/mpra_dragonn/mpra_dragonn_conv.hdf5"
    return read_tensors(path.read_bytes(), path)


def port(tensors: Tensors) -> MpraDragonn:
    net = MpraDragonn().eval()
    state = {
        ours: torch.from_numpy(np.ascontiguousarray(tensors[name].transpose(axes)))
        for ours, (name, axes) in net.published().items()
    }
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert unexpected == []
    assert all(name.endswith("num_batches_tracked") for name in missing)
    return net


def by_keras_rules(
    layers: list[dict[str, Any]], tensors: Tensors, x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The network as Keras documents its layers; x is ``(n, positions, channels)``."""
    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        name = config["name"]
        own = {
            path.rsplit("/", 1)[1]: values.astype(np.float64)
            for path, values in tensors.items()
            if path.startswith(f"{name}/")
        }
        if kind == "Conv1D":
            assert (config["padding"], config["strides"], config["dilation_rate"]) == (
                "valid",
                [1],
                [1],
            )
            kernel = own["kernel:0"]
            width = len(kernel)
            pieces = np.stack(
                [x[:, start : start + width] for start in range(x.shape[1] - width + 1)], axis=1
            )
            x = np.einsum("npwc,wcf->npf", pieces, kernel) + own["bias:0"]
        elif kind == "BatchNormalization":
            assert config["axis"] == -1
            scaled = (x - own["moving_mean:0"]) / np.sqrt(
                own["moving_variance:0"] + config["epsilon"]
            )
            x = scaled * own["gamma:0"] + own["beta:0"]
        elif kind == "Flatten":
            assert config["data_format"] == "channels_last"
            x = x.reshape(len(x), -1)
        elif kind == "Dense":
            x = x @ own["kernel:0"] + own["bias:0"]
        else:
            assert kind == "Dropout"
        if config.get("activation", "linear") == "relu":
            x = np.maximum(x, 0)
    return x


def test_parameters() -> None:
    net = MpraDragonn()
    counted = [v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")]
    assert sum(value.numel() for value in counted) == 339_732
    assert set(net.published()) == {
        name for name in net.state_dict() if not name.endswith("num_batches_tracked")
    }


def test_port_against_numpy(published: Tensors, mirror: Path) -> None:
    assert sum(values.size for values in published.values()) == 339_732
    text = (mirror / "weights/mpra_dragonn/mpra_dragonn_conv.json").read_text()
    layers = json.loads(text)["config"]["layers"]
    codes = np.random.default_rng(5).integers(0, 5, (24, 145), dtype=np.uint8)
    # A, C, G, T, and a quarter of each where the base is not known.
    x = np.append(np.eye(4), np.full((1, 4), 0.25), axis=0)[codes]
    expected = by_keras_rules(layers, published, x)
    with torch.inference_mode():
        got = port(published)(torch.from_numpy(x).float().transpose(1, 2)).numpy()
    assert got.shape == (24, 12, 1)
    assert np.abs(got[:, :, 0] - expected).max() < 1e-5
    assert np.abs(expected).max() > 0.1

    entry = registry.entry(MODEL)
    graph = put_weights(verified_bytes(entry, GRAPH), published)
    card = entry.card()
    session = Session(graph, geometry=card.geometry, n_tracks=12, unknown_base=0.25, device="cpu")
    assert np.abs(session.predict(codes)[:, :, 0] - expected).max() < 1e-5


def test_the_graph_of_the_zoo_is_that_of_the_port() -> None:
    """Its operators and shapes; bytes differ between versions of the exporter."""
    import onnx

    net = MpraDragonn().eval()
    with torch.no_grad():
        # Values of its own for each tensor: the exporter would make one of two that are equal.
        for index, value in enumerate(net.state_dict().values()):
            if value.is_floating_point():
                value.fill_(1 + index)
    kept = onnx.load_from_string(verified_bytes(registry.entry(MODEL), GRAPH)).graph
    made = onnx.load_from_string(take_weights(to_onnx(net, 145), net.published())).graph
    assert [node.op_type for node in made.node] == [node.op_type for node in kept.node]
    shapes = [{t.name: list(t.dims) for t in graph.initializer} for graph in (made, kept)]
    assert shapes[0] == shapes[1]


def test_it_learns() -> None:
    torch.manual_seed(1)
    net = MpraDragonn(input_length=20, n_tracks=1, filters=8, kernel=3, layers=2, dropout=0.0)
    x = torch.eye(4)[torch.randint(0, 4, (64, 20))].transpose(1, 2)
    target = x[:, 2].sum(dim=1)[:, None, None]
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(100):
        optimiser.zero_grad()
        loss = ((net(x) - target) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
