"""Networks that Keras wrote as JSON, against its documented rules in numpy."""

from __future__ import annotations

import json
from typing import Any

import naive_keras
import numpy as np
import onnxruntime as ort
import pytest

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.networks.builder import GraphBuilder
from zooctl.inference.adopt.networks.keras import Choices, add_keras

RNG = np.random.default_rng(8)
Layers = list[tuple[str, dict[str, Any], list[str]]]


class Stack:
    """A network of named layers with random weights, as Keras 2 writes it."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.layers: list[dict[str, Any]] = []
        self.tensors: dict[str, np.ndarray] = {}
        shape = [None, length, 4]
        self.add("InputLayer", "seq", [], batch_input_shape=shape)

    def add(self, kind: str, name: str, reads: list[str], **config: Any) -> str:
        nodes = [[[one, 0, 0, {}] for one in reads]] if reads else []
        self.layers.append(
            {
                "class_name": kind,
                "name": name,
                "config": {"name": name, **config},
                "inbound_nodes": nodes,
            }
        )
        return name

    def weight(self, layer: str, name: str, *shape: int, positive: bool = False) -> None:
        values = RNG.normal(size=shape)
        values = 0.5 + np.abs(values) if positive else values
        self.tensors[f"model_weights/{layer}/{layer}_1/{name}:0"] = values.astype(np.float32)

    def conv(self, name: str, read: str, shape: tuple[int, int, int], **config: Any) -> str:
        self.weight(name, "kernel", *shape)
        self.weight(name, "bias", shape[2])
        usual = {"padding": "same", "strides": [1], "dilation_rate": [1], "activation": "relu"}
        return self.add("Conv1D", name, [read], kernel_size=[shape[0]], **{**usual, **config})

    def norm(self, name: str, read: str, channels: int) -> str:
        for part in ("gamma", "beta", "moving_mean"):
            self.weight(name, part, channels)
        self.weight(name, "moving_variance", channels, positive=True)
        return self.add("BatchNormalization", name, [read], epsilon=1e-3)

    def dense(self, name: str, read: str, incoming: int, units: int, activation: str) -> str:
        self.weight(name, "kernel", incoming, units)
        self.weight(name, "bias", units)
        return self.add("Dense", name, [read], activation=activation)

    def json(self, output: str) -> str:
        config = {"layers": self.layers, "output_layers": [[output, 0, 0]]}
        return json.dumps({"class_name": "Model", "config": config})

    def expected(self, output: str, x: np.ndarray) -> np.ndarray:
        values = {"seq": x.astype(np.float64)}
        for one in self.layers[1:]:
            name = one["name"]
            if not one["inbound_nodes"]:
                continue
            own = {
                path.rsplit("/", 1)[1][:-2]: tensor.astype(np.float64)
                for path, tensor in self.tensors.items()
                if f"/{name}/" in path
            }
            xs = [values[read[0]] for read in one["inbound_nodes"][0]]
            values[name] = naive_keras.layer(one["class_name"], xs, one["config"], own)
        return values[output]


def run(stack: Stack, output: str, x: np.ndarray, *, flat: bool, unpadded: bool = False) -> Any:
    builder = GraphBuilder(unpadded=unpadded)
    value = add_keras(builder, stack.json(output), stack.tensors)
    if flat:
        value = builder.each("Unsqueeze", value, builder.constant(np.array([2])))
    channels = stack.expected(output, x).shape[-1]
    graph = builder.finish(value, channels, input_length=None, n_bins=None)
    session = ort.InferenceSession(put_weights(graph, stack.tensors))
    turned = np.ascontiguousarray(x.transpose(0, 2, 1), dtype=np.float32)
    (got,) = session.run(None, {"sequence": turned})
    return got[:, :, 0] if flat else got.transpose(0, 2, 1)


def close(got: np.ndarray, expected: np.ndarray) -> bool:
    assert got.shape == expected.shape
    return bool(np.abs(got - expected).max() < 1e-4 * np.abs(expected).max())


def sequences(n: int, length: int) -> np.ndarray:
    return np.eye(4)[RNG.integers(0, 4, (n, length))]


def test_a_classifier_of_windows() -> None:
    net = Stack(61)
    net.conv("c1", "seq", (6, 4, 5))  # of even width: the odd zero is behind
    net.add("MaxPooling1D", "p1", ["c1"], padding="valid", pool_size=[4], strides=[3])
    net.conv("c2", "p1", (3, 5, 7), padding="valid", activation="linear", strides=[2])
    net.norm("n", "c2", 7)
    net.add("Activation", "a", ["n"], activation="tanh")
    net.add("AveragePooling1D", "p2", ["a"], padding="valid", pool_size=[2], strides=[2])
    net.add("Dropout", "d", ["p2"], rate=0.5)
    net.add("Flatten", "f", ["d"])
    size = net.expected("f", sequences(1, 61)).shape[1]
    net.dense("d1", "f", size, 6, "elu")
    net.norm("n2", "d1", 6)
    net.add("ReLU", "r", ["n2"], max_value=None)
    net.dense("d2", "r", 6, 3, "sigmoid")
    x = sequences(4, 61)
    assert close(run(net, "d2", x, flat=True), net.expected("d2", x))


def test_branches_and_pools_over_all_positions() -> None:
    net = Stack(40)
    net.conv("c1", "seq", (5, 4, 6), dilation_rate=[2])
    net.conv("c2", "seq", (3, 4, 6), activation="softmax")
    net.add("LeakyReLU", "l", ["c1"], alpha=0.2)
    for kind in ("Add", "Average", "Maximum"):
        net.add(kind, kind.lower(), ["l", "c2"])
    net.add("GlobalMaxPooling1D", "g1", ["add"])
    net.add("GlobalAveragePooling1D", "g2", ["average"])
    net.add("GlobalMaxPooling1D", "g3", ["maximum"])
    net.add("Concatenate", "join", ["g1", "g2", "g3"], axis=-1)
    x = sequences(3, 40)
    assert close(run(net, "join", x, flat=True), net.expected("join", x))


@pytest.mark.parametrize("unpadded", [False, True])
def test_a_residual_network_that_is_cropped(unpadded: bool) -> None:
    net = Stack(50)
    net.conv("c1", "seq", (1, 4, 4), activation="linear")
    net.norm("n", "c1", 4)
    net.conv("c2", "n", (5, 4, 4), dilation_rate=[3])
    net.add("Add", "add", ["c1", "c2"])
    net.add("Cropping1D", "crop", ["add"], cropping=[8, 8])
    net.conv("out", "crop", (1, 4, 3), activation="softmax")
    x = sequences(2, 50)
    assert close(run(net, "out", x, flat=False, unpadded=unpadded), net.expected("out", x))


def test_a_plain_stack_without_an_input_layer() -> None:
    net = Stack(30)
    net.conv("c", "seq", (5, 4, 3))
    net.add("GlobalMaxPooling1D", "g", ["c"])
    net.dense("d", "g", 3, 2, "linear")
    layers = [{k: one[k] for k in ("class_name", "config")} for one in net.layers[1:]]
    text = json.dumps({"class_name": "Sequential", "config": layers})
    builder = GraphBuilder()
    value = add_keras(builder, text, net.tensors)
    column = builder.each("Unsqueeze", value, builder.constant(np.array([2])))
    graph = builder.finish(column, 2, input_length=30, n_bins=1)
    session = ort.InferenceSession(put_weights(graph, net.tensors))
    x = sequences(2, 30)
    (got,) = session.run(None, {"sequence": x.transpose(0, 2, 1).astype(np.float32)})
    assert close(got[:, :, 0], net.expected("d", x))


def with_layer(kind: str, **config: Any) -> str:
    net = Stack(30)
    net.add(kind, "own", ["seq"], **config)
    return net.json("own")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no json", "no network as Keras writes it"),
        ('{"class_name": "Thing", "config": {}}', "no network as Keras writes it"),
        (with_layer("Lambda", function=["code"]), "layer of Keras is not known"),
        (with_layer("LSTM", units=3), "layer of Keras is not known"),
        (with_layer("Activation", activation="own"), "activation is not known"),
        (with_layer("Cropping1D", cropping=[1, 2]), "a crop of two widths"),
        (
            with_layer("MaxPooling1D", padding="same", pool_size=[2], strides=[2]),
            "pooling with padding",
        ),
    ],
)
def test_refusals(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        add_keras(GraphBuilder(), text, {})


def test_a_second_input_needs_its_value() -> None:
    net = Stack(30)
    net.add("InputLayer", "age", [], batch_input_shape=[None, 2])
    net.conv("c", "seq", (5, 4, 3))
    net.add("GlobalMaxPooling1D", "g", ["c"])
    net.add("Concatenate", "join", ["g", "age"], axis=-1)
    net.dense("d", "join", 5, 2, "linear")
    with pytest.raises(InputError, match="reads more than the sequence"):
        add_keras(GraphBuilder(), net.json("d"), net.tensors)
    builder = GraphBuilder()
    fixed = Choices(fixed={"age": np.zeros((1, 2), np.float32)})
    value = add_keras(builder, net.json("d"), net.tensors, choices=fixed)
    column = builder.each("Unsqueeze", value, builder.constant(np.array([2])))
    graph = builder.finish(column, 2, input_length=30, n_bins=1)
    session = ort.InferenceSession(put_weights(graph, net.tensors))
    x = sequences(2, 30)
    (got,) = session.run(None, {"sequence": x.transpose(0, 2, 1).astype(np.float32)})
    net.layers = net.layers[:4]
    pooled = net.expected("g", x)
    own = {k.rsplit("/", 1)[1][:-2]: v for k, v in net.tensors.items() if "/d/" in k}
    assert close(got[:, :, 0], np.pad(pooled, ((0, 0), (0, 2))) @ own["kernel"] + own["bias"])
