"""Checkpoints of PyTorch, saved by torch and read in a child process."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from zooctl.errors import InputError, UnsafeError
from zooctl.files.weights import torch_state
from zooctl.files.weights.torch_state import read_checkpoints, read_state_dicts

PATH = Path("model.pt")


def saved(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_tensors_by_dotted_name() -> None:
    net = torch.nn.Sequential(torch.nn.Conv1d(4, 3, 5), torch.nn.BatchNorm1d(3))
    found = read_state_dicts([(saved(net.state_dict()), PATH)])[0]
    # The count of batches is an integer, and is left out.
    assert sorted(found) == sorted(n for n in net.state_dict() if "num_batches" not in n)
    for name, values in found.items():
        assert np.array_equal(values, net.state_dict()[name].numpy())


def test_several_at_once() -> None:
    states = [{"a": torch.ones(2)}, {"a": torch.zeros(3), "b": torch.ones(1)}]
    found = read_state_dicts([(saved(state), PATH) for state in states])
    assert [{name: len(v) for name, v in one.items()} for one in found] == [
        {"a": 2},
        {"a": 3, "b": 1},
    ]


def test_nested_and_half_and_shared() -> None:
    weight = torch.arange(6.0).reshape(2, 3)
    state = {"model": {"a": weight, "b": weight.T, "c": weight.half()}, "epoch": 3, "note": "x"}
    found = read_state_dicts([(saved(state), PATH)])[0]
    assert sorted(found) == ["model.a", "model.b", "model.c"]
    assert np.array_equal(found["model.b"], weight.T.numpy())
    assert found["model.c"].dtype == np.float32


def test_arrays_of_numpy_and_the_state_of_a_training_are_left_out() -> None:
    scores = {"auroc": np.ones(3, np.float32), "best": np.float64(0.5), "epoch": 3}
    state = {"a": torch.ones(2), "scores": scores, "names": ["a", np.arange(2)]}
    (read,) = read_checkpoints([(saved(state), PATH)])
    assert read.values == {"scores": {"epoch": 3}, "names": ["a"]}
    lightning = {"pytorch-lightning_version": "2", "state_dict": {"a": torch.ones(2)}}
    lightning |= {"callbacks": {"Best{'mode': 'min'}": {"score": torch.ones(1)}}}
    lightning |= {"optimizer_states": [{"state": {0: torch.ones(1)}}]}
    (read,) = read_checkpoints([(saved(lightning), PATH)])
    assert list(read.tensors) == ["state_dict.a"]
    assert read.values == {"pytorch-lightning_version": "2", "state_dict": {}}
    with pytest.raises(UnsafeError, match="not a checkpoint of tensors alone"):
        read_checkpoints([(saved({"a": np.array([Trap()])}), PATH)])
    assert not Path("/tmp/zooctl-was-executed").exists()


class Trap:
    """Unpickling it would make a folder."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("/tmp/zooctl-was-executed",)


@pytest.mark.parametrize("state", [Trap(), {"a": Trap()}, [torch.ones(2)], torch.nn.Linear(2, 2)])
def test_code_and_other_objects_are_refused(state: object) -> None:
    with pytest.raises(UnsafeError, match="not a checkpoint of tensors alone"):
        read_state_dicts([(saved(state), PATH)])[0]
    assert not Path("/tmp/zooctl-was-executed").exists()


def test_what_is_no_checkpoint_is_refused() -> None:
    for content in (b"", b"PK\x03\x04", b"\x80\x02junk"):
        with pytest.raises(UnsafeError):
            read_state_dicts([(content, PATH)])
    with pytest.raises(UnsafeError, match="not finite"):
        read_state_dicts([(saved({"a": torch.tensor([float("nan")])}), PATH)])[0]


def test_the_hint_where_torch_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zooctl.errors.is_installed", lambda library: library != "torch")
    with pytest.raises(InputError, match="reading weights of PyTorch needs torch"):
        torch_state.read_state_dicts([(b"", PATH)])
