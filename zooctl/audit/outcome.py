"""What a check found: how grave, on what evidence, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

# `clear`: nothing found. `not run`: what it needs is not here. `none to check`: does not apply.
Level = Literal["severe", "warning", "note", "clear", "not run", "none to check"]
FINDINGS: tuple[Level, ...] = ("severe", "warning", "note")

# First part of a check's id to the pitfall, as the review names it.
PITFALLS = {
    "dependence": "dependent examples",
    "shift": "distribution shift",
    "confounding": "confounding",
    "leakage": "leaky preprocessing",
    "imbalance": "unbalanced classes",
    "card": "the card",
}

Evidence = Mapping[str, object]


@dataclass(frozen=True)
class Outcome:
    """Of one check.

    Attributes:
        level: How grave it is, or why there is nothing to say.
        what: One sentence; the reason where the check was not run.
        evidence: Figures by name; values are text, numbers, or lists and mappings of them.
        advice: What to do about it.
    """

    level: Level
    what: str
    evidence: Evidence = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True)
class Finding:
    """The outcome of a check, with its name and what the card says of it.

    Attributes:
        id: Pitfall and check, as ``dependence.near_duplicates``; cards name it.
        outcome: What was found.
        acknowledged: The card's reason why it may stand.
    """

    id: str
    outcome: Outcome
    acknowledged: str | None = None

    @property
    def pitfall(self) -> str:
        """The pitfall that was looked for."""
        return PITFALLS[self.id.split(".")[0]]

    @property
    def stands(self) -> bool:
        """Whether it is severe and the card does not acknowledge it."""
        return self.outcome.level == "severe" and self.acknowledged is None

    def to_json(self) -> dict[str, object]:
        """Return all of it under its names."""
        outcome = self.outcome
        return {
            "id": self.id,
            "pitfall": self.pitfall,
            "level": outcome.level,
            "what": outcome.what,
            "evidence": dict(outcome.evidence),
            "advice": outcome.advice or None,
            "acknowledged": self.acknowledged,
        }


def clear(what: str, evidence: Evidence | None = None) -> Outcome:
    """Return that nothing was found, and what was looked at."""
    return Outcome("clear", what, evidence or {})


def none_to_check(what: str) -> Outcome:
    """Return that a check does not apply, and why."""
    return Outcome("none to check", what)


def graded(value: float, note: float, warning: float, severe: float) -> Level:
    """Return how grave a value is that is worse the larger it is.

    >>> [graded(value, 0.1, 0.2, 0.5) for value in (0.05, 0.1, 0.3, 0.5)]
    ['clear', 'note', 'warning', 'severe']
    """
    if value >= severe:
        return "severe"
    if value >= warning:
        return "warning"
    return "note" if value >= note else "clear"


def worst(levels: Sequence[Level]) -> Level:
    """Return the gravest of several, ``clear`` of none.

    >>> worst(["note", "warning", "clear"])
    'warning'
    """
    order: tuple[Level, ...] = (*FINDINGS, "clear")
    return min(levels, key=order.index, default="clear")


def rounded(value: float, digits: int = 4) -> float | None:
    """Return a figure as reports show it; None where it has no value.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return None if value != value else round(float(value), digits)
