"""Checkpoints restore every tensor and number, and a damaged one is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from zooctl.training.loop.checkpoint import RunState, load_checkpoint, save_checkpoint


def trained(steps: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.1)
    for _ in range(steps):
        loss = net(torch.rand(5, 4)).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net, optimiser


def same(a: nn.Module, b: nn.Module) -> bool:
    mine, theirs = a.state_dict(), b.state_dict()
    return all(torch.equal(mine[key], theirs[key]) for key in mine)


def test_nothing_there_is_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "none", *trained(0)) is None


def test_a_round_trip_restores_network_optimiser_and_progress(tmp_path: Path) -> None:
    net, optimiser = trained(4)
    progress = RunState(epoch=2, step=9, loss_sum=0.1, best_loss=1 / 3, history=[{"epoch": 0}])
    save_checkpoint(tmp_path, net, optimiser, progress)

    other, other_optimiser = trained(0)
    assert load_checkpoint(tmp_path, other, other_optimiser) == progress
    assert same(net, other)
    for x in (net, other):
        torch.manual_seed(5)
        which = optimiser if x is net else other_optimiser
        which.zero_grad()
        x(torch.rand(5, 4)).square().sum().backward()
        which.step()
    assert same(net, other), "the optimiser's moments were not restored"


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    for step in range(1, 5):
        save_checkpoint(tmp_path, *trained(step), RunState(step=step))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["00000-0000003", "00000-0000004"]


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    older, _ = trained(1)
    save_checkpoint(tmp_path, *trained(1), RunState(step=1))
    save_checkpoint(tmp_path, *trained(2), RunState(step=2))
    file = tmp_path / "00000-0000002" / "state.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (tmp_path / ".00000-0000003.partial").mkdir()

    net, optimiser = trained(0)
    progress = load_checkpoint(tmp_path, net, optimiser)
    assert progress is not None
    assert progress.step == 1
    assert same(net, older)


@pytest.mark.parametrize("file", ["state.json", "state.safetensors"])
def test_any_changed_byte_is_noticed_and_cleared_away(tmp_path: Path, file: str) -> None:
    progress = RunState(step=1, lr=0.125)
    for position in (0.1, 0.5, 0.9):
        save_checkpoint(tmp_path, *trained(1), progress)
        path = tmp_path / "00000-0000001" / file
        data = bytearray(path.read_bytes())
        # In numbers of the JSON too, which still is JSON then.
        place = data.index(b"0.125") if file == "state.json" else int(position * len(data))
        data[place] ^= 1
        path.write_bytes(data)
        assert load_checkpoint(tmp_path, *trained(0)) is None
        assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_other_fields_is_passed_over(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *trained(1), RunState(step=1))
    path = tmp_path / "00000-0000001" / "state.json"
    path.write_text(path.read_text().replace('"since_best"', '"since_when"'))
    assert load_checkpoint(tmp_path, *trained(0)) is None
    path.parent.mkdir()
    path.write_text("[]")
    assert load_checkpoint(tmp_path, *trained(0)) is None
