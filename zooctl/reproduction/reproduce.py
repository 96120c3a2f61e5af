"""Reproduce a model as far as is asked: gather evidence, and judge it."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zooctl
from zooctl.catalog.entry import Entry
from zooctl.catalog.root import is_in_use
from zooctl.errors import InputError, VerificationError, ZooError, need
from zooctl.progress import Progress, Say
from zooctl.reproduction.environment.commit import commit_of
from zooctl.reproduction.environment.compare_recorded import (
    RecordedEnvironment,
    compare_environment,
    environment_for,
    recorded_environment,
)
from zooctl.reproduction.environment.machine import folder_bytes, measure_machine
from zooctl.reproduction.environment.software_digest import Environment
from zooctl.reproduction.evidence.data import check_data
from zooctl.reproduction.evidence.entry import check_entry, check_probe, check_readable, subjects
from zooctl.reproduction.evidence.findings import Findings
from zooctl.reproduction.evidence.locks import check_installed, check_licence, check_locks
from zooctl.reproduction.judge.retraining import retraining_of
from zooctl.reproduction.judge.verdict import complete, judge
from zooctl.reproduction.report.figures import compare_figures
from zooctl.reproduction.report.levels import CriterionId, Level
from zooctl.reproduction.report.report import VERSION, Evidence, Mode, ReproductionReport
from zooctl.reproduction.report.rows import Commit, FirstSteps, WeightDigests
from zooctl.reproduction.run.journal import Journal, open_journal
from zooctl.reproduction.run.retrain import retrain
from zooctl.reproduction.verify.recorded_reports import recorded_details


@dataclass(frozen=True)
class ReproductionOrder:
    """Options of a reproduction.

    Attributes:
        mode: How much is done.
        work: Folder for runs and the journal; a temporary one if None (not of a full run).
        resume: True to continue an earlier try.
        offline: True where the network was off; for the report.
        required: Level below which the exit code is 3.
        fasta: Genome, if not the one that the assembly leads to.
    """

    mode: Mode
    work: Path | None = None
    resume: bool = False
    offline: bool = False
    required: Level | None = None
    fasta: Path | None = None


def plan(entry: Entry, mode: Mode) -> list[str]:
    """Return the steps of a reproduction, a line each."""
    lines = [
        "documents: card, recipe, manifest and their digests",
        "data: every source by its sha256" + (", and its archive's status" * (mode == "full")),
        "weights: digests, graph, tensors",
        "environment: software, hardware, lock files",
        "probe: by onnxruntime, and by torch where it is installed",
    ]
    if mode == "smoke":
        lines.append("first steps of training: twice, and once killed and resumed")
    if mode == "full":
        recipe = entry.recipe()
        lines += [
            f"train: {recipe.schedule.max_epochs} epochs, {recipe.threads} thread(s)",
            "export: ONNX, safetensors and probe",
            f"evaluate: {len(entry.card().metrics)} metrics of the card, and robustness",
            f"draw: {len(entry.pictures())} pictures of the card",
        ]
    return lines


def need_training(entry: Entry, mode: Mode) -> None:
    """Refuse a reproduction that cannot be done here, before anything is done.

    Raises:
        InputError: The model has no recipe, or its pictures cannot be drawn.
    """
    if mode != "verify" and entry.recipe_path is None:
        raise InputError("the model has no recipe to train by", got=entry.name)
    if mode == "full" and entry.pictures():
        need("matplotlib", "drawing the card's pictures in a full run")


def reproduce(
    entry: Entry, order: ReproductionOrder, *, progress: Progress, say: Say
) -> ReproductionReport:
    """Check a model, train as far as the mode asks, and judge.

    Args:
        entry: The model.
        order: Options.
        progress: Opens a progress display from total, unit and label.
        say: Takes lines for the user.

    Raises:
        ManyErrors: Card, recipe or manifest cannot be read.
        ZooError: A full run cannot be made.
    """
    begun = time.monotonic()
    check_readable(entry)
    findings, here = Findings(entry), environment_for(entry)
    with progress(None, "steps", "checking"):
        evidence = _gather(findings, order, here)
    if order.mode != "verify":
        evidence = _train(entry, order, findings, evidence, here, progress, say)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    seconds = round(time.monotonic() - begun, 1)
    return complete(entry, evidence.model_copy(update={"finished": now, "seconds": seconds}))


def _gather(findings: Findings, order: ReproductionOrder, here: Environment) -> Evidence:
    """Gather all evidence that needs no training."""
    entry, now = findings.entry, datetime.now(UTC).isoformat(timespec="seconds")
    # git runs commands that a repository's settings name: only our own is asked.
    own = is_in_use(entry.root)
    commit = commit_of(entry.root) if own else Commit(revision=None)
    check_entry(findings, download=True)
    data = check_data(findings, ask=order.mode == "full", fasta=order.fasta)
    known: RecordedEnvironment | None = None
    try:
        known = recorded_environment(entry)
    except ZooError as error:
        findings.fault(None, error)
    software, hardware = compare_environment(entry, here, known)
    predictions = check_probe(findings)
    check_locks(findings, known, proving=order.mode == "full")
    check_installed(findings)
    check_licence(findings)
    run, missing = recorded_details(entry, known)
    if missing and order.mode != "full":
        findings.gap("S2", f"not recorded of the run: {', '.join(missing)}")
    digest = None if entry.folder is None else entry.manifest().tensor_digest
    return Evidence(
        schema_version=VERSION,
        model=entry.name,
        zooctl=zooctl.__version__,
        commit=commit,
        coverage=order.mode,
        offline=order.offline,
        started=now,
        finished=now,
        seconds=0.0,
        subjects=subjects(entry),
        weights=WeightDigests(entry=digest, trained=None),
        software=software,
        hardware=hardware,
        machine=measure_machine(0),
        run=run,
        data=tuple(data),
        predictions=predictions,
        stages=(),
        first_steps=None,
        agreement=None,
        figures=(),
        pictures=(),
        faults=findings.faults,
        gaps=findings.gaps,
        warnings=tuple(findings.warnings),
        required=order.required,
    )


def _train(
    entry: Entry,
    order: ReproductionOrder,
    findings: Findings,
    evidence: Evidence,
    here: Environment,
    progress: Progress,
    say: Say,
) -> Evidence:
    """Add the evidence of training, if the documents, data and weights it starts from hold."""
    unmet = _unmet(entry, order, evidence)
    changes: dict[str, Any] = {}
    if unmet:
        reason = f"nothing was trained: {', '.join(unmet)} not met"
        findings.warnings.append(reason)
        trained: tuple[CriterionId, ...] = ("S3", "G1") if order.mode == "full" else ("S3",)
        for name in trained:
            findings.gap(name, reason)
        what = f"--mode {order.mode} was asked for, and nothing could be trained"
        findings.fault(None, VerificationError(what))
    else:
        temporary = tempfile.TemporaryDirectory() if order.work is None else nullcontext(order.work)
        with temporary as folder, open_journal(Path(folder), order.resume) as journal:
            if order.mode == "full":
                evidence = _retrain(entry, order, journal, evidence, here, progress, say)
            made = retraining_of(entry, evidence)
            # Other bits in another environment tell nothing about repetition in this one.
            if made is None or not (made.same_bits or made.same_environment):
                changes["first_steps"] = _repeat(order, findings, journal, progress)
            changes["machine"] = measure_machine(folder_bytes(journal.folder))
    changes["warnings"] = tuple(findings.warnings)
    changes |= {"faults": findings.faults, "gaps": findings.gaps}
    return evidence.model_copy(update=changes)


def _unmet(entry: Entry, order: ReproductionOrder, evidence: Evidence) -> list[str]:
    """Return the criteria without which nothing is trained.

    Data that are here with the pinned bytes are enough, published or not.
    """
    status = {one.id: one.status for one in judge(entry, evidence).criteria}
    absent = [one for one in evidence.data if one.status != "ok"]
    unmet = ["B1"] * (status["B1"] == "fail" or bool(absent) or not evidence.data)
    unmet += ["B2"] * (order.mode == "full" and status["B2"] != "pass")
    # Another code than the recorded is no reason not to try it.
    return unmet + ["B3"] * (status["B3"] == "fail")


def _retrain(
    entry: Entry,
    order: ReproductionOrder,
    journal: Journal,
    evidence: Evidence,
    here: Environment,
    progress: Progress,
    say: Say,
) -> Evidence:
    """Retrain a model from its data; return the evidence with that of the full run."""
    made = retrain(entry, order.fasta, journal, here, progress=progress, say=say)
    retrained = made.tensor_digest != evidence.weights.entry
    return evidence.model_copy(
        update={
            "weights": WeightDigests(entry=evidence.weights.entry, trained=made.tensor_digest),
            "stages": tuple(journal.done),
            "agreement": made.agreement,
            "figures": compare_figures(entry.card(), made.figures, retrained=retrained),
            "pictures": made.pictures,
            "run": None,
        }
    )


def _repeat(
    order: ReproductionOrder, findings: Findings, journal: Journal, progress: Progress
) -> FirstSteps | None:
    """Repeat the first steps of training; None where they fail, which is a fault of S3."""
    from zooctl.reproduction.run.smoke import repeat_first_steps

    entry = findings.entry
    assert entry.recipe_path is not None
    folder = journal.folder / "smoke"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try
    try:
        with progress(None, "steps", "first steps of training, four times"):
            return repeat_first_steps(entry.recipe_path, order.fasta, folder)
    except ZooError as error:
        findings.fault("S3", error)
        return None
