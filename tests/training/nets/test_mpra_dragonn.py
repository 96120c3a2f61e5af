"""MPRA-DragoNN: the port against a forward pass in numpy, written from the architecture in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from zooctl.catalog import registry
from zooctl.catalog.entry import GRAPH
from zooctl.catalog.weights import verified_bytes
from zooctl.files.weights.hdf5 import Tensors, read_tensors
from zooctl.files.weights.onnx_weights import put_weights, take_weights
from zooctl.inference.session import Session
from zooctl.training.export.export import to_onnx
from zooctl.training.nets.mpra_dragonn import MpraDragonn

MODEL = "mpra_dragonn"


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
