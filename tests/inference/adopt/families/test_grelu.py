"""gReLU's networks against a port of a few lines, and against its own classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from authors_classes import make, one_hot, run
from torch.nn import functional

from zooctl.cli import main
from zooctl.errors import InputError
from zooctl.inference.adopt.families.checkpoint import Weights, read_weights
from zooctl.inference.adopt.families.grelu import convert_grelu
from zooctl.schema.manifest import FileDigest

Captured = pytest.CaptureFixture[str]
RNG = torch.Generator().manual_seed(5)
TOWER = "model.embedding.conv_tower.blocks"
MODEL = {"model_type": "ConvModel", "n_tasks": 3, "pool_func": "max", "pool_size": 2}
MODEL |= {"residual": True, "norm": True, "dilation_mult": 2, "act_func": "elu", "crop_len": 2}
DILATED = {"model_type": "DilatedConvModel", "n_tasks": 3}
REGRESSION = {"task": "regression", "loss": "poisson"}


def drawn(*shape: int) -> torch.Tensor:
    return 0.3 * torch.randn(shape, generator=RNG)


def state_of(model: dict[str, Any], widths: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """Return random parameters of blocks of 6 channels, where ConvModel's stem has 5."""
    first = 6 if model["model_type"] == "DilatedConvModel" else 5
    made = {f"{TOWER}.0.conv.weight": drawn(first, 4, widths[0])}
    made[f"{TOWER}.0.conv.bias"] = drawn(first)
    for number, width in enumerate(widths[1:], 1):
        read = first if number == 1 else 6
        made[f"{TOWER}.{number}.conv.weight"] = drawn(6, read, width)
        made[f"{TOWER}.{number}.conv.bias"] = drawn(6)
        if model.get("norm"):
            norm = f"{TOWER}.{number}.norm.layer"
            made |= {f"{norm}.{part}": drawn(6) for part in ("weight", "bias", "running_mean")}
            made[f"{norm}.running_var"] = drawn(6).abs() + 0.5
        if read != 6:
            made[f"{TOWER}.{number}.channel_transform.layer.weight"] = drawn(6, read, 1)
            made[f"{TOWER}.{number}.channel_transform.layer.bias"] = drawn(6)
    made["model.head.channel_transform.conv.layer.weight"] = drawn(3, 6, 1)
    made["model.head.channel_transform.conv.layer.bias"] = drawn(3)
    return made


def checkpoint(
    model: dict[str, Any],
    state: dict[str, torch.Tensor],
    training: dict[str, Any] = REGRESSION,
    length: int | None = 96,
) -> dict[str, Any]:
    """Return what gReLU's training saves."""
    data: dict[str, Any] = {"tasks": {"name": ["liver", "T cell", "Liver"]}}
    for part, chrom in (("train", "chr1"), ("val", "chr2"), ("test", "chr3")):
        regions = {"chrom": [chrom], "start": [0], "end": [96]}
        data[part] = {"seq_len": length, "genome": "hg38", "intervals": regions}
    hyper = {"model_params": model, "train_params": training}
    return {
        **{"pytorch-lightning_version": "2.6", "state_dict": state, "hyper_parameters": hyper},
        **{"data_params": data, "performance": {"val": {"pearson": np.ones(3, np.float32)}}},
        "callbacks": {"Best{'monitor': None}": {"best_model_score": torch.ones(1)}},
    }


def weights_of(made: dict[str, Any]) -> Weights:
    tensors = {f"state_dict.{n}": v.numpy() for n, v in made["state_dict"].items()}
    return Weights(tensors, made, "model.ckpt", FileDigest(sha256="0" * 64, size=1))


def port(model: dict[str, Any], p: dict[str, torch.Tensor], x: torch.Tensor, crop: int):
    """Return the network's last value before its head pools, ``(batch, tasks, positions)``."""
    act = functional.elu if model.get("act_func") == "elu" else torch.relu

    def conv(name: str, y: torch.Tensor, dilation: int = 1) -> torch.Tensor:
        kernel, bias = p[f"{name}.weight"], p[f"{name}.bias"]
        return functional.conv1d(y, kernel, bias, padding="same", dilation=dilation)

    x = act(conv(f"{TOWER}.0.conv", x))
    number, dilation = 1, model.get("dilation_init", 2 if crop > 2 else 1)
    while f"{TOWER}.{number}.conv.weight" in p:
        at = f"{TOWER}.{number}"
        y = conv(f"{at}.conv", x, dilation)
        if model.get("norm"):
            parts = (p[f"{at}.norm.layer.{one}"] for one in ("running_mean", "running_var"))
            scale = (p[f"{at}.norm.layer.{one}"] for one in ("weight", "bias"))
            y = functional.batch_norm(y, *parts, *scale)
        transform = f"{at}.channel_transform.layer"
        y = act(y + (conv(transform, x) if f"{transform}.weight" in p else x))
        x = functional.max_pool1d(y, 2) if model.get("pool_func") else y
        number, dilation = number + 1, dilation * 2
    return conv("model.head.channel_transform.conv.layer", x[:, :, crop:-crop])


