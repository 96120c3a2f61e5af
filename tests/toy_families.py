"""Checkpoints of small networks with random parameters, under the names of their families."""

from __future__ import annotations

from typing import Any

import torch

Tensors = dict[str, torch.Tensor]

CHERIMOYA_TRIMMING = 46 + 1 + 2 + 4


def bpnet_state(filters: int, layers: int, outputs: int, controls: int, head: str = "") -> Tensors:
    """Return random parameters under bpnet-lite's names."""
    made = {
        "iconv.weight": (filters, 4, 21),
        "iconv.bias": (filters,),
        "fconv.weight": (outputs, filters + controls, 75),
        "fconv.bias": (outputs,),
        "linear.weight": (1, filters + bool(controls)),
        "linear.bias": (1,),
    }
    for i in range(layers):
        made |= {f"rconvs.{i}.weight": (filters, filters, 3), f"rconvs.{i}.bias": (filters,)}
    generator = torch.Generator().manual_seed(len(head))
    return {f"{head}{n}": 0.3 * torch.randn(s, generator=generator) for n, s in made.items()}


def cherimoya_state(groups: list[int], controls: int) -> dict[str, Any]:
    """Return random parameters of three blocks in the form of ``Cherimoya.save``."""
    filters, outputs = 6, sum(groups)
    shapes: dict[str, tuple[int, ...]] = {
        "iconv.weight": (filters, 4, 21),
        "iconv.bias": (filters,),
        "fconv.weight": (outputs, filters + controls, 75),
        "fconv.bias": (outputs,),
        "linear.weight": (len(groups), filters + bool(controls)),
        "linear.bias": (len(groups),),
        "lw0": (len(groups),),
    }
    for i in range(3):
        shapes |= {
            f"blocks.{i}.conv_weight": (3, filters),
            f"blocks.{i}.linear1.weight": (2 * filters, filters),
            f"blocks.{i}.linear2.weight": (filters, 2 * filters),
        }
    generator = torch.Generator().manual_seed(1)
    config = {
        "n_filters": filters,
        "n_layers": 3,
        "signal_groups": groups,
        "n_control_tracks": controls,
        "expansion": 2,
        "residual_scale": 0.15,
        "name": "a",
        "trimming": CHERIMOYA_TRIMMING,
        "verbose": False,
    }
    state = {n: 0.4 * torch.randn(s, generator=generator) for n, s in shapes.items()}
    return {"config": config, "state_dict": state}
