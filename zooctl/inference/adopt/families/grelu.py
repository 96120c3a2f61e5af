"""Models of gReLU, of the checkpoints that its training and its model zoo write.

Lal et al. 2025 (doi:10.1038/s41592-025-02868-z), gReLU 1.1. A checkpoint holds the parameters of
the network's class, those of the training, names of the tasks and, once trained, the regions of
each part of the data; predictions are those of its ``LightningModel``: behind the activation that
belongs to the task and the loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.families.entry import Converted, plain_names
from zooctl.inference.adopt.families.grelu_networks import (
    HEAD,
    MODELS,
    GreluTrunk,
    activate,
    add_network,
)
from zooctl.inference.adopt.networks.builder import GraphBuilder, Value
from zooctl.inference.adopt.networks.transformer import layer_norm, linear
from zooctl.sequence.windows import Geometry

CITATION = "Lal et al. 2025, doi:10.1038/s41592-025-02868-z"
_STATE = "state_dict.model."
_PARTS = {"train": "train", "val": "validation", "test": "test"}


def convert_grelu(
    weights: Weights,
    *,
    input_length: int | None = None,
    only: Sequence[int] | None = None,
    scale: str | None = None,
) -> Converted:
    """Convert a model of gReLU.

    Args:
        weights: What its ``LightningModel`` saved.
        input_length: Bases that it reads; by default as it was trained.
        only: Tasks to keep, counted from 0; all by default.
        scale: Scale of a predicted value; by default ``probability`` of classes, else ``signal``.

    Raises:
        InputError: It is no such checkpoint, of a network that is not known, or the lengths do not
            fit.
    """
    model, training = _parameters(weights)
    data = weights.values.get("data_params") or {}
    length = input_length or _mapping(data, "train").get("seq_len") or model.get("seq_len")
    if not length:
        raise InputError(
            "the checkpoint does not say how many bases it reads",
            path=weights.source,
            hint="--input-length is their number",
        )
    tensors = {
        name.removeprefix(_STATE): values
        for name, values in weights.tensors.items()
        if name.startswith(_STATE)
    }
    network = add_network(model, weights.renamed(tensors), int(length))
    value, n_tasks = _head(network, model)
    activation, usual = _activation(training, weights.source)
    value = _activated(network.layers.builder, value, activation)
    names = _names(data, n_tasks)
    chosen = _chosen(only, n_tasks)
    if only is not None:
        rows = network.layers.builder.constant(np.array(chosen))
        value = network.layers.builder.each("Gather", value, rows, axis=1)
    geometry = _geometry(int(length), network, pooled=_pooled(model))
    graph = network.layers.builder.finish(
        value, len(chosen), input_length=int(length), n_bins=geometry.n_bins
    )
    return Converted(
        put_weights(graph, network.layers.weights.tensors),
        geometry,
        [{"name": names[n]} for n in chosen],
        scale or usual,
        _facts(model, training, data),
        _words(training, scale),
    )


def assembly_of(weights: Weights) -> str | None:
    """Return the genome that a checkpoint says it was trained on."""
    found = _mapping(weights.values.get("data_params") or {}, "train").get("genome")
    return found if isinstance(found, str) else None


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _parameters(weights: Weights) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the parameters of the network, its class's own where none are stated, and training."""
    stated = _mapping(weights.values, "hyper_parameters")
    model, training = _mapping(stated, "model_params"), _mapping(stated, "train_params")
    if "model_type" not in model or "task" not in training:
        raise InputError(
            "not a checkpoint of gReLU",
            path=weights.source,
            got=", ".join(list(weights.values)[:4]) or "tensors alone",
            expected="hyper_parameters with model_params.model_type and train_params.task",
        )
    kind = str(model["model_type"])
    if kind not in MODELS:
        raise InputError(
            "not a network of gReLU that is known",
            path=weights.source,
            got=kind,
            expected=", ".join(MODELS),
        )
    return {**MODELS[kind], **model}, training


def _pooled(model: Mapping[str, Any]) -> bool:
    return model["model_type"] == "ConvMLPModel" or model["final_pool_func"] is not None