@pytest.mark.parametrize("pool", ["avg", "max", None])
@pytest.mark.parametrize(
    ("model", "widths", "crop", "bin_size"),
    [(MODEL, (7, 5, 4), 2, 4), (DILATED, (9, 3, 3), 4 + 2 + 4, 1)],
    ids=["ConvModel", "DilatedConvModel"],
)
def test_towers(
    model: dict[str, Any], widths: tuple[int, ...], crop: int, bin_size: int, pool: str | None
) -> None:
    """An even width, and one that is cropped as far as it reads and so never padded, among them."""
    made = checkpoint({**model, "final_pool_func": pool}, state_of(model, widths))
    converted = convert_grelu(weights_of(made))
    x = one_hot(4, 96)
    value = port(model, made["state_dict"], torch.from_numpy(x), crop)
    if pool:
        value = value.mean(2, keepdim=True) if pool == "avg" else value.amax(2, keepdim=True)
    assert np.allclose(run(converted.model, x), value.exp(), rtol=1e-4, atol=1e-6)
    length = 96 - 2 * crop * bin_size
    window = converted.geometry
    assert (window.output_length, window.bin_size) == (length, length if pool else bin_size)


def test_activations_of_tasks_and_the_choice_of_them() -> None:
    state = state_of(MODEL, (7, 5, 4))
    x = one_hot(4, 96)

    def told(task: str, loss: str, **options: Any) -> np.ndarray:
        made = weights_of(checkpoint(MODEL, state, {"task": task, "loss": loss}))
        converted = convert_grelu(made, **options)
        assert converted.scale == ("signal" if task == "regression" else "probability")
        assert bool(converted.words) == (loss == "MSE")
        return run(converted.model, x)[:, :, 0]

    plain = told("regression", "MSE")
    assert np.allclose(told("binary", "bce"), 1 / (1 + np.exp(-plain)), atol=1e-6)
    shares = np.exp(plain) / np.exp(plain).sum(1, keepdims=True)
    assert np.allclose(told("multiclass", "ce"), shares, atol=1e-6)
    assert np.allclose(told("multiclass", "ce", only=[2, 0]), shares[:, [2, 0]], atol=1e-6)
    with pytest.raises(InputError, match="a task that is not known"):
        told("regression", "huber")
    with pytest.raises(InputError, match="no such task"):
        told("binary", "bce", only=[3])


def test_the_checkpoint_fills_in_the_card() -> None:
    made = checkpoint(MODEL, state_of(MODEL, (7, 5, 4)))
    converted = convert_grelu(weights_of(made), only=[0, 2])
    assert converted.tracks == [{"name": "liver"}, {"name": "Liver_3"}]
    split = {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]}
    assert converted.facts["split"] == split
    made["data_params"]["val"]["intervals"]["chrom"] = ["chr1"]
    facts = convert_grelu(weights_of(made)).facts
    assert ("split" in facts, facts["reasons"]["split"]) == (
        False,
        "Parts of the data share chromosomes.",
    )


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"model_type": "ConvGRUModel"}, "not a network of gReLU that is known"),
        ({"pool_func": "attn"}, "a pooling that is not known"),
        ({"final_pool_func": "sum"}, "a pooling that is not known"),
        ({"act_func": "swish"}, "an activation that is not known"),
        ({"crop_len": 12}, "the crop leaves no bin"),
        ({"pool_size": 5}, "the input has no whole number of bins"),
        ({"model_type": "BorzoiModel", "n_conv": 5}, "a Borzoi of another form"),
        ({"model_type": "BorzoiModel", "flash_attn": True}, "a Borzoi of another form"),
        ({"model_type": "EnformerModel"}, "lacks a tensor"),
    ],
)
def test_what_is_refused(change: dict[str, Any], match: str) -> None:
    made = checkpoint({**MODEL, "act_func": "gelu_borzoi", **change}, state_of(MODEL, (7, 5, 4)))
    with pytest.raises(InputError, match=match):
        convert_grelu(weights_of(made))


