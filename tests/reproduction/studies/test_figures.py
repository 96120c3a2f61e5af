"""Figures out of a report."""

from __future__ import annotations

import pytest

from zooctl.errors import InputError
from zooctl.reproduction.studies.figures import read_figures
from zooctl.schema.study import Step

REPORT = {
    "tracks": [
        {
            "track": "a",
            "selections": [{"threshold": 2.0, "pearson": 0.3}, {"threshold": 5.0, "pearson": 0.4}],
        },
        {"track": "b", "selections": [{"threshold": 5.0, "pearson": None}]},
    ],
    "robustness": {"value": 0.1, "by_track": [0.1]},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["tracks", 0, "selections", {"threshold": 5}, "pearson"], [0.4]),
        (["tracks", {"track": "a"}, "selections", "*", "pearson"], [0.3, 0.4]),
        (["robustness", "value"], [0.1]),
        (["robustness"], [0.1]),
    ],
)
def test_places(path: list[Step], expected: list[float]) -> None:
    assert [one.value for one in read_figures(REPORT, path, "arm")] == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["tracks", 2, "selections"], "no such figure"),
        (["tracks", {"track": "c"}], "no such figure"),
        (["tracks", 1, "selections", 0, "pearson"], "the figure has no value"),
        (["tracks", 0, "track"], "the figure has no value"),
    ],
)
def test_nothing_there(path: list[Step], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_figures(REPORT, path, "arm")
