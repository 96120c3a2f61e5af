"""Weights copied, frozen, or trained slowly; frozen ones stay bit for bit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
import toy_training as toy
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from zooctl.errors import InputError, IntegrityError, UnsafeError
from zooctl.schema.recipe.training import InitFrom
from zooctl.training.data.windows import choose_windows
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.finetune import (
    InitialWeights,
    copy_weights,
    frozen_modules,
    initialise,
    matching,
    new_optimiser,
    read_weights,
)
from zooctl.training.loop.fit import fit, new_network

DATA = toy.dataset()


def net() -> nn.Module:
    return new_network(toy.recipe(), DATA)


def train(run: Path, **changes: Any) -> tuple[RunState, list[str]]:
    recipe, lines = toy.recipe(**changes), []
    windows = choose_windows(recipe, DATA)
    done = fit(recipe, DATA, windows, run, device="cpu", say=lines.append, advance=lambda _: None)
    return done, lines


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a trained toy."""
    run = tmp_path_factory.mktemp("old")
    train(run)
    return run / "best.safetensors"


def pinned(path: Path, **values: Any) -> dict[str, Any]:
    return {"file": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **values}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_frozen_weights_stay_bit_for_bit_and_others_move(old: Path, tmp_path: Path) -> None:
    before = load_file(old)
    train(tmp_path, init_from=pinned(old), frozen=["first", "dilated.convs.0.bias"])
    after = load_file(tmp_path / "best.safetensors")
    still = {"first.0.weight", "first.0.bias", "dilated.convs.0.bias"}
    assert moved(before, after) == before.keys() - still


def test_training_goes_on_from_where_the_old_ended(old: Path, tmp_path: Path) -> None:
    fresh, _ = train(tmp_path / "a", schedule={"max_epochs": 1})
    begun, lines = train(tmp_path / "b", schedule={"max_epochs": 1}, init_from=pinned(old))
    assert lines[0] == "init_from: took over 7 weights; new: none"
    assert begun.best_loss is not None
    assert fresh.best_loss is not None
    assert begun.best_loss < fresh.best_loss


def test_a_new_head_begins_anew(old: Path, tmp_path: Path) -> None:
    """Where the shape differs, or where the recipe says so."""
    wide = {"key": "bpnet", "filters": 8, "first_kernel": 5, "dilated_layers": 1, "dropout": 0.1}
    _, lines = train(
        tmp_path,
        schedule={"max_epochs": 1},
        network=wide | {"profile_kernel": 5},
        init_from=pinned(old, new=["background"]),
    )
    assert lines[0].endswith("new: background.scale, profile.weight")


def test_killed_and_resumed_with_old_weights(old: Path, tmp_path: Path) -> None:
    settings = {"init_from": pinned(old, lr_factor=0.1), "frozen": ["first"]}
    train(tmp_path / "whole", **settings)

    class Killed(Exception):
        pass

    left = 30

    def advance(_: float) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    recipe = toy.recipe(**settings)
    windows = choose_windows(recipe, DATA)
    with pytest.raises(Killed):
        fit(recipe, DATA, windows, tmp_path, device="cpu", say=str, advance=advance)
    train(tmp_path, **settings)
    for name in ("best.safetensors", "metrics.csv", "steps.csv"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_old_weights_move_slower() -> None:
    recipe = toy.recipe(init_from={"model": "toy", "lr_factor": 0.25})
    network = net()
    optimiser = new_optimiser(recipe, network, InitialWeights(frozenset({"first.0.weight"})))
    factors = {group["lr_factor"]: len(group["params"]) for group in optimiser.param_groups}
    assert factors == {1.0: len(list(network.parameters())) - 1, 0.25: 1}


def test_wrappings_of_an_entry_are_looked_through() -> None:
    network = net()
    wrapped = {f"net.net.{name}": t + 1 for name, t in network.state_dict().items()}
    want = {name: tensor + 1 for name, tensor in network.state_dict().items()}
    assert copy_weights(network, wrapped | {"value": torch.ones(1)}, frozenset()) == want.keys()
    assert all(torch.equal(tensor, want[name]) for name, tensor in network.state_dict().items())
    with pytest.raises(InputError, match="no weight has the name and shape"):
        copy_weights(network, {"first.0.weight": torch.ones(3)}, frozenset())


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("first", {"first.0.weight", "first.0.bias"}),
        ("first.0.bias", {"first.0.bias"}),
        ("*.bias", {"first.0.bias", "dilated.convs.0.bias", "profile.bias"}),
        ("dilated.convs.?", {"dilated.convs.0.weight", "dilated.convs.0.bias"}),
    ],
)
def test_patterns(pattern: str, names: set[str]) -> None:
    assert matching([pattern], net(), "frozen") == names


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [("frist", "did you mean 'first'"), ("dilated.conv", "did you mean 'dilated.convs'")],
)
def test_wrong_names(pattern: str, hint: str) -> None:
    recipe = toy.recipe(frozen=["first", pattern])
    with pytest.raises(InputError, match=hint) as caught:
        initialise(recipe, net(), str)
    assert caught.value.field == "frozen.1"
    assert caught.value.expected == "below background, first, dilated, profile"


def test_everything_frozen_is_refused() -> None:
    with pytest.raises(InputError, match="nothing is left to train"):
        initialise(toy.recipe(frozen=["*"]), net(), str)


def test_normalisation_is_frozen_with_its_averages() -> None:
    layers = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.BatchNorm1d(2), nn.Dropout())
    layers.train()
    frozen = matching(["1", "2.weight"], layers, "frozen")
    assert frozen_modules(layers, frozen) == [layers[1]]


def test_only_the_pinned_bytes_are_taken(old: Path, tmp_path: Path) -> None:
    wrong = InitFrom(file=str(old), sha256="0" * 64)
    with pytest.raises(IntegrityError, match="not those that the recipe pins"):
        read_weights(wrong)
    other = tmp_path / "no.safetensors"
    other.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(UnsafeError, match="not a safetensors file"):
        read_weights(InitFrom(**pinned(other)))
    with pytest.raises(InputError, match="cannot be read"):
        read_weights(InitFrom(file=str(tmp_path / "none"), sha256="0" * 64))


def test_a_model_of_the_zoo(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zooctl.schema.manifest import tensor_digest, write_manifest

    for folder in ("model_cards", "zoo/toy"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "model_cards/toy.yaml").write_text("name: toy\n")
    tensors = {f"net.{name}": tensor for name, tensor in load_file(old).items()}
    save_file(tensors, tmp_path / "zoo/toy/model.safetensors")
    digest = tensor_digest({name: tensor.numpy() for name, tensor in tensors.items()})
    write_manifest(tmp_path, "toy", tensor_digest=digest, opset=20, exporter={})
    monkeypatch.setenv("ZOOCTL_ZOO", str(tmp_path))
    network = net()
    lines: list[str] = []
    start = initialise(toy.recipe(init_from="toy"), network, lines.append)
    assert len(start.copied) == len(tensors)
    assert moved(load_file(old), dict(network.state_dict())) == set()
    (tmp_path / "zoo/toy/model.safetensors").write_bytes(b"other")
    with pytest.raises(IntegrityError):
        initialise(toy.recipe(init_from="toy"), network, lines.append)