def test_other_checkpoints_are_refused() -> None:
    made = checkpoint({"n_tasks": 3}, state_of(MODEL, (7, 5, 4)))
    with pytest.raises(InputError, match="not a checkpoint of gReLU"):
        convert_grelu(weights_of(made))


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "zoo/model_cards").mkdir(parents=True)
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path / "zoo"))
    torch.save(checkpoint(MODEL, state_of(MODEL, (7, 5, 4))), tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


def test_an_entry_of_a_file_with_scores_of_numpy_and_callbacks(saved: Path) -> None:
    words = ["adopt", "grelu", str(saved), "--name", "mine", "--licence", "MIT"]
    assert main.run([*words, "--assay", "ATAC-seq"]) == 0
    card = (saved.parent / "zoo/model_cards/mine.yaml").read_text()
    for line in ("assembly: hg38", "assay: ATAC-seq", "name: T_cell", "output_scale: signal"):
        assert line in card


def test_the_hints_name_what_a_checkpoint_lacks(saved: Path, capsys: Captured) -> None:
    made = checkpoint(MODEL, state_of(MODEL, (7, 5, 4)), length=None)
    del made["data_params"]["train"]["genome"]
    torch.save(made, saved)
    words = ["adopt", "grelu", str(saved), "--name", "mine", "--licence", "MIT"]
    assert main.run(words) == 2
    assert "--input-length is their number" in capsys.readouterr().err
    words += ["--input-length", "94"]
    assert main.run(words) == 2
    assert "--input-length is another length" in capsys.readouterr().err
    words[-1] = "12"
    assert main.run(words) == 2
    assert "--input-length is another length" in capsys.readouterr().err
    words[-1] = "96"
    assert main.run(words) == 2
    assert "--assembly, as hg38" in capsys.readouterr().err
    assert main.run([*words, "--assembly", "hg38"]) == 0


TOWERS = {"stem_channels": 8, "channel_init": 12, "channel_mult": 1.5, "n_conv": 4}
TRANSFORMER = {"n_transformers": 2, "n_heads": 2, "key_len": 8, "value_len": 6}
BORZOI = {"stem_channels": 16, "init_channels": 32, "channels": 64, "n_transformers": 2}
BORZOI |= {"n_heads": 2, "key_len": 8, "value_len": 16, "n_pos_features": 8, "crop_len": 4}
ENFORMER = {"n_conv": 4, "channels": 384, "n_transformers": 2, "n_heads": 2, "key_len": 8}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n", "length", "task", "options"),
    [
        ("ConvModel", 2, 2_114, ("binary", "bce"), {}),
        (
            *("ConvModel", 100, 256, ("regression", "mse")),
            {**TOWERS, "pool_func": "avg", "pool_size": 2, "norm": True, "residual": True}
            | {"dilation_mult": 2, "act_func": "gelu", "crop_len": 3, "final_pool_func": None},
        ),
        ("DilatedConvModel", 2, 2_114, ("regression", "poisson"), {"final_pool_func": None}),
        ("DilatedConvModel", 100, 256, ("binary", "bce"), {"channels": 8, "n_conv": 4}),
        (
            *("ConvMLPModel", 100, 256, ("multiclass", "ce")),
            {**TOWERS, "seq_len": 256, "pool_func": "max", "pool_size": 4, "act_func": "softplus"}
            | {"mlp_norm": True, "mlp_hidden_size": [7, 5]},
        ),
        (
            *("ConvTransformerModel", 100, 256, ("regression", "poisson")),
            {**TOWERS, **TRANSFORMER, "pool_func": "max", "pool_size": 2, "n_pos_features": 8}
            | {"final_pool_func": None, "norm": True},
        ),
        (
            *("EnformerModel", 100, 320, ("regression", "poisson")),
            {**ENFORMER, "crop_len": 2, "final_pool_func": None},
        ),
        ("EnformerModel", 100, 320, ("binary", "bce"), ENFORMER),
        (
            *("BorzoiModel", 100, 2_048, ("regression", "poisson_multinomial")),
            {**BORZOI, "final_pool_func": None},
        ),
    ],
)
def test_grelu_of_its_authors(
    tmp_path: Path,
    kind: str,
    n: int,
    length: int,
    task: tuple[str, str],
    options: dict[str, Any],
) -> None:
    """What the authors' class predicts after its trainer saved it and the class read it again."""
    facts = {"kind": kind, "task": task[0], "loss": task[1], "n_tasks": 3}
    made = make("grelu", tmp_path, n=n, length=length, **facts, **options)
    converted = convert_grelu(read_weights(str(made.path)))
    got, expected = run(converted.model, made.inputs), made.outputs["tracks"]
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() < 1e-4 * max(1.0, float(np.abs(expected).max()))
    assert expected.std() > 0
