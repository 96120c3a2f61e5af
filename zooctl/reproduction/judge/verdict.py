"""The verdict of a reproduction, derived from the evidence: classes, criteria, level, exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from zooctl.catalog.entry import Entry
from zooctl.reproduction.judge import criteria
from zooctl.reproduction.judge.criteria import Judgement
from zooctl.reproduction.judge.retraining import (
    Retraining,
    equivalence_of,
    judge_determinism,
    judge_whole,
    retraining_of,
    warnings_of,
)
from zooctl.reproduction.report.equivalence import Equivalence
from zooctl.reproduction.report.levels import (
    DEMANDS,
    CriterionId,
    ExitCode,
    Level,
    exit_code,
    level_of,
)
from zooctl.reproduction.report.report import Evidence, ReproductionReport
from zooctl.reproduction.report.rows import Criterion, Figure, Picture


class Verdict(NamedTuple):
    """Everything that follows from the evidence.

    Attributes:
        figures: Of the card, with their classes.
        pictures: Of the card, with their classes.
        criteria: All of them, in order.
        warnings: Limits that the reader has to know. Recorded reports are verified by these texts:
            rewording one means recording those reports again.
        equivalence: Class of the reproduction.
        level: Reached.
        exit_code: Of the command.
    """

    figures: tuple[Figure, ...]
    pictures: tuple[Picture, ...]
    criteria: tuple[Criterion, ...]
    warnings: tuple[str, ...]
    equivalence: Equivalence | None
    level: Level
    exit_code: ExitCode


def judge(entry: Entry, evidence: Evidence) -> Verdict:
    """Derive the verdict; the same for the same entry and evidence, wherever and whenever.

    Args:
        entry: The model, as the evidence is about it.
        evidence: As gathered now, or as read from a report.
    """
    card, mode = entry.card(), evidence.coverage
    retraining = retraining_of(entry, evidence)
    rules: dict[CriterionId, Callable[[], Judgement]] = {
        "B1": lambda: criteria.judge_data(entry, evidence.data),
        "B2": lambda: criteria.judge_weights(entry, evidence),
        "B3": lambda: criteria.judge_documents(entry, evidence),
        "S1": lambda: criteria.judge_dependencies(evidence),
        "S2": lambda: criteria.judge_details(card, evidence),
        "S3": lambda: judge_determinism(mode, retraining, evidence.first_steps),
        "G1": lambda: judge_whole(card, mode, retraining),
    }
    judged = tuple(_criterion(evidence, name, rules[name]()) for name in DEMANDS)
    statuses = {one.id: one.status for one in judged}
    level = level_of(statuses)
    codes = [one.exit_code for one in evidence.faults]
    return Verdict(
        () if retraining is None else retraining.figures,
        () if retraining is None else retraining.pictures,
        judged,
        tuple(_warnings(entry, evidence, retraining, statuses["G1"] == "pass")),
        equivalence_of(retraining, [one.equivalence for one in evidence.predictions]),
        level,
        exit_code(statuses, codes, level, evidence.required),
    )


def complete(entry: Entry, evidence: Evidence) -> ReproductionReport:
    """Return the report of a reproduction: its evidence with the verdict."""
    verdict = judge(entry, evidence)
    warnings = tuple(dict.fromkeys((*evidence.warnings, *verdict.warnings)))
    return ReproductionReport(**dict(evidence) | verdict._asdict() | {"warnings": warnings})


def _criterion(evidence: Evidence, name: CriterionId, judged: Judgement) -> Criterion:
    """Return a criterion: a fault of it fails it, and a gap keeps it from a pass."""
    status, text = judged
    faults = [one.text for one in evidence.faults if one.criterion == name]
    if faults and status != "fail":
        status, text = "fail", "; ".join(faults)
    elif name in evidence.gaps and status != "fail":
        status, text = "skip", evidence.gaps[name]
    return Criterion(id=name, status=status, evidence=text)


def _warnings(
    entry: Entry, evidence: Evidence, retraining: Retraining | None, passed: bool
) -> Iterator[str]:
    commit = evidence.commit
    if commit.revision is None or commit.changed:
        yield ": ".join(filter(None, (str(commit), ", ".join(commit.changed))))
    if retraining is not None:
        yield from warnings_of(entry.card(), retraining, passed=passed)
    if old := [stage.name for stage in evidence.stages if stage.resumed]:
        # Its owner can write a journal by hand; only one whole command proves its steps.
        steps = ", ".join(old)
        yield f"taken from the journal of an earlier command, not made by this one: {steps}"
