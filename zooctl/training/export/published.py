"""Published weights as networks of torch, and their predictions, without their training data."""

from __future__ import annotations

import numpy as np
import torch
from safetensors.torch import load
from torch import nn

from zooctl.schema.recipe.recipe import Recipe
from zooctl.sequence.onehot import Codes
from zooctl.training.determinism.determinism import pin
from zooctl.training.export.export import other_inputs, torch_predictions
from zooctl.training.nets import network_of
from zooctl.training.nets.parts.control import with_constant_control
from zooctl.training.nets.parts.network import Finished


def published_network(recipe: Recipe, safetensors: bytes) -> nn.Module | None:
    """Return the network of an entry's safetensors, in evaluation mode, without further inputs.

    Args:
        recipe: Of the entry.
        safetensors: As ``export`` wrote them.

    Returns:
        A network from ``(n, 4, input_length)`` to ``(n, n_tracks, n_bins)`` in the card's unit; its
        ``Finished`` part is itself or, under a fixed control, its ``net``. None for a network with
        inputs beside the sequence, and for a head, whose trunk is in the graph alone.
    """
    if other_inputs(recipe) or recipe.network.key == "trunk_head":
        return None
    net: nn.Module = Finished(network_of(recipe))
    if recipe.controls:
        net = with_constant_control(net, torch.zeros(len(recipe.controls)))
    net.load_state_dict(load(safetensors))
    return net.eval()


def published_predictions(recipe: Recipe, safetensors: bytes, codes: Codes) -> np.ndarray | None:
    """Return torch's predictions of windows with an entry's safetensors.

    Args:
        recipe: Of the entry.
        safetensors: As ``export`` wrote them.
        codes: Windows ``(n, input_length)``.

    Returns:
        ``(n, n_tracks, n_bins)``; None as of ``published_network``.
    """
    pin(recipe.threads)
    net = published_network(recipe, safetensors)
    return None if net is None else torch_predictions(net, codes, recipe.unknown_base)
