"""Networks of gReLU up to their heads: convolutional towers, and the trunks of two more families.

Tensors of gReLU's Enformer and Borzoi are those of the packages that ``long_range`` reads, under
other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from zooctl.errors import InputError
from zooctl.inference.adopt.families.checkpoint import Tensors, Weights
from zooctl.inference.adopt.families.long_range import (
    BORZOI_EPSILON,
    ENFORMER_EPSILON,
    borzoi_trunk,
    enformer_trunk,
    gelu,
)
from zooctl.inference.adopt.families.torch_layers import TorchLayers
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.adopt.networks.transformer import add_transformer, central_features

HEAD = "head"
_TRUNK = "embedding"
_TOWER = f"{_TRUNK}.conv_tower.blocks"
_TRANSFORMER = f"{_TRUNK}.transformer_tower.blocks"

_CONV = {
    **{"dilation_init": 1, "dilation_mult": 1, "act_func": "relu"},
    **{"pool_func": None, "pool_size": None, "residual": False, "crop_len": 0},
    "final_pool_func": "avg",
}
_LONG = {"crop_len": 0, "final_pool_func": "avg"}
_BORZOI = {**_LONG, "act_func": "gelu_borzoi", "norm_kwargs": None, "n_conv": 7}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "ConvModel": _CONV,
    "DilatedConvModel": {
        **{**_CONV, "dilation_init": 2, "dilation_mult": 2},
        **{"residual": True, "crop_len": "auto"},
    },
    "ConvMLPModel": {**_CONV, "residual": True, "mlp_act_func": "relu"},
    "ConvTransformerModel": _CONV,
    "EnformerModel": _LONG,
    "EnformerPretrainedModel": _LONG,
    "BorzoiModel": {**_BORZOI, "crop_len": 16},
    "BorzoiPretrainedModel": _BORZOI,
}
"""Name of gReLU's class to what it has where a checkpoint does not state it, as gReLU 1.1."""

_ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **{"relu": ("Relu", {}), "elu": ("Elu", {}), "softplus": ("Softplus", {}), "exp": ("Exp", {})},
    "gelu": ("Gelu", {}),
    "gelu_borzoi": ("Gelu", {"approximate": "tanh"}),
}


class GreluTrunk(NamedTuple):
    """A network up to its head.

    Attributes:
        layers: Its graph and its tensors.
        output: ``(batch, channels, bins)``.
        channels: Of the output.
        bins: Of the output.
        bin_size: Bases of a bin.
    """

    layers: TorchLayers
    output: Value
    channels: int
    bins: int
    bin_size: int


def add_network(model: Mapping[str, Any], weights: Weights, length: int) -> GreluTrunk:
    """Return a network up to its head.

    Args:
        model: Parameters of its class, those of ``MODELS`` included.
        weights: Its tensors, by gReLU's names.
        length: Bases that it reads.

    Raises:
        InputError: It lacks a tensor, has a layer that is not known, or the lengths do not fit.
    """
    kind = str(model["model_type"])
    if kind.startswith("Enformer"):
        return _enformer(model, weights, length)
    if kind.startswith("Borzoi"):
        return _borzoi(model, weights, length)
    if kind == "ConvTransformerModel":
        names = _transformer_names("to_pos_k", weights.tensors)
        weights = weights.renamed(_by_module(weights.tensors, names))
    return _tower(model, weights, length)


def activate(layers: TorchLayers, function: object, x: Value) -> Value:
    """Add an activation by gReLU's name.

    Raises:
        InputError: It is none of gReLU's.
    """
    if function is None:
        return x
    if function == "gelu_enformer":
        return gelu(layers.builder, x)
    if function not in _ACTIVATIONS:
        raise InputError(
            "an activation that is not known",
            path=layers.weights.source,
            got=function,
            expected=", ".join([*_ACTIVATIONS, "gelu_enformer"]),
        )
    op, attributes = _ACTIVATIONS[str(function)]
    return layers.builder.each(op, x, **attributes)


