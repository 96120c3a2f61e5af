"""Cherimoya against a port of a few lines, and against its author's class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from authors_classes import make, one_hot, run, weights_of
from naive_profile import head_of
from torch.nn import functional
from toy_families import CHERIMOYA_TRIMMING, cherimoya_state

from zooctl.errors import InputError
from zooctl.inference.adopt.families.checkpoint import read_weights
from zooctl.inference.adopt.families.cherimoya import convert_cherimoya

HEADS = ("coverage", "profile", "counts")


def port(p: dict[str, torch.Tensor], x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and counts; controls are all zero."""

    def gelu(y: torch.Tensor) -> torch.Tensor:
        return 0.5 * y * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (y + 0.044715 * y**3)))

    filters = p["iconv.weight"].shape[0]
    x = gelu(functional.conv1d(x, p["iconv.weight"], p["iconv.bias"], padding=10))
    for i in range(3):
        taps = p[f"blocks.{i}.conv_weight"]
        padded = functional.pad(x, (2**i, 2**i))
        y = sum(taps[k][:, None] * padded[:, :, k * 2**i : k * 2**i + x.shape[2]] for k in range(3))
        y = (y - y.mean((1, 2), keepdim=True)) / (
            y.var((1, 2), correction=0, keepdim=True) + 1e-3
        ).sqrt()
        y = gelu(p[f"blocks.{i}.linear1.weight"] @ y)
        x = x + 0.15 * (p[f"blocks.{i}.linear2.weight"] @ y)
    kernel = p["fconv.weight"][:, :filters]
    logits = functional.conv1d(x, kernel, p["fconv.bias"], padding=37)[
        :, :, CHERIMOYA_TRIMMING:-CHERIMOYA_TRIMMING
    ]
    mean = x[:, :, CHERIMOYA_TRIMMING:-CHERIMOYA_TRIMMING].mean(2)
    counts = mean @ p["linear.weight"][:, :filters].T + p["linear.bias"]
    return logits.numpy(), counts.numpy()


@pytest.mark.parametrize(("groups", "controls"), [([1], 0), ([2, 1], 2)])
def test_cherimoya(groups: list[int], controls: int) -> None:
    made = cherimoya_state(groups, controls)
    weights = weights_of(made["state_dict"], config=made["config"])
    for head in HEADS:
        converted = convert_cherimoya(weights, head=head, output_length=50)  # type: ignore[arg-type]
        x = one_hot(4, converted.geometry.input_length)
        found = port(made["state_dict"], torch.from_numpy(x))
        expected = head_of(head, *found, tuple(groups))
        assert np.allclose(run(converted.model, x), expected, rtol=1e-4, atol=1e-6)
    if len(groups) > 1:
        converted = convert_cherimoya(weights)
        names = [track["name"] for track in converted.tracks]
        assert names == ["plus1", "minus1", "signal2"]
        assert converted.facts["strand_pairs"] == [["plus1", "minus1"]]


def test_experiment_and_fold_are_read_from_the_address() -> None:
    made = cherimoya_state([1], 0)
    read = weights_of(made["state_dict"], config=made["config"])
    for fold in (0, 3):
        address = f"hf://org/CATv1@{'0' * 40}/models/ENCSR000EOT/cherimoya.fold_{fold}.torch"
        facts = convert_cherimoya(read._replace(source=address)).facts
        assert facts["training_data"][0]["accession"] == "ENCSR000EOT"
        assert f"ENCSR000EOT, fold {fold}" in facts["title"]
        assert ("split" in facts) == (fold == 0)
        if fold == 0:
            parts = facts["split"]
            assert len({chrom for part in parts.values() for chrom in part}) == 24
            assert parts["test"] == ["chr1", "chr3", "chr6"]


def test_what_is_no_cherimoya() -> None:
    with pytest.raises(InputError, match="not a checkpoint of Cherimoya"):
        convert_cherimoya(weights_of(cherimoya_state([1], 0)["state_dict"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"n": 100, "length": 1_106, "n_filters": 16, "n_layers": 3, "signal_groups": [2, 1]},
        {"n": 2, "length": 2_114},
    ],
    ids=["reduced", "full"],
)
def test_cherimoya_of_its_author(tmp_path: Path, options: dict[str, Any]) -> None:
    made = make("cherimoya", tmp_path, **options)
    weights = read_weights(str(made.path))
    groups = tuple(options.get("signal_groups", [1]))
    found = made.outputs["logits"], made.outputs["counts"]
    for head in HEADS:
        got = run(convert_cherimoya(weights, head=head).model, made.inputs)  # type: ignore[arg-type]
        expected = made.outputs["coverage"] if head == "coverage" else head_of(head, *found, groups)
        assert np.abs(got - expected).max() < 1e-4 * max(1.0, float(np.abs(expected).max()))
        assert expected.std() > 0
