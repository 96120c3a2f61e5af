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


def enformer_state(dim: int, pools: int, tracks: int) -> Tensors:
    """Return random parameters of a reduced Enformer, one transformer layer of two heads deep.

    Args:
        dim: Channels.
        pools: Halvings of the length.
        tracks: Of its human head.
    """
    heads, width, features = 2, 4, 6
    at, dense = "transformer.0.0.fn", "transformer.0.1.fn"
    shapes: dict[str, tuple[int, ...]] = {
        "stem.0.weight": (dim, 4, 15),
        "stem.0.bias": (dim,),
        "_heads.human.0.weight": (tracks, dim),
        "_heads.human.0.bias": (tracks,),
        f"{at}.1.to_q.weight": (heads * width, dim),
        f"{at}.1.to_k.weight": (heads * width, dim),
        f"{at}.1.to_v.weight": (dim, dim),
        f"{at}.1.to_out.weight": (dim, dim),
        f"{at}.1.to_out.bias": (dim,),
        f"{at}.1.to_rel_k.weight": (heads * width, features),
        f"{at}.1.rel_content_bias": (1, heads, 1, width),
        f"{at}.1.rel_pos_bias": (1, heads, 1, width),
        f"{dense}.1.weight": (2 * dim, dim),
        f"{dense}.1.bias": (2 * dim,),
        f"{dense}.4.weight": (dim, 2 * dim),
        f"{dense}.4.bias": (dim,),
    }
    for name in (f"{at}.0", f"{dense}.0"):
        shapes |= {f"{name}.weight": (dim,), f"{name}.bias": (dim,)}
    wide = [f"conv_tower.{i}.0" for i in range(pools - 1)]
    narrow = ["stem.1.fn", *(f"conv_tower.{i}.1.fn" for i in range(pools - 1))]
    for name in [*wide, *narrow, "final_pointwise.1"]:
        kernel = 5 if name in wide else 1
        shapes |= {f"{name}.2.weight": (dim, dim, kernel), f"{name}.2.bias": (dim,)}
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.0.{part}"] = (dim,)
    for name in ["stem.2", *(f"conv_tower.{i}.2" for i in range(pools - 1))]:
        shapes[f"{name}.to_attn_logits.weight"] = (dim, dim, 1, 1)
    generator = torch.Generator().manual_seed(2)
    made = {n: 0.3 * torch.randn(s, generator=generator) for n, s in shapes.items()}
    return {n: 1 + t.abs() if n.endswith("running_var") else t for n, t in made.items()}