def _tower(model: Mapping[str, Any], weights: Weights, length: int) -> GreluTrunk:
    """Return a tower of convolutions, with the transformer behind it if there is one."""
    widths = [weights.shape(f"{_TOWER}.0.conv.weight")[2]]
    while f"{_TOWER}.{len(widths)}.conv.weight" in weights.tensors:
        widths.append(weights.shape(f"{_TOWER}.{len(widths)}.conv.weight")[2])
    pool = int(model["pool_size"] or 1) if model["pool_func"] else 1
    dilations = _dilations(model, len(widths) - 1)
    field = _receptive_field(widths, dilations, pool)
    crop = field // 2 if model["crop_len"] == "auto" else int(model["crop_len"])
    # Nothing of the padding is left where the crop is as wide as what is read beside a position.
    bare = pool == 1 and crop >= field // 2 and all(width % 2 for width in widths)
    layers = TorchLayers(GraphBuilder(unpadded=bare), weights, ENFORMER_EPSILON)
    x = layers.conv(f"{_TOWER}.0.conv", Value(INPUT))
    x = activate(layers, model["act_func"], x)
    for number, dilation in enumerate(dilations, 1):
        x = _block(layers, model, f"{_TOWER}.{number}", x, dilation)
    bin_size = pool ** len(dilations)
    if length % bin_size:
        raise InputError(
            "the input has no whole number of bins",
            path=weights.source,
            got=f"{length:,} bp",
            expected=f"a multiple of {bin_size}",
            hint="--input-length is another length",
        )
    bins = _kept(weights, length // bin_size, crop)
    x = layers.builder.crop(x, crop)
    channels = weights.shape(f"{_TOWER}.{len(dilations)}.conv.weight")[0]
    if model["model_type"] == "ConvTransformerModel":
        n_features = weights.shape("transformer.0.0.fn.1.to_rel_k.weight")[1]
        features = central_features(bins, n_features, bins)
        x = add_transformer(
            layers.builder, weights.tensors, layers.turn(x), features, epsilon=ENFORMER_EPSILON
        )
        x = layers.turn(x)
    return GreluTrunk(layers, x, channels, bins, bin_size)


def _dilations(model: Mapping[str, Any], blocks: int) -> list[int]:
    found, dilation = [], int(model["dilation_init"])
    for _ in range(blocks):
        found.append(dilation)
        dilation = int(dilation * model["dilation_mult"])
    return found


def _receptive_field(widths: list[int], dilations: list[int], pool: int) -> int:
    """Return the receptive field as gReLU counts it for ``crop_len="auto"``."""
    field = widths[0]
    for width, dilation in zip(widths[1:], dilations, strict=True):
        field = (field + dilation * (width - 1)) * pool
    return field


def _block(
    layers: TorchLayers, model: Mapping[str, Any], at: str, x: Value, dilation: int
) -> Value:
    """Add convolution, normalisation, what was read, activation and pooling."""
    read = x
    x = layers.conv(f"{at}.conv", x, dilation=dilation)
    if layers.has(f"{at}.norm.layer"):
        x = layers.norm(f"{at}.norm.layer", x)
    if model["residual"]:
        transform = f"{at}.channel_transform.layer"
        read = layers.conv(transform, read) if layers.has(transform) else read
        x = layers.builder.join("Add", x, read)
    x = activate(layers, model["act_func"], x)
    if not model["pool_func"]:
        return x
    op = {"max": "MaxPool", "avg": "AveragePool"}.get(str(model["pool_func"]))
    if op is None:
        raise InputError(
            "a pooling that is not known",
            path=layers.weights.source,
            got=model["pool_func"],
            expected="max or avg",
        )
    size = [int(model["pool_size"])]
    return layers.builder.each(op, x, kernel_shape=size, strides=size)


def _kept(weights: Weights, positions: int, crop: int) -> int:
    """Return the bins that a crop on both sides leaves.

    Raises:
        InputError: It leaves none.
    """
    if positions <= 2 * crop:
        raise InputError(
            "the crop leaves no bin",
            path=weights.source,
            got=f"{positions:,} bins less {crop:,} on each side",
            hint="--input-length is another length",
        )
    return positions - 2 * crop


def _enformer(model: Mapping[str, Any], weights: Weights, length: int) -> GreluTrunk:
    at = _TOWER
    names = {
        **{f"{at}.0.0": "stem.0", f"{at}.0.1.norm.layer": "stem.1.fn.0"},
        **{f"{at}.0.1.conv": "stem.1.fn.2", f"{at}.0.1.pool.layer": "stem.2"},
        f"{_TRUNK}.pointwise_conv.norm.layer": "final_pointwise.1.0",
        f"{_TRUNK}.pointwise_conv.conv": "final_pointwise.1.2",
        **_transformer_names("to_rel_k", weights.tensors),
    }
    number = 1
    while f"{at}.{number}.0.conv.weight" in weights.tensors:
        ours = f"conv_tower.{number - 1}"
        for part, inside in ((0, ""), (1, ".fn")):
            names[f"{at}.{number}.{part}.norm.layer"] = f"{ours}.{part}{inside}.0"
            names[f"{at}.{number}.{part}.conv"] = f"{ours}.{part}{inside}.2"
        names[f"{at}.{number}.1.pool.layer"] = f"{ours}.2"
        number += 1
    layers = TorchLayers(
        GraphBuilder(), weights.renamed(_by_module(weights.tensors, names)), ENFORMER_EPSILON
    )
    kept = _kept(weights, length // 2**number, int(model["crop_len"]))
    x, bins = enformer_trunk(layers, length, kept, by_distance=False)
    channels = layers.weights.shape("final_pointwise.1.2.weight")[0]
    return GreluTrunk(layers, x, channels, bins.kept, length // bins.positions)


def _borzoi(model: Mapping[str, Any], weights: Weights, length: int) -> GreluTrunk:
    if model["norm_kwargs"] not in (None, {"eps": BORZOI_EPSILON}) or model["n_conv"] != 7:
        raise InputError(
            "a Borzoi of another form",
            path=weights.source,
            got=f"n_conv {model['n_conv']}, norm_kwargs {model['norm_kwargs']}",
            expected=f"n_conv 7, norm_kwargs eps {BORZOI_EPSILON}",
        )
    if model["act_func"] != "gelu_borzoi" or model.get("flash_attn") or model.get("final_act_func"):
        raise InputError(
            "a Borzoi of another form",
            path=weights.source,
            got="another activation, or flash attention",
            expected="act_func gelu_borzoi, flash_attn False",
        )
    units = [f"res_tower.{number}" for number in (0, 2, 4, 6, 8)] + ["unet1.1"]
    blocks = {f"{_TOWER}.{number}": ours for number, ours in enumerate(units, 1)}
    blocks |= {f"{_TRUNK}.pointwise_conv": "final_joined_convs.0"}
    names = {f"{_TOWER}.0.conv": "conv_dna.conv_layer"}
    for number, level in enumerate((1, 0)):
        at = f"{_TRUNK}.unet_tower.blocks.{number}"
        blocks[f"{at}.conv"] = f"upsampling_unet{level}.0"
        blocks[f"{at}.channel_transform"] = f"horizontal_conv{level}"
        names[f"{at}.sconv.depthwise"] = f"separable{level}.conv_layer.0"
        names[f"{at}.sconv.pointwise"] = f"separable{level}.conv_layer.1"
    for theirs, ours in blocks.items():
        names[f"{theirs}.norm.layer"] = f"{ours}.norm"
        conv = "conv.layer" if theirs.endswith("channel_transform") else "conv"
        names[f"{theirs}.{conv}"] = f"{ours}.conv_layer"
    names |= _transformer_names("to_pos_k", weights.tensors)
    layers = TorchLayers(
        GraphBuilder(), weights.renamed(_by_module(weights.tensors, names)), BORZOI_EPSILON
    )
    kept = _kept(weights, length // 32, int(model["crop_len"]))
    x, bins = borzoi_trunk(layers, length, kept, n_trained=length // 128)
    channels = layers.weights.shape("final_joined_convs.0.conv_layer.weight")[0]
    return GreluTrunk(layers, x, channels, bins.kept, length // bins.positions)


def _transformer_names(distances: str, tensors: Tensors) -> dict[str, str]:
    """Return gReLU's names of a transformer's modules to those of ``add_transformer``."""
    names: dict[str, str] = {}
    number = 0
    while f"{_TRANSFORMER}.{number}.mha.to_q.weight" in tensors:
        at, ours = f"{_TRANSFORMER}.{number}", f"transformer.{number}"
        names |= {
            f"{at}.norm.layer": f"{ours}.0.fn.0",
            f"{at}.mha.{distances}": f"{ours}.0.fn.1.to_rel_k",
            f"{at}.mha": f"{ours}.0.fn.1",
            f"{at}.ffn.dense1.norm.layer": f"{ours}.1.fn.0",
            f"{at}.ffn.dense1.linear": f"{ours}.1.fn.1",
            f"{at}.ffn.dense2.linear": f"{ours}.1.fn.4",
        }
        number += 1
    return names


def _by_module(tensors: Tensors, names: Mapping[str, str]) -> Tensors:
    """Return tensors with the names of their modules replaced, the first that fits."""
    found = {}
    for name, values in tensors.items():
        module = next((one for one in names if name.startswith(f"{one}.")), None)
        found[name if module is None else names[module] + name.removeprefix(module)] = values
    return found
