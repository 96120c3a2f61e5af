"""Default statistics and shifts on a card."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.schema.scoring import Scoring
from zooctl.schema.strict_yaml import load, parse


def scoring(folder: Path, text: str) -> Scoring:
    path = folder / "scoring.yaml"
    path.write_text(text)
    return parse(Scoring, load(path))


def test_a_splicing_model(tmp_path: Path) -> None:
    found = scoring(tmp_path, "statistics: [delta]\nshifts: 1\nmax_shift: 0\ndistance: 50\n")
    assert (found.statistics, found.shifts, found.max_shift, found.distance) == (
        ("delta",),
        1,
        0,
        50,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("statistics: [sum, sum]\n", "a statistic is named twice"),
        ("statistics: [delt]\n", "delta"),
        ("shifts: 0\n", "shifts"),
        ("distance: 0\n", "distance"),
        ("shift: 1\n", "did you mean 'shifts'"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        scoring(tmp_path, text)
