"""From trained weights to the files of a zoo entry: ONNX and safetensors."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import onnx
import torch
from safetensors.torch import save
from torch import Tensor, nn

from zooctl.errors import VerificationError
from zooctl.schema.recipe.inputs import measured_inputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes, N
from zooctl.training.data.dataset import Dataset, TrainingBatch
from zooctl.training.data.feed import onehot
from zooctl.training.data.frozen_trunk import FrozenTrunk
from zooctl.training.data.windows import split_regions
from zooctl.training.export.on_trunk import ACTIVATIONS, INPUT, OPSET, OUTPUT, on_trunk
from zooctl.training.loop.ensemble import member_recipes
from zooctl.training.loop.fit import new_network, weights_of
from zooctl.training.nets.average import MEMBERS, Average
from zooctl.training.nets.parts.control import with_constant_control
from zooctl.training.nets.parts.network import Finished, Network
from zooctl.training.nets.trunk_head import OnTrunk


@dataclass(frozen=True)
class Exported:
    """Bytes of the files of an entry."""

    onnx: bytes
    safetensors: bytes


def trained_network(
    recipe: Recipe, dataset: Dataset, weights: dict[str, torch.Tensor]
) -> nn.Module:
    """Return the network with these weights in evaluation mode, with outputs in the card's unit.

    A control is fixed to its mean over the training regions: prediction is about the effect of the
    sequence at an unknown background. A head on a trunk reads the tensor of the trunk's graph.
    """
    net = _finished(recipe, dataset, weights)
    if dataset.trunk is not None:
        net = OnTrunk(net, dataset.trunk.bins)
    if list(other_inputs(recipe)) == ["features"]:
        net = _WithoutControl(net)
    control = dataset.mean(dataset.control, split_regions(recipe.split.train, dataset))
    if len(control):
        net = with_constant_control(net, torch.from_numpy(control))
    return net.eval()


def _finished(recipe: Recipe, dataset: Dataset, weights: dict[str, Tensor]) -> nn.Module:
    """Return the network with its weights, or the mean of the networks of all seeds."""
    nets = []
    for number, member in enumerate(member_recipes(recipe)):
        trained = new_network(member, dataset)
        assert isinstance(trained, Network)
        head = f"{MEMBERS}.{number}." if recipe.ensemble else ""
        own = {name.removeprefix(head): t for name, t in weights.items() if name.startswith(head)}
        trained.load_state_dict(own)
        nets.append(Finished(trained))
    return Average(nets) if recipe.ensemble else nets[0]


def other_inputs(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """Return the inputs of the graph beside ``sequence``: name to shape of one window.

    ``alternative`` is one-hot with the alternative base, ``signals`` are the recipe's transformed
    inputs, ``features`` the values of the sample.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    if recipe.windows.key == "variants":
        shapes["alternative"] = (4, recipe.window.input_length)
    elif measured := measured_inputs(recipe.inputs):
        shapes["signals"] = (len(measured), recipe.window.input_length)
    if n_features := getattr(recipe.network, "n_features", 0):
        shapes["features"] = (n_features,)
    return shapes


class _WithoutControl(nn.Module):
    """A network that reads the sequence and values of a sample, without a second input."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Return predictions ``(n, n_tracks, n_bins)``."""
        return cast(Tensor, self.net(x, None, features))


def to_onnx(
    net: nn.Module, input_length: int, others: Mapping[str, tuple[int, ...]] | None = None
) -> bytes:
    """Export a network as one self-contained ONNX graph.

    The graph takes ``sequence``, one-hot ``(batch, 4, input_length)`` float32, and gives
    ``tracks``, ``(batch, n_tracks, n_bins)`` float32; the batch is free.

    Args:
        net: Called with the sequence and the other inputs, in their order.
        input_length: Bases read.
        others: Inputs beside the sequence, as ``other_inputs`` returns them.
    """
    return _graph(net, {INPUT: (4, input_length), **(others or {})})


