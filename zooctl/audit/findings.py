"""Findings of the checks: level, evidence and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

# `clear`: nothing found. `not run`: an input is not here. `none to check`: does not apply.
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
    """Outcome of one check.

    Attributes:
        level: Severity, or ``clear``, ``not run`` or ``none to check``.
        summary: One sentence; the reason where the check was not run.
        evidence: Figures by name; values are text, numbers, or lists and mappings of them.
        advice: Remedy.
    """

    level: Level
    summary: str
    evidence: Evidence = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True)
class Finding:
    """Outcome of a check with its name, and its acknowledgement on the card.

    Attributes:
        id: Pitfall and check, such as ``dependence.near_duplicates``; cards name it.
        outcome: The outcome.
        acknowledged: The card's reason why it may stand.
    """

    id: str
    outcome: Outcome
    acknowledged: str | None = None

    @property
    def pitfall(self) -> str:
        """Pitfall that the check looks for."""
        return PITFALLS[self.id.split(".")[0]]

    @property
    def stands(self) -> bool:
        """Whether it is severe and the card does not acknowledge it."""
        return self.outcome.level == "severe" and self.acknowledged is None

    def to_json(self) -> dict[str, object]:
        """Return all fields by name."""
        outcome = self.outcome
        return {
            "id": self.id,
            "pitfall": self.pitfall,
            "level": outcome.level,
            "what": outcome.summary,
            "evidence": dict(outcome.evidence),
            "advice": outcome.advice or None,
            "acknowledged": self.acknowledged,
        }


class Problems(list[tuple[Level, str]]):
    """Problems that a check found: level and description of each."""

    def add(self, level: Level, text: str) -> None:
        """Add a problem."""
        self.append((level, text))

    @property
    def level(self) -> Level:
        """Most severe level."""
        return worst([level for level, _ in self])

    def __str__(self) -> str:
        """Return all descriptions in one line.

        >>> problems = Problems([("note", "one file under two names"), ("severe", "no control")])
        >>> str(problems), problems.level
        ('one file under two names; no control', 'severe')
        """
        return "; ".join(text for _, text in self)


def clear(summary: str, evidence: Evidence | None = None) -> Outcome:
    """Return the outcome of a check that found nothing."""
    return Outcome("clear", summary, evidence or {})


def none_to_check(reason: str) -> Outcome:
    """Return the outcome of a check that does not apply."""
    return Outcome("none to check", reason)


def graded(value: float, note: float, warning: float, severe: float) -> Level:
    """Return the severity of a value that is worse the larger it is.

    >>> [graded(value, 0.1, 0.2, 0.5) for value in (0.05, 0.1, 0.3, 0.5)]
    ['clear', 'note', 'warning', 'severe']
    """
    if value >= severe:
        return "severe"
    if value >= warning:
        return "warning"
    return "note" if value >= note else "clear"


def worst(levels: Sequence[Level]) -> Level:
    """Return the most severe of several levels; ``clear`` without any.

    >>> worst(["note", "warning", "clear"])
    'warning'
    """
    order: tuple[Level, ...] = (*FINDINGS, "clear")
    return min(levels, key=order.index, default="clear")


def rounded(value: float, digits: int = 4) -> float | None:
    """Return a rounded figure; None for NaN.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return None if value != value else round(float(value), digits)
