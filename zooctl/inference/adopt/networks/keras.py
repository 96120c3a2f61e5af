"""A network that Keras described as JSON, as a graph without weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zooctl.errors import InputError
from zooctl.files.weights.published import tensor_name
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.adopt.networks.keras_layers import LAYERS, Config, Shapes

_ROOT = "model_weights/"


@dataclass(frozen=True)
class Choices:
    """Facts about a network that its JSON does not tell.

    Attributes:
        fixed: Name of an input beside the sequence to the values that it always has.
        layers: Pattern of a layer's name to the kind that it counts as, as ``Add``; for layers of
            the authors' own, and for lambdas, whose code is never run.
        output: Layer whose output is taken; by default the network's only one.
    """

    fixed: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None


@dataclass(frozen=True)
class _Node:
    """One use of a layer: its name, number of the use, kind, settings and what it reads."""

    name: str
    use: int
    kind: str
    config: Config
    reads: tuple[tuple[str, int], ...]


def add_keras(
    builder: GraphBuilder,
    architecture: str,
    tensors: Mapping[str, NDArray[np.float32]],
    *,
    sequence: Value | None = None,
    file: str | None = None,
    choices: Choices | None = None,
) -> Value:
    """Add a network of Keras to a graph; return its output, channels before positions.

    Args:
        builder: The graph.
        architecture: JSON, as Keras writes it (``files.weights.hdf5.read_architecture``).
        tensors: Tensors of its file; only their names and shapes are used.
        sequence: One-hot sequence ``(batch, 4, positions)``; by default the graph's input.
        file: Name of the file in the names of its weights (``tensor_name``).
        choices: What the JSON does not tell.

    Raises:
        InputError: A layer is not known, or the network has other inputs or outputs.
    """
    choices = choices or Choices()
    config = _parse(architecture)
    values: dict[tuple[str, int], Value] = {}
    nodes = list(_nodes(config))
    output = _output(config, nodes, choices)
    for node in _in_order(_needed(nodes, output)):
        kind = next(
            (to for shape, to in choices.layers.items() if re.fullmatch(shape, node.name)),
            node.kind,
        )
        if kind == "InputLayer":
            values[node.name, 0] = _input(builder, node, sequence or Value(INPUT), choices)
            continue
        if kind not in LAYERS:
            raise InputError(
                "layer of Keras is not known",
                field=node.name,
                got=kind,
                expected=", ".join(sorted(LAYERS)),
            )
        xs = [values[read] for read in node.reads]
        own = _weights_of(node.name, tensors, file)
        values[node.name, node.use] = LAYERS[kind](builder, xs, node.config, own)
    return values[output]


def _parse(architecture: str) -> dict[str, Any]:
    """Return the configuration of a model; that of a plain stack of layers as a chain."""
    try:
        stated = json.loads(architecture)
        kind, config = stated["class_name"], stated["config"]
        if kind not in ("Model", "Functional", "Sequential"):
            raise ValueError(f"a {kind}")
        if kind != "Sequential":
            return dict(config)
        layers = config["layers"] if isinstance(config, dict) else config
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("no network as Keras writes it", got=error) from None
    if layers and layers[0]["class_name"] != "InputLayer":
        first = {"class_name": "InputLayer", "config": {"name": "zooctl_input"}}
        layers = [first, *layers]
    chain: list[dict[str, Any]] = []
    before: str | None = None
    for layer in layers:
        name = layer["config"]["name"]
        reads: list[Any] = [[[before, 0, 0, {}]]] if before else []
        chain.append({**layer, "name": name, "inbound_nodes": reads})
        before = name
    return {"layers": chain, "output_layers": [[before, 0, 0]]}


def _nodes(config: Mapping[str, Any]) -> Iterator[_Node]:
    for layer in config["layers"]:
        name, kind = str(layer["name"]), str(layer["class_name"])
        settings = {"name": name, **layer["config"]}
        if kind == "InputLayer":
            yield _Node(name, 0, kind, settings, ())
        for use, reads in enumerate(layer["inbound_nodes"]):
            if isinstance(reads, dict):
                raise InputError(
                    "the network is written by Keras 3",
                    field=name,
                    expected="Keras 1 or 2; model.export(path, format='onnx') writes ONNX",
                )
            yield _Node(name, use, kind, settings, tuple((one[0], one[1]) for one in reads))


def _needed(nodes: Sequence[_Node], output: tuple[str, int]) -> list[_Node]:
    """Return the nodes that an output depends on."""
    reads = {(node.name, node.use): node.reads for node in nodes}
    needed, left = set[tuple[str, int]](), [output]
    while left:
        one = left.pop()
        if one not in needed:
            needed.add(one)
            left += reads.get(one, ())
    return [node for node in nodes if (node.name, node.use) in needed]


def _in_order(nodes: Sequence[_Node]) -> Iterator[_Node]:
    """Yield nodes after all that they read."""
    left, made = list(nodes), set[tuple[str, int]]()
    while left:
        ready = [node for node in left if set(node.reads) <= made]
        if not ready:
            raise InputError("a layer reads itself", field=left[0].name)
        yield from ready
        made |= {(node.name, node.use) for node in ready}
        left = [node for node in left if (node.name, node.use) not in made]


def _input(builder: GraphBuilder, node: _Node, sequence: Value, choices: Choices) -> Value:
    if node.name in choices.fixed:
        values = choices.fixed[node.name].astype(np.float32)
        return Value(builder.constant(values), fixed=values)
    shape = node.config.get("batch_input_shape")
    if shape is not None and shape[-1] != 4:
        raise InputError(
            "the network reads more than the sequence",
            field=node.name,
            got=f"{shape}",
            expected="a one-hot sequence, or a value that it always has",
        )
    return sequence


def _weights_of(layer: str, tensors: Mapping[str, NDArray[np.float32]], file: str | None) -> Shapes:
    """Return a layer's own weights by their last names, as ``kernel``."""
    heads = (f"{_ROOT}{layer}/", f"{layer}/")
    return {
        name.rsplit("/", 1)[1].removesuffix(":0"): (tensor_name(file, name), values.shape)
        for name, values in tensors.items()
        if name.startswith(heads)
    }


def _output(config: Mapping[str, Any], nodes: Sequence[_Node], choices: Choices) -> tuple[str, int]:
    stated = [(str(one[0]), int(one[1])) for one in config["output_layers"]]
    if choices.output is not None:
        stated = [(node.name, node.use) for node in nodes if node.name == choices.output][-1:]
    if len(stated) != 1:
        names = ", ".join(name for name, _ in stated) or "none"
        raise InputError("the network needs exactly one output", got=names)
    return stated[0]