def _head(network: GreluTrunk, model: Mapping[str, Any]) -> tuple[Value, int]:
    """Add the head, ``(batch, tasks, bins)``; return the number of its tasks, too."""
    layers, x = network.layers, network.output
    builder, weights = layers.builder, layers.weights
    if model["model_type"] == "ConvMLPModel":
        x, number = builder.each("Flatten", x, axis=1), 0
        while layers.has(f"{HEAD}.blocks.{number}.linear"):
            at = f"{HEAD}.blocks.{number}"
            if layers.has(f"{at}.norm.layer"):
                x = layer_norm(builder, weights.tensors, f"{at}.norm.layer", x, layers.epsilon)
            x = linear(builder, weights.tensors, f"{at}.linear", x)
            number += 1
            if layers.has(f"{HEAD}.blocks.{number}.linear"):
                x = activate(layers, model["mlp_act_func"], x)
        n_tasks = weights.shape(f"{HEAD}.blocks.{number - 1}.linear.weight")[0]
        return builder.each("Unsqueeze", x, builder.constant(np.array([2]))), n_tasks
    # As many tasks as channels have no layer of their own.
    transform = f"{HEAD}.channel_transform.conv.layer"
    n_tasks = network.channels
    if layers.has(transform):
        x = layers.conv(transform, x)
        n_tasks = weights.shape(f"{transform}.weight")[0]
    x = activate(layers, model.get("final_act_func"), x)
    pool = model["final_pool_func"]
    if pool is not None:
        if pool not in ("avg", "max"):
            raise InputError("a pooling that is not known", path=weights.source, got=pool)
        op = {"avg": "ReduceMean", "max": "ReduceMax"}[pool]
        x = builder.each(op, x, builder.constant(np.array([2])), keepdims=1)
    return x, n_tasks


def _activation(training: Mapping[str, Any], source: str) -> tuple[str, str]:
    """Return the operator behind the network, and the scale of what it returns."""
    task, loss = str(training["task"]).lower(), str(training.get("loss", "")).lower()
    known = {
        ("regression", "poisson"): ("Exp", "signal"),
        ("regression", "poisson_multinomial"): ("Exp", "signal"),
        ("regression", "mse"): ("Identity", "signal"),
    }
    found = known.get((task, loss)) or {
        "binary": ("Sigmoid", "probability"),
        "multiclass": ("Softmax", "probability"),
    }.get(task)
    if found is None:
        raise InputError(
            "a task that is not known",
            path=source,
            got=f"{task}, loss {loss}",
            expected="binary, multiclass, or regression with poisson, poisson_multinomial or mse",
        )
    return found


def _activated(builder: GraphBuilder, x: Value, op: str) -> Value:
    return builder.each(op, x, **({"axis": 1} if op == "Softmax" else {}))


def _names(data: Mapping[str, Any], n_tasks: int) -> list[str]:
    stated = _mapping(data, "tasks").get("name")
    labels = [str(one) for one in stated] if isinstance(stated, list) else []
    if len(labels) != n_tasks:
        labels = [f"task_{number}" for number in range(1, n_tasks + 1)]
    return plain_names(labels, "task")


def _chosen(only: Sequence[int] | None, n_tasks: int) -> list[int]:
    chosen = list(range(n_tasks)) if only is None else list(only)
    if not chosen or min(chosen) < 0 or max(chosen) >= n_tasks:
        raise InputError("no such task", got=max(chosen, default=None), expected=f"0-{n_tasks - 1}")
    return chosen


def _geometry(input_length: int, network: GreluTrunk, *, pooled: bool) -> Geometry:
    """Return the window: bins of the network's positions, or one bin of all of them."""
    length = network.bins * network.bin_size
    return Geometry(input_length, length, length if pooled else network.bin_size, length)


def _facts(
    model: Mapping[str, Any], training: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is known for the card; chromosomes of the parts where no two share one."""
    facts: dict[str, Any] = {
        "title": f"{model['model_type']} of gReLU",
        "citation": CITATION,
        "limits": [f"Trained by gReLU for {training['task']}, loss {training.get('loss')}."],
    }
    parts = {
        ours: sorted(
            {str(one) for one in _mapping(_mapping(data, own), "intervals").get("chrom", [])}
        )
        for own, ours in _PARTS.items()
    }
    listed = [chrom for chroms in parts.values() for chrom in chroms]
    if parts["train"] and len(set(listed)) == len(listed):
        facts["split"] = parts
    elif parts["train"]:
        facts["reasons"] = {"split": "Parts of the data share chromosomes."}
    return facts


def _words(training: Mapping[str, Any], scale: str | None) -> tuple[str, ...]:
    if scale is not None or str(training.get("loss", "")).lower() != "mse":
        return ()
    return (
        "taken for granted: the labels were not transformed before training, which the checkpoint "
        "does not say; else --scale log",
    )
