"""All checks of a recipe, and what its card acknowledges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zooctl.audit.checks import (
    ancestry,
    average,
    confounding,
    dependence,
    imbalance,
    leakage,
    near_duplicates,
    shift,
)
from zooctl.audit.data import AuditData, Data
from zooctl.audit.outcome import Finding, Outcome, clear
from zooctl.audit.steps import PipelineStep, steps
from zooctl.schema.card import Card
from zooctl.tracks.per_base import Files

Run = Callable[[AuditData], Outcome]


def _with_data(check: Callable[[AuditData, Data], Outcome]) -> Run:
    """Return a check that says so where the data are not here."""

    def run(material: AuditData) -> Outcome:
        if material.data is None:
            return Outcome("not run", material.missing)
        return check(material, material.data)

    return run


def _with_files(check: Callable[[AuditData, Files], Outcome]) -> Run:
    def run(material: AuditData) -> Outcome:
        if material.files is None:
            return Outcome("not run", material.missing)
        return check(material, material.files)

    return run


# In the order of the review; the last of a pitfall may take long.
CHECKS: dict[str, Run] = {
    "dependence.shared_bases": _with_data(dependence.shared_bases),
    "dependence.same_chromosome": lambda material: dependence.same_chromosome(
        material, material.data
    ),
    "dependence.cross_cell": ancestry.cross_cell,
    "dependence.pretraining": ancestry.pretraining,
    "dependence.near_duplicates": _with_data(near_duplicates.near_duplicates),
    "shift.signal": _with_data(shift.signal),
    "shift.gc": _with_data(shift.gc),
    "shift.unknown": _with_data(shift.unknown),
    "shift.sources": _with_data(shift.sources),
    "shift.assemblies": _with_files(shift.assemblies),
    "confounding.depth": _with_data(confounding.depth),
    "confounding.gc": _with_data(confounding.gc),
    "confounding.genes": _with_data(confounding.genes),
    "confounding.average": _with_data(average.average),
    "leakage.steps": leakage.order,
    "leakage.blanking": _with_data(leakage.blanking),
    "leakage.same_source": leakage.same_source,
    "leakage.figures": lambda material: leakage.figures(material.card),
    "imbalance.prevalence": _with_data(imbalance.prevalence),
    "imbalance.resampling": _with_data(imbalance.resampling),
    "imbalance.metrics": lambda material: imbalance.metrics(material, material.data),
}

ACKNOWLEDGEMENTS = "card.acknowledged"


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        name: Of the recipe, or of the card where there is none.
        findings: One a check, in the order of the pitfalls, whatever came of it.
        steps: The recipe's steps.
        has_recipe: Whether there is one; else the card alone was audited.
    """

    name: str
    findings: tuple[Finding, ...]
    steps: tuple[PipelineStep, ...]
    has_recipe: bool = True

    def of(self, *levels: str) -> tuple[Finding, ...]:
        """The findings of these levels, the gravest level first."""
        return tuple(
            finding
            for level in levels
            for finding in self.findings
            if finding.outcome.level == level
        )

    @property
    def standing(self) -> tuple[Finding, ...]:
        """Severe findings that the card does not acknowledge."""
        return tuple(finding for finding in self.findings if finding.stands)

    def to_json(self) -> dict[str, object]:
        """Return all of it under its names."""
        return {
            "name": self.name,
            "recipe": self.name if self.has_recipe else None,
            "standing": [finding.id for finding in self.standing],
            "not_run": [finding.id for finding in self.of("not run")],
            "findings": [finding.to_json() for finding in self.findings],
            "steps": [step.to_json() for step in self.steps],
        }


def audit(material: AuditData) -> Audit:
    """Run every check."""
    found: dict[str, Outcome] = {}
    with material.progress(len(CHECKS), "checks", "auditing") as advance:
        for name, check in CHECKS.items():
            if name != "dependence.near_duplicates":
                found[name] = check(material)
            advance(1)
    # By itself: it has a display of its own.
    name = "dependence.near_duplicates"
    found[name] = CHECKS[name](material)
    in_order = {name: found[name] for name in CHECKS}
    return Audit(material.recipe.name, with_card(in_order, material.card), steps(material.recipe))


def with_card(found: dict[str, Outcome], card: Card | None) -> tuple[Finding, ...]:
    """Return outcomes with what the card says of them, and what it says in vain."""
    known = () if card is None else card.audit
    reasons = {one.finding: one.reason for one in known}
    findings = [Finding(name, outcome, reasons.get(name)) for name, outcome in found.items()]
    if reasons:
        findings.append(Finding(ACKNOWLEDGEMENTS, _acknowledged(reasons, found)))
    return tuple(findings)


def _acknowledged(reasons: dict[str, str], found: dict[str, Outcome]) -> Outcome:
    """Look for acknowledgements of what is not found."""
    gone = [
        name
        for name in reasons
        if name not in found or found[name].level in ("clear", "none to check")
    ]
    if not gone:
        return clear("every acknowledged finding is still there")
    return Outcome(
        "note",
        f"the card acknowledges what is not found: {', '.join(gone)}",
        {"acknowledged": gone},
        "take it off the card",
    )
