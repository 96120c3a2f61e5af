"""The picture of a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.interpret.pictures.trial_plots import Scale, TrialCurve, draw_trials

TRIALS = [
    TrialCurve((0.5, 0.4, 0.3), {"optimiser.lr": 0.002, "network.activation": "relu"}),
    TrialCurve((0.6,), {"optimiser.lr": 0.0002, "network.activation": "exp"}),
    TrialCurve((0.4, 0.35, 0.2), {"optimiser.lr": 0.01, "network.activation": "exp"}),
]
SCALES: dict[str, Scale] = {"optimiser.lr": "log", "network.activation": "linear"}


def test_a_picture_of_all_that_was_searched(tmp_path: Path) -> None:
    target = tmp_path / "trials.svg"
    draw_trials(target, TRIALS, best=2, scales=SCALES, title="toy: 3 trials")
    once = target.read_bytes()
    assert once.count(b'id="axes_') == 3
    draw_trials(target, TRIALS, best=2, scales=SCALES, title="toy: 3 trials", force=True)
    assert target.read_bytes() == once
    draw_trials(target, TRIALS, best=0, scales=SCALES, title="toy: 3 trials", force=True)
    assert target.read_bytes() != once


def test_an_ending_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a picture"):
        draw_trials(tmp_path / "trials.txt", TRIALS, best=2, scales=SCALES, title="toy")


def test_choices_stand_evenly(tmp_path: Path) -> None:
    """As categories 0.0002 and 0.002 are as far apart as 0.002 and 0.01."""
    pictures = []
    for scale in ("linear", "categories"):
        target = tmp_path / f"{scale}.svg"
        scales: dict[str, Scale] = {"optimiser.lr": scale}  # type: ignore[dict-item]
        draw_trials(target, TRIALS, best=2, scales=scales, title="toy")
        pictures.append(target.read_text())
    assert ">0.0002<" not in pictures[0]
    assert pictures[1].index(">0.0002<") < pictures[1].index(">0.01<")
