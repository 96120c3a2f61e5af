"""The picture of a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.interpret.trials import Line, draw_trials

TRIALS = [
    Line((0.5, 0.4, 0.3), {"optimiser.lr": 0.002, "network.activation": "relu"}),
    Line((0.6,), {"optimiser.lr": 0.0002, "network.activation": "exp"}),
    Line((0.4, 0.35, 0.2), {"optimiser.lr": 0.01, "network.activation": "exp"}),
]


def test_a_picture_of_all_that_was_searched(tmp_path: Path) -> None:
    target = tmp_path / "trials.svg"
    draw_trials(target, TRIALS, best=2, logarithmic={"optimiser.lr"}, title="toy: 3 trials")
    once = target.read_bytes()
    assert once.count(b'id="axes_') == 3
    draw_trials(
        target, TRIALS, best=2, logarithmic={"optimiser.lr"}, title="toy: 3 trials", force=True
    )
    assert target.read_bytes() == once
    draw_trials(target, TRIALS, best=0, title="toy: 3 trials", force=True)
    assert target.read_bytes() != once


def test_an_ending_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a picture"):
        draw_trials(tmp_path / "trials.txt", TRIALS, best=2, title="toy")
