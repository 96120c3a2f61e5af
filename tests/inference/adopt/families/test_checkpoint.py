"""Checkpoints of all formats, of a file and of the hub, and those that are refused."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import Hub, Repo
from safetensors.numpy import save

from zooctl.errors import InputError, UnsafeError
from zooctl.inference.adopt.families.checkpoint import read_weights


def test_tensors_and_sizes_of_pytorch(tmp_path: Path) -> None:
    config = {"layers": 3, "groups": [1, 2], "name": "a", "scale": 0.5, "none": None}
    state = {"weight": torch.ones(2, 3), "steps": torch.tensor(4)}
    torch.save({"config": config, "state_dict": state, "of": {torch.float32: 1}}, tmp_path / "a.pt")
    read = read_weights(str(tmp_path / "a.pt"))
    assert read.values["config"] == config
    assert {name: v.shape for name, v in read.tensors.items()} == {"state_dict.weight": (2, 3)}
    assert read.shape("state_dict.weight") == (2, 3)
    assert read.digest.size == (tmp_path / "a.pt").stat().st_size


def test_sizes_of_safetensors_lie_beside_it(tmp_path: Path) -> None:
    tensors = {"a": np.ones((2, 2), np.float16), "n": np.array([3])}
    (tmp_path / "model.safetensors").write_bytes(save(tensors))
    read = read_weights(str(tmp_path / "model.safetensors"))
    assert (dict(read.values), list(read.tensors)) == ({}, ["a"])
    assert read.tensors["a"].dtype == np.float32
    (tmp_path / "config.json").write_text('{"dim": 8}')
    assert read_weights(str(tmp_path / "model.safetensors")).values == {"dim": 8}
    for text in ("[1]", "{"):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(InputError, match="not a configuration"):
            read_weights(str(tmp_path / "model.safetensors"))


def test_the_hint_takes_weights_out_of_a_whole_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network = torch.nn.Linear(2, 3)
    torch.save(network, "net.torch")
    with pytest.raises(UnsafeError) as caught:
        read_weights("net.torch")
    before, _, command = str(caught.value.hint).partition(": ")
    assert before == "if you trust it, where its package is installed"
    words = [sys.executable, *shlex.split(command)[1:]]
    subprocess.run(words, check=True, capture_output=True)
    read = read_weights("net.state.pt")
    assert np.array_equal(read.tensors["weight"], network.weight.detach().numpy())


def test_a_checkpoint_of_the_hub(hub: Hub) -> None:
    content = io.BytesIO()
    torch.save({"w": torch.ones(2)}, content)
    hub.repos["org/zoo"] = Repo()
    commit = hub.repos["org/zoo"].commit({"models/a.pt": content.getvalue()})
    address = f"hf://org/zoo@{commit}/models/a.pt"
    with pytest.raises(UnsafeError, match="outside of the zoo") as caught:
        read_weights(address)
    assert "--allow-untrusted" in str(caught.value.hint)
    assert list(read_weights(address, allow_untrusted=True).tensors) == ["w"]
    with pytest.raises(InputError, match="no address of a file on the hub"):
        read_weights("hf://org/zoo@main/a.pt", allow_untrusted=True)


def test_values_that_json_lacks_are_left_out(tmp_path: Path) -> None:
    torch.save({"a": [1, torch.ones(1), "x"], "b": {"c": torch.float32}}, tmp_path / "a.pt")
    values = read_weights(str(tmp_path / "a.pt")).values
    assert json.dumps(values) == '{"a": [1, "x"], "b": {}}'
