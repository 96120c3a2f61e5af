"""Enformer and Borzoi: the parts by hand and by torch, the whole against the authors' classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from authors_classes import make, run, weights_of
from torch.nn import functional

from zooctl.cli.commands.adopt_long_range import chosen
from zooctl.errors import InputError
from zooctl.files.weights.onnx_weights import put_weights
from zooctl.inference.adopt.families.checkpoint import read_weights
from zooctl.inference.adopt.families.long_range import convert_borzoi, convert_enformer
from zooctl.inference.adopt.networks.builder import INPUT, GraphBuilder, Value
from zooctl.inference.adopt.networks.transformer import (
    add_transformer,
    central_features,
    enformer_features,
)

Tensors = dict[str, torch.Tensor]
RNG = torch.Generator().manual_seed(3)


def drawn(*shape: int) -> torch.Tensor:
    return 0.4 * torch.randn(shape, generator=RNG)


def layer(number: int, dim: int, heads: int, width: int, features: int) -> Tensors:
    """Return the parameters of one layer of a transformer."""
    at, dense = f"transformer.{number}.0.fn", f"transformer.{number}.1.fn"
    value = dim // heads
    return {
        **{f"{one}.0.{part}": drawn(dim) for one in (at, dense) for part in ("weight", "bias")},
        f"{at}.1.to_q.weight": drawn(heads * width, dim),
        f"{at}.1.to_k.weight": drawn(heads * width, dim),
        f"{at}.1.to_v.weight": drawn(heads * value, dim),
        f"{at}.1.to_out.weight": drawn(dim, heads * value),
        f"{at}.1.to_out.bias": drawn(dim),
        f"{at}.1.to_rel_k.weight": drawn(heads * width, features),
        f"{at}.1.rel_content_bias": drawn(1, heads, 1, width),
        f"{at}.1.rel_pos_bias": drawn(1, heads, 1, width),
        f"{dense}.1.weight": drawn(2 * dim, dim),
        f"{dense}.1.bias": drawn(2 * dim),
        f"{dense}.4.weight": drawn(dim, 2 * dim),
        f"{dense}.4.bias": drawn(dim),
    }


def naive_layer(p: Tensors, number: int, x: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """One pair of positions after another; the distance of j from i is j - i."""
    at, dense = f"transformer.{number}.0.fn", f"transformer.{number}.1.fn"
    b, n, dim = x.shape
    _, heads, _, width = p[f"{at}.1.rel_content_bias"].shape

    def norm(head: str, y: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(y, (dim,), p[f"{head}.0.weight"], p[f"{head}.0.bias"], 1e-3)

    y = norm(at, x)
    q, k, v = (y @ p[f"{at}.1.to_{part}.weight"].T for part in "qkv")
    near = features @ p[f"{at}.1.to_rel_k.weight"].T
    out = torch.zeros(b, n, heads * (dim // heads))
    for row in range(b):
        for h in range(heads):
            own, wide = (
                slice(h * width, (h + 1) * width),
                slice(h * dim // heads, (h + 1) * dim // heads),
            )
            logits = torch.zeros(n, n)
            for i in range(n):
                query = q[row, i, own] * width**-0.5
                for j in range(n):
                    content = (query + p[f"{at}.1.rel_content_bias"][0, h, 0]) @ k[row, j, own]
                    place = (query + p[f"{at}.1.rel_pos_bias"][0, h, 0]) @ near[j - i + n - 1, own]
                    logits[i, j] = content + place
            out[row, :, wide] = torch.softmax(logits, 1) @ v[row, :, wide]
    x = x + out @ p[f"{at}.1.to_out.weight"].T + p[f"{at}.1.to_out.bias"]
    y = torch.relu(norm(dense, x) @ p[f"{dense}.1.weight"].T + p[f"{dense}.1.bias"])
    return x + y @ p[f"{dense}.4.weight"].T + p[f"{dense}.4.bias"]


def test_a_transformer_pair_by_pair() -> None:
    n, dim = 7, 12
    p = layer(0, dim, 3, 5, 4) | layer(1, dim, 3, 5, 4)
    features = central_features(n, 4, 4_096)
    builder = GraphBuilder()
    tensors = {name: values.numpy() for name, values in p.items()}
    lift = builder.weight("lift", (dim, 4, 1))
    x = builder.each("Transpose", builder.conv(Value(INPUT), lift, None, width=1), perm=[0, 2, 1])
    made = add_transformer(builder, tensors, x, features, epsilon=1e-3)
    output = builder.each("Transpose", made, perm=[0, 2, 1])
    graph = builder.finish(output, dim, input_length=n, n_bins=n)
    tensors["lift"] = drawn(dim, 4, 1).numpy()
    sequence = torch.randn(2, 4, n, generator=RNG)
    y = torch.einsum("bcn,dc->bnd", sequence, torch.from_numpy(tensors["lift"][:, :, 0]))
    for number in (0, 1):
        y = naive_layer(p, number, y, torch.from_numpy(features))
    got = run(put_weights(graph, tensors), sequence.numpy())
    assert np.allclose(got, y.transpose(1, 2), rtol=1e-4, atol=1e-5)


def test_features_of_distances_by_hand() -> None:
    # Widths 4097**(1/2) - 1 = 63.0 and 4096; the signed half is 0 at distance 0.
    assert central_features(100, 4, 4_096)[[99, 99 + 62, 99 + 64, 35]].tolist() == [
        [1, 1, 0, 0],
        [1, 1, 1, 1],
        [0, 1, 0, 1],
        [0, 1, 0, -1],
    ]
    found = enformer_features(16, 12, by_distance=True)
    assert found.shape == (31, 12)
    # Half-lives are 8 and 16; widths 1 and 3; gamma features peak at 1.
    assert np.allclose(found[15 + 8, :2], [0.5, 2**-0.5])
    assert found[15 + 2, 2:4].tolist() == [0, 1]
    assert found[:, 4:6].max(axis=0).tolist() == [1, 1]
    assert np.array_equal(found[:15, 6:], -found[:15, :6])
    by_feature = enformer_features(16, 12, by_distance=False)
    assert by_feature[:, 4:6].max(axis=1).tolist() == [1] * 31


def test_tracks_are_chosen() -> None:
    assert chosen(None) is None
    assert chosen("5, 41-43") == [5, 41, 42, 43]
    for text in ("", "a", "3-1", "1,,2", "1,1"):
        with pytest.raises(InputError):
            chosen(text)


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="flash attention"):
        convert_borzoi(weights_of({}, flashed=True))
    with pytest.raises(InputError, match="lacks a tensor"):
        convert_borzoi(weights_of({"a": torch.ones(1)}))
    with pytest.raises(InputError, match="lacks a tensor"):
        convert_enformer(weights_of({"a": torch.ones(1)}))


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    difference, largest = np.abs(got - expected).max(), float(np.abs(expected).max())
    # Shown by pytest -rP.
    spread = expected.std(axis=2).mean()
    print(f"{got.shape}: differ by {difference:.2g}, values to {largest:.3g}, spread {spread:.2g}")
    assert difference < 1e-4 * max(1.0, largest)
    assert expected.std() > 0.01


# At full width, noise as large as the weights lets values grow to thousands, where pooling by
# attention picks a neighbour by last digits: the authors' class itself then differs by 3e-4 between
# float32 and float64.
FULL_NOISE = 0.3
SMALL = {"dim": 96, "depth": 2, "heads": 2, "attn_dim_key": 16, "num_downsamples": 3}
SMALL |= {"dim_divisible_by": 16, "output_heads": {"human": 5, "mouse": 3}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"n": 100, "length": 320, "target_length": 20, **SMALL},
        # The original's features of distances exist for 1,536 positions alone.
        {"n": 4, "length": 12_288, "use_tf_gamma": True, **SMALL, "dim": 192, "heads": 1},
        {"n": 2, "length": 196_608, "noise": FULL_NOISE},
    ],
    ids=["reduced", "original distances", "full"],
)
def test_enformer_of_its_package(tmp_path: Path, options: dict[str, Any]) -> None:
    made = make("enformer", tmp_path, **options)
    weights = read_weights(str(made.path))
    is_full = "noise" in options
    for organism in ("human",) if is_full else ("human", "mouse"):
        converted = convert_enformer(weights, organism=organism, input_length=options["length"])
        close(run(converted.model, made.inputs), made.outputs[organism])
    if is_full:
        return
    few = convert_enformer(weights, input_length=options["length"], only=[1, 3])
    close(run(few.model, made.inputs), made.outputs["human"][:, [1, 3]])


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {
            **{"n": 100, "length": 2_048, "dim": 96, "depth": 2, "heads": 2, "attn_dim_key": 16},
            **{"attn_dim_value": 48, "enable_mouse_head": True, "bins_to_return": 32},
        },
        {"n": 2, "length": 524_288, "noise": FULL_NOISE},
    ],
    ids=["reduced", "full"],
)
def test_borzoi_of_its_package(tmp_path: Path, options: dict[str, Any]) -> None:
    made = make("borzoi", tmp_path, **options)
    weights = read_weights(str(made.path))
    for organism, expected in made.outputs.items():
        converted = convert_borzoi(weights, organism=organism, input_length=options["length"])
        close(run(converted.model, made.inputs[: len(expected)]), expected)
