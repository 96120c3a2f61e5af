"""Levels and exit codes: every criterion counts, none is given away."""

from __future__ import annotations

import pytest

from zooctl.reproduction.report.levels import DEMANDS, Status, exit_code, level_of

LOWER = {"B": "none", "S": "bronze", "G": "silver"}


def test_all_criteria_are_gold() -> None:
    assert level_of(dict.fromkeys(DEMANDS, "pass")) == "gold"


@pytest.mark.parametrize("status", ["fail", "skip"])
@pytest.mark.parametrize("missing", DEMANDS)
def test_one_that_is_not_met_keeps_it_below(missing: str, status: Status) -> None:
    statuses = dict.fromkeys(DEMANDS, "pass") | {missing: status}
    assert level_of(statuses) == LOWER[missing[0]]  # type: ignore[arg-type]
    assert exit_code(statuses, [], "gold", None) == (3 if status == "fail" else 0)  # type: ignore[arg-type]


def test_changed_bytes_come_before_other_faults() -> None:
    assert exit_code({}, [3, 5, 3], "none", None) == 5
    assert exit_code({}, [3], "none", None) == 3
    assert exit_code({}, [], "silver", "gold") == 3
    assert exit_code({}, [], "gold", "silver") == 0
