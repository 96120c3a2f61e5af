"""Audit a recipe: run all checks, and match them with the card's acknowledgements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zooctl.audit.checks import (
    ancestry,
    batch,
    cell_type_average,
    confounding,
    dependence,
    distribution_shift,
    imbalance,
    leakage,
    near_duplicates,
)
from zooctl.audit.findings import Finding, Outcome, clear
from zooctl.audit.inputs import AuditInputs
from zooctl.audit.pipeline import PipelineStep, pipeline_steps
from zooctl.audit.split_data import SplitData
from zooctl.schema.card import Card
from zooctl.training.tracks.signals_and_labels import Files

Run = Callable[[AuditInputs], Outcome]


def _with_data(check: Callable[[AuditInputs, SplitData], Outcome]) -> Run:
    """Return a check that is not run where the data are not here."""

    def run(inputs: AuditInputs) -> Outcome:
        if inputs.data is None:
            return Outcome("not run", inputs.missing)
        return check(inputs, inputs.data)

    return run


def _with_files(check: Callable[[AuditInputs, Files], Outcome]) -> Run:
    """Return a check that is not run where the files are not here."""

    def run(inputs: AuditInputs) -> Outcome:
        if inputs.files is None:
            return Outcome("not run", inputs.missing)
        return check(inputs, inputs.files)

    return run


# In the order of the review of Whalen et al. 2022, doi:10.1038/s41576-021-00434-9.
CHECKS: dict[str, Run] = {
    "dependence.shared_bases": _with_data(dependence.shared_bases),
    "dependence.same_chromosome": lambda inputs: dependence.same_chromosome(inputs, inputs.data),
    "dependence.cross_cell": ancestry.cross_cell,
    "dependence.pretraining": ancestry.pretraining,
    "dependence.near_duplicates": _with_data(near_duplicates.near_duplicates),
    "shift.signal": _with_data(distribution_shift.signal),
    "shift.gc": _with_data(distribution_shift.gc),
    "shift.unknown": _with_data(distribution_shift.unknown),
    "shift.sources": _with_data(distribution_shift.sources),
    "shift.assemblies": _with_files(distribution_shift.assemblies),
    "confounding.depth": _with_data(confounding.depth),
    "confounding.batch": _with_data(batch.batch),
    "confounding.gc": _with_data(confounding.gc),
    "confounding.genes": _with_data(confounding.genes),
    "confounding.average": _with_data(cell_type_average.average),
    "leakage.steps": leakage.order,
    "leakage.blanking": _with_data(leakage.blanking),
    "leakage.same_source": leakage.same_source,
    "leakage.figures": lambda inputs: leakage.figures(inputs.card),
    "imbalance.prevalence": _with_data(imbalance.prevalence),
    "imbalance.resampling": _with_data(imbalance.resampling),
    "imbalance.metrics": lambda inputs: imbalance.metrics(inputs, inputs.data),
}

ACKNOWLEDGEMENTS = "card.acknowledged"


@dataclass(frozen=True)
class Audit:
    """Result of an audit.

    Attributes:
        name: Name of the recipe, or of the card where there is none.
        findings: Finding of every check, in the order of the pitfalls.
        steps: Steps of the recipe's pipeline.
        has_recipe: Whether there is a recipe; else the card alone was audited.
    """

    name: str
    findings: tuple[Finding, ...]
    steps: tuple[PipelineStep, ...]
    has_recipe: bool = True

    def of(self, *levels: str) -> tuple[Finding, ...]:
        """Return the findings of these levels, in the order of the levels."""
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
        """Return all fields by name."""
        return {
            "name": self.name,
            "recipe": self.name if self.has_recipe else None,
            "standing": [finding.id for finding in self.standing],
            "not_run": [finding.id for finding in self.of("not run")],
            "findings": [finding.to_json() for finding in self.findings],
            "steps": [step.to_json() for step in self.steps],
        }


def audit(inputs: AuditInputs) -> Audit:
    """Run every check."""
    found: dict[str, Outcome] = {}
    with inputs.progress(len(CHECKS), "checks", "auditing") as advance:
        for name, check in CHECKS.items():
            if name != "dependence.near_duplicates":
                found[name] = check(inputs)
            advance(1)
    # Run by itself, as it has a progress display of its own.
    name = "dependence.near_duplicates"
    found[name] = CHECKS[name](inputs)
    in_order = {name: found[name] for name in CHECKS}
    return Audit(
        inputs.recipe.name, with_card(in_order, inputs.card), pipeline_steps(inputs.recipe)
    )


def with_card(found: dict[str, Outcome], card: Card | None) -> tuple[Finding, ...]:
    """Return outcomes with their acknowledgements, and a finding on those without a cause."""
    known = () if card is None else card.audit
    reasons = {one.finding: one.reason for one in known}
    findings = [Finding(name, outcome, reasons.get(name)) for name, outcome in found.items()]
    if reasons:
        findings.append(Finding(ACKNOWLEDGEMENTS, _acknowledged(reasons, found)))
    return tuple(findings)


def _acknowledged(reasons: dict[str, str], found: dict[str, Outcome]) -> Outcome:
    """Look for acknowledgements of problems that are not found."""
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
