"""Predictions of published weights by torch, without their training data."""

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


def published_predictions(recipe: Recipe, safetensors: bytes, codes: Codes) -> np.ndarray | None:
    """Return torch's predictions of windows with an entry's safetensors.

    Args:
        recipe: Of the entry.
        safetensors: As ``export`` wrote them.
        codes: Windows ``(n, input_length)``.

    Returns:
        ``(n, n_tracks, n_bins)``; None for a network with inputs beside the sequence.
    """
    if other_inputs(recipe):
        return None
    pin(recipe.threads)
    net: nn.Module = Finished(network_of(recipe))
    if recipe.controls:
        net = with_constant_control(net, torch.zeros(len(recipe.controls)))
    net.load_state_dict(load(safetensors))
    return torch_predictions(net.eval(), codes, recipe.unknown_base)
