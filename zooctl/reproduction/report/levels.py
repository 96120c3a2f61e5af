"""Levels of reproducibility, their criteria, and exit codes.

The levels are those of Heil et al. 2021, Nature Methods 18:1132, doi:10.1038/s41592-021-01256-7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

Level = Literal["none", "bronze", "silver", "gold"]
Status = Literal["pass", "fail", "skip"]
ExitCode = Literal[0, 3, 5]
CriterionId = Literal["B1", "B2", "B3", "S1", "S2", "S3", "G1"]

DEMANDS: dict[CriterionId, str] = {
    "B1": "data published, and here with the pinned bytes",
    "B2": "model published, and computing its reference predictions",
    "B3": "source code, recipe and licence published",
    "S1": "dependencies set up in a single command",
    "S2": "key details of the analysis recorded",
    "S3": "analysis deterministic",
    "G1": "entire analysis reproduced by a single command",
}
ORDER: tuple[Level, ...] = ("none", "bronze", "silver", "gold")
_NEEDED: dict[Level, tuple[CriterionId, ...]] = {
    "bronze": ("B1", "B2", "B3"),
    "silver": ("S1", "S2", "S3"),
    "gold": ("G1",),
}


def level_of(statuses: Mapping[CriterionId, Status]) -> Level:
    """Return the highest level whose criteria, and all those below, are met.

    >>> level_of({"B1": "pass", "B2": "pass", "B3": "pass", "S1": "skip", "G1": "pass"})
    'bronze'
    """
    reached: Level = "none"
    for level in ORDER[1:]:
        if any(statuses.get(one) != "pass" for one in _NEEDED[level]):
            return reached
        reached = level
    return reached


def exit_code(
    statuses: Mapping[CriterionId, Status],
    faults: Iterable[int],
    level: Level,
    required: Level | None,
) -> ExitCode:
    """Return 5 where bytes were changed, 3 where anything else does not hold, else 0.

    Args:
        statuses: Of the criteria; one that was skipped is not met, and no fault.
        faults: Exit codes of the faults.
        level: Reached.
        required: Asked for by the user.

    >>> exit_code({"B1": "pass"}, [], "bronze", "gold")
    3
    >>> exit_code({"B1": "fail"}, [3, 5], "none", None)
    5
    """
    if 5 in (codes := list(faults)):
        return 5
    failed = codes or "fail" in statuses.values()
    below = required is not None and ORDER.index(level) < ORDER.index(required)
    return 3 if failed or below else 0
