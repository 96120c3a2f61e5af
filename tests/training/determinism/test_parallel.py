"""Several processes share each batch: one model, the same bits again, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import toy_run
import toy_training as toy
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from zooctl.errors import InputError, VerificationError
from zooctl.training.data.windows import choose_windows
from zooctl.training.determinism.parallel import Share, check_shares, launch
from zooctl.training.loop.checkpoint import RunState
from zooctl.training.loop.fit import fit

# Without dropout, shares and the whole batch have the same gradient.
PLAIN = {"network": toy.recipe().network.model_dump() | {"dropout": 0.0}}
# Averages of normalisation are buffers, and dropout draws in each process.
NORMED = {
    "network": {
        "key": "basenji",
        "filters": 8,
        "last_filters": 8,
        "dilated_layers": 1,
        "dropout": 0.2,
    },
    "controls": [],
    "sources": [toy.recipe().sources[0].model_dump()],
}


def train(run: Path, changes: dict[str, Any], stop: int | None = None) -> RunState:
    run.mkdir(exist_ok=True)
    work = (toy_run.train_share, run, stop, changes)
    return launch(*work, device="cpu", precision="32-true", devices=2)


def alone(run: Path, changes: dict[str, Any]) -> RunState:
    recipe, data = toy.recipe(**changes), toy.dataset()
    windows = choose_windows(recipe, data)
    return fit(recipe, data, windows, run, device="cpu", say=str, advance=str)


@given(first=st.integers(0, 999), size=st.integers(0, 99), n=st.integers(1, 9))
def test_shares_are_a_batch_in_order_and_nearly_alike(first: int, size: int, n: int) -> None:
    rows = [Share(rank, n).rows(first, first + size) for rank in range(n)]
    assert [row for part in rows for row in range(part.start, part.stop)] == list(
        range(first, first + size)
    )
    sizes = [part.stop - part.start for part in rows]
    assert max(sizes) - min(sizes) <= 1


def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    together, single = train(tmp_path / "two", PLAIN), alone(tmp_path / "one", PLAIN)
    for two, one in zip(together.history, single.history, strict=True):
        assert two == pytest.approx(one, rel=1e-4)
    two, one = (load_file(tmp_path / name / "best.safetensors") for name in ("two", "one"))
    for name in one:
        assert two[name] == pytest.approx(one[name], rel=1e-2, abs=1e-3)
    steps = [(tmp_path / name / "steps.csv").read_text().splitlines() for name in ("two", "one")]
    assert len(steps[0]) == len(steps[1]), "each step is written once"
    row, same = (list(map(float, lines[1].split(","))) for lines in steps)
    assert row == pytest.approx(same, rel=1e-5), "loss and gradient of the first whole batch"


def test_resumed_it_ends_with_the_same_bits_on_all(tmp_path: Path) -> None:
    train(tmp_path / "whole", NORMED)
    with pytest.raises(Exception, match="stopped on purpose"):
        train(tmp_path / "resumed", NORMED, stop=11)
    assert sorted((tmp_path / "resumed/checkpoints").iterdir()), "there is something to resume"
    train(tmp_path / "resumed", NORMED)
    for name in toy_run.FILES:
        whole, resumed = (tmp_path / run / name for run in ("whole", "resumed"))
        assert resumed.read_bytes() == whole.read_bytes()
    ranks = [(tmp_path / "whole" / f"rank{rank}.txt").read_text() for rank in (0, 1)]
    assert ranks[0] == ranks[1]
    assert len(set(ranks[0].split())) == 3, "an epoch each, and each other weights"
    assert (tmp_path / "resumed/rank0.txt").read_text() == ranks[0]


def test_an_error_of_all_is_raised_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="not a number"):
        train(tmp_path, PLAIN | {"optimiser": {"key": "adam", "lr": 1e30}})


def test_batches_too_small_to_share() -> None:
    check_shares(1000, 8, 4)
    check_shares(1, 1, 1)
    with pytest.raises(InputError, match="too small to be shared"):
        check_shares(1000, 7, 4)
    with pytest.raises(InputError, match="too small to be shared"):
        check_shares(7, 1000, 4)
