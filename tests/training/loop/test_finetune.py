"""Weights copied, frozen, or trained slowly; frozen ones stay bit for bit."""

from __future__ import annotations

import hashlib
import json
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
from zooctl.training.loop.checkpoint import RunState, _digest, _names
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


def by_hand(key: str, gradients: list[float], **values: float) -> float:
    """One weight that begins at 1, after steps of the textbook's formula."""
    weight, velocity, first, second = 1.0, 0.0, 0.0, 0.0
    lr, decay = values["lr"], values.get("weight_decay", 0.0)
    for step, plain in enumerate(gradients, 1):
        gradient = plain if key == "adamw" else plain + decay * weight
        if key == "sgd":
            velocity = values["momentum"] * velocity + gradient
            ahead = gradient + values["momentum"] * velocity
            weight -= lr * (ahead if values["nesterov"] else velocity)
        elif key == "rmsprop":
            second = values["decay"] * second + (1 - values["decay"]) * gradient**2
            velocity = values["momentum"] * velocity + gradient / (second**0.5 + 1e-8)
            weight -= lr * velocity
        else:
            weight -= lr * decay * weight
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            root = (second / (1 - 0.999**step)) ** 0.5 + 1e-8
            weight -= lr * first / (1 - 0.9**step) / root
    return weight


@pytest.mark.parametrize(
    "values",
    [
        {"key": "sgd", "lr": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.1},
        {"key": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False},
        {"key": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"key": "rmsprop", "lr": 0.01, "decay": 0.8, "momentum": 0.5},
        {"key": "adamw", "lr": 0.01, "weight_decay": 0.2},
    ],
)
def test_optimisers_follow_their_formula(values: dict[str, Any]) -> None:
    recipe = toy.recipe(optimiser=values)
    layer = nn.Linear(1, 1, bias=False)
    nn.init.ones_(layer.weight)
    optimiser = new_optimiser(recipe, layer, InitialWeights())
    gradients = [0.5, -0.2, 0.4, 0.1]
    for gradient in gradients:
        layer.weight.grad = torch.full((1, 1), gradient)
        optimiser.step()
    assert layer.weight.item() == pytest.approx(by_hand(gradients=gradients, **values), rel=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        {"key": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
        {"key": "rmsprop", "lr": 0.005},
        {"key": "adamw", "lr": 0.02},
    ],
)
def test_optimisers_learn_and_resume_to_the_same_bits(
    values: dict[str, Any], tmp_path: Path
) -> None:
    values = values | {"clip_norm": 5.0}
    whole, _ = train(tmp_path / "whole", optimiser=values, schedule={"max_epochs": 3})
    assert whole.history[-1]["train_loss"] < whole.history[0]["train_loss"]
    train(tmp_path / "parts", optimiser=values, schedule={"max_epochs": 2})
    resumed(tmp_path / "parts", values)
    one, other = (load_file(tmp_path / name / "best.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def resumed(run: Path, values: dict[str, Any]) -> None:
    """Go on for a third epoch, as if the run had been stopped after two."""
    folder = run / "checkpoints"
    newest = folder / _names(folder)[-1]
    document = json.loads((newest / "state.json").read_text())
    document["progress"]["finished"] = False
    data = (newest / "state.safetensors").read_bytes()
    document["sha256"] = _digest(data, document["progress"])
    (newest / "state.json").write_text(json.dumps(document))
    train(run, optimiser=values, schedule={"max_epochs": 3})


def test_portable_bits_need_no_root_of_the_library() -> None:
    with pytest.raises(ValueError, match="square roots"):
        toy.recipe(optimiser={"key": "rmsprop"}, portable=True)


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(ValueError, match="no momentum"):
        toy.recipe(optimiser={"key": "sgd", "nesterov": True})