def _graph(net: nn.Module, shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """Export a network of inputs with these names and shapes of one window."""
    examples = tuple(torch.zeros(2, *shape) for shape in shapes.values())
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        # The exporter warns about its own use of torch.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            net,
            examples,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(shapes),
            output_names=[OUTPUT],
            dynamic_shapes=tuple({0: batch} for _ in shapes),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _drop_origin(model)
    _rename_folded(model, net)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _rename_folded(model: onnx.ModelProto, net: nn.Module) -> None:
    """Rename tensors that have the name of a trained weight and other values.

    The exporter folds a normalisation into the convolution before it and keeps the weight's name,
    under which ``zooctl check`` looks for the trained weight.
    """
    trained = {name: tensor.detach().numpy() for name, tensor in net.state_dict().items()}
    folded = {
        tensor.name: f"{tensor.name}.folded"
        for tensor in model.graph.initializer
        if tensor.name in trained
        and onnx.numpy_helper.to_array(tensor).tobytes() != trained[tensor.name].tobytes()
    }
    for named in (*model.graph.initializer, *model.graph.value_info):
        named.name = folded.get(named.name, named.name)
    for node in model.graph.node:
        node.input[:] = [folded.get(name, name) for name in node.input]


def _drop_origin(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes on source files, which hold paths of one machine."""
    graph = model.graph
    for part in [
        model,
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
        *model.functions,
    ]:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.name = "zooctl"


def export(net: nn.Module, recipe: Recipe, trunk: FrozenTrunk | None) -> Exported:
    """Return both forms of a recipe's weights; of a head, the safetensors are those of the head.

    Args:
        net: As ``trained_network`` returns it.
        recipe: Of the network.
        trunk: Below it, where it is a head.
    """
    length = recipe.window.input_length
    if trunk is None:
        graph = to_onnx(net, length, other_inputs(recipe))
    else:
        shape = trunk.raw(np.full((1, length), N, np.uint8)).shape[1:]
        graph = on_trunk(trunk.layers, _graph(net, {ACTIVATIONS: shape}))
    return Exported(graph, save(weights_of(net)))


def graph_inputs(batch: TrainingBatch, unknown_base: float) -> dict[str, np.ndarray]:
    """Return the graph's inputs of a batch, by the names of ``INPUT`` and ``other_inputs``."""
    inputs = {INPUT: onehot(batch.codes, unknown_base).numpy()}
    if batch.alternative is not None:
        inputs["alternative"] = onehot(batch.alternative, unknown_base).numpy()
    if batch.signals is not None:
        inputs["signals"] = batch.signals
    if batch.features is not None:
        inputs["features"] = batch.features
    return inputs


def torch_predictions(net: nn.Module, codes: Codes, unknown_base: float) -> np.ndarray:
    """Return predictions ``(n, n_tracks, n_bins)`` of windows of codes ``(n, input_length)``."""
    return torch_outputs(net, {INPUT: onehot(codes, unknown_base).numpy()})


def torch_outputs(net: nn.Module, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return predictions ``(n, n_tracks, n_bins)`` from a graph's inputs, ``(n, …)`` each."""
    parts = []
    for first in range(0, len(inputs[INPUT]), 64):
        rows = [torch.from_numpy(array[first : first + 64]) for array in inputs.values()]
        with torch.inference_mode():
            parts.append(net(*rows).numpy())
    return np.concatenate(parts)


def check_parity(expected: np.ndarray, got: np.ndarray, tolerance: float = 1e-5) -> float:
    """Return the largest difference of two predictions, relative to each window's largest value.

    Raises:
        VerificationError: It is above ``tolerance``.
    """
    scale = np.abs(expected).max(axis=(1, 2), keepdims=True)
    difference = float((np.abs(expected - got) / np.maximum(scale, 1e-12)).max())
    if not difference <= tolerance:
        raise VerificationError(
            "torch and onnxruntime disagree",
            got=f"{difference:.1e}",
            expected=f"<= {tolerance:.0e}",
        )
    return difference
