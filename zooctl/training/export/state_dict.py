"""The network of a recipe with the weights of a state dict that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zooctl.catalog.card_text import TO_WRITE
from zooctl.catalog.new_card import fields_from_recipe
from zooctl.errors import InputError
from zooctl.inference.adopt.families.checkpoint import Weights
from zooctl.inference.adopt.families.entry import Converted
from zooctl.schema.recipe.recipe import Recipe
from zooctl.training.export.export import other_inputs, to_onnx
from zooctl.training.nets import network_of
from zooctl.training.nets.parts.network import Finished

# Beginnings that trainers, and the safetensors of an entry, put before the names of all tensors.
_BEGINNINGS = ("state_dict.", "model.", "module.", "net.")
_FROM_RECIPE = ("output_transform", "unknown_base", "strand_pairs")


def convert_state_dict(weights: Weights, recipe: Recipe) -> Converted:
    """Convert a state dict of the network that a recipe describes.

    Args:
        weights: The state dict; beginnings that all its names have in common don't matter.
        recipe: Names network, window and tracks; its data are not read, and were perhaps not those
            of the training.

    Raises:
        InputError: The network reads more than the sequence or is a mean of several, or the state
            dict has other names or shapes.
    """
    more = [*other_inputs(recipe), *(control.name for control in recipe.controls)]
    if recipe.network.key == "trunk_head":
        more.append("a trunk's activations")
    if more or recipe.ensemble:
        raise InputError(
            "a state dict alone makes no entry of this recipe",
            got=f"inputs {', '.join(more)}" if more else "an ensemble",
            expected="a network that reads the sequence alone",
            hint="zooctl train and zooctl export make one",
        )
    net = network_of(recipe)
    _load(net, weights)
    fields = fields_from_recipe(recipe, environment="")
    facts = {name: fields[name] for name in _FROM_RECIPE if name in fields}
    return Converted(
        to_onnx(Finished(net).eval(), recipe.window.input_length),
        recipe.window.geometry,
        fields["tracks"],
        recipe.output_scale,
        {
            "title": f"Network {recipe.network.key}, trained elsewhere",
            "limits": [TO_WRITE, f"Network, window and tracks are those of recipe {recipe.name}."],
            **facts,
        },
    )


def _load(net: nn.Module, weights: Weights) -> None:
    """Take over the tensors by their names; counts of batches, which nothing reads, may lack."""
    own = {name: value for name, value in net.state_dict().items() if value.is_floating_point()}
    given = _without_beginning({name: torch.from_numpy(v) for name, v in weights.tensors.items()})
    for name in [*own, *given]:
        has, wants = given.get(name), own.get(name)
        if has is None or wants is None or has.shape != wants.shape:
            raise InputError(
                "the state dict is not of the recipe's network",
                path=weights.source,
                field=name,
                got="no such tensor" if has is None else f"shape {tuple(has.shape)}",
                expected="no such tensor" if wants is None else f"shape {tuple(wants.shape)}",
            )
    net.load_state_dict(given, strict=False)


def _without_beginning(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = dict(tensors)
    for beginning in _BEGINNINGS:
        if found and all(name.startswith(beginning) for name in found):
            found = {name.removeprefix(beginning): value for name, value in found.items()}
    return found
