"""Reproduce a model as far as is asked, and say which level that reaches."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zooctl
from zooctl.catalog.entry import Entry
from zooctl.catalog.root import zoo_root
from zooctl.errors import InputError, VerificationError, ZooError
from zooctl.progress import Progress, Say
from zooctl.reproduce.environment import environment
from zooctl.reproduce.environment.commit import commit_of
from zooctl.reproduce.environment.machine import folder_bytes, measure_machine, run_details
from zooctl.reproduce.judge import entry as checks
from zooctl.reproduce.judge import recorded
from zooctl.reproduce.judge.data import check_data
from zooctl.reproduce.judge.entry import Findings
from zooctl.reproduce.judge.repetition import equivalence_of, judge_repetition, must_agree
from zooctl.reproduce.report.levels import DEMANDS, Level, exit_code, level_of
from zooctl.reproduce.report.report import (
    Commit,
    Criterion,
    FirstSteps,
    Mode,
    ReproductionReport,
    StageRecord,
    WeightDigests,
)
from zooctl.reproduce.run.journal import Journal, open_journal
from zooctl.reproduce.run.retrain import Again, make_again
from zooctl.reproduce.verify.recorded import recorded_details


@dataclass(frozen=True)
class ReproductionOrder:
    """What is asked for.

    Attributes:
        mode: How much is done again.
        work: Folder for runs and the journal; a temporary one if None (not of a full run).
        resume: Whether to go on with an earlier try.
        offline: Whether the network was off; for the report.
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
    """Return what a reproduction will do, a line a step."""
    lines = [
        "documents: card, recipe, manifest and their digests",
        "data: every source by its sha256"
        + (", and what its archive says of it" if mode == "full" else ""),
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


def reproduce(
    entry: Entry, order: ReproductionOrder, *, progress: Progress, say: Say
) -> ReproductionReport:
    """Check a model, make again what the mode asks for, and judge.

    Args:
        entry: The model.
        order: What is asked for.
        progress: Opens a progress display from total, unit and label.
        say: Told what goes on, a line each.

    Raises:
        ManyErrors: Card, recipe or manifest cannot be read.
        ZooError: A full run cannot be made.
    """
    begun, clock = datetime.now(UTC), time.monotonic()
    checks.check_readable(entry)
    findings = Findings(entry)
    with progress(None, "steps", "checking"):
        # git runs what a repository's settings name: only our own is asked.
        own = entry.root == zoo_root()
        commit = commit_of(entry.root) if own else Commit(revision=None)
        checks.check_files(entry, commit, findings)
        data = check_data(findings, ask=order.mode == "full", fasta=order.fasta)
        here = recorded.here_for(entry)
        known = recorded.recorded(entry, findings)
        software, hardware = recorded.compare_environment(entry, here, known)
        predictions = checks.check_probe(entry, findings)
    recorded.check_lock(entry, known, findings, proving=order.mode == "full")
    again: Again | None = None
    stages: list[StageRecord] = []
    first: FirstSteps | None = None
    size = 0
    if order.mode != "verify":
        must = must_agree(software, hardware)
        again, stages, first, size = _make(entry, order, findings, here, must, progress, say)
    machine = measure_machine(size)
    same = equivalence_of(again, predictions)
    if again is None:
        details = recorded_details(entry, known)
    else:
        details = run_details(machine, round(time.monotonic() - clock, 1), stages)
    checks.check_details(details, findings)
    judge_repetition(findings, order.mode, again, software, hardware, first)
    if old := [stage.name for stage in stages if stage.resumed]:
        # The folder's owner can write a journal; only who ran it whole has seen it made.
        findings.warnings.append(
            f"taken from the journal of an earlier command, not made by this one: {', '.join(old)}"
        )
    criteria = tuple(_criterion(findings, name) for name in DEMANDS)
    statuses = {one.id: one.status for one in criteria}
    level = level_of(statuses)
    faults = tuple(findings.faults)
    manifest = None if entry.folder is None else entry.manifest()
    return ReproductionReport(
        schema_version=3,
        model=entry.name,
        zooctl=zooctl.__version__,
        commit=commit,
        coverage=order.mode,
        offline=order.offline,
        started=begun.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 1),
        subjects=checks.subjects(entry),
        weights=WeightDigests(
            entry=None if manifest is None else manifest.tensor_digest,
            trained=None if again is None else again.tensor_digest,
        ),
        software=software,
        hardware=hardware,
        machine=machine,
        data=tuple(data),
        predictions=tuple(predictions),
        stages=tuple(stages),
        first_steps=first,
        figures=() if again is None else again.figures,
        pictures=() if again is None else again.pictures,
        criteria=criteria,
        faults=faults,
        warnings=tuple(findings.warnings),
        equivalence=same,
        level=level,
        required=order.required,
        exit_code=exit_code(statuses, [one.exit_code for one in faults], level, order.required),
    )


def _make(
    entry: Entry,
    order: ReproductionOrder,
    findings: Findings,
    here: environment.Environment,
    must: bool,
    progress: Progress,
    say: Say,
) -> tuple[Again | None, list[StageRecord], FirstSteps | None, int]:
    """Do the training that the mode asks for, if what it starts from is sound.

    A full run that may give other bits, and does, repeats the first steps as smoke mode does.

    Returns:
        What was made, the steps, the first of training, and the bytes of the work folder.
    """
    bad = [one for one in ("B1", "B3") if findings.criteria[one].status != "pass"]
    if order.mode == "full" and findings.criteria["B2"].status != "pass":
        bad.append("B2")
    if bad:
        findings.warnings.append(f"nothing was trained: {', '.join(bad)} not met")
        what = f"--mode {order.mode} was asked for, and nothing could be trained"
        findings.fault(VerificationError(what))
        return None, [], None, 0
    temporary = tempfile.TemporaryDirectory() if order.work is None else nullcontext(order.work)
    with temporary as folder, open_journal(Path(folder), order.resume) as journal:
        again, first = None, None
        if order.mode == "full":
            again = make_again(entry, order.fasta, journal, here, progress=progress, say=say)
        if again is None or not (again.same_bits or must):
            first = _repeat(entry, order, findings, journal, progress)
        stages = [
            StageRecord(
                name=done.name,
                inputs=done.inputs,
                outputs=done.outputs,
                seconds=done.seconds,
                resumed=done.resumed,
            )
            for done in journal.done
        ]
        size = folder_bytes(journal.folder)
    return again, stages, first, size


def _repeat(
    entry: Entry, order: ReproductionOrder, findings: Findings, journal: Journal, progress: Progress
) -> FirstSteps | None:
    """Do the first steps of training over and over; None where they fail, which is judged."""
    from zooctl.reproduce.run.smoke import repeat_first_steps

    assert entry.recipe_path is not None
    folder = journal.folder / "smoke"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try
    try:
        with progress(None, "steps", "first steps of training, four times"):
            found, n = repeat_first_steps(entry.recipe_path, order.fasta, folder)
    except ZooError as error:
        findings.fault(error)
        findings.judge("S3", "fail", checks.plain(error, entry.root))
        return None
    return FirstSteps(
        n=n, once=found["once"], again=found["again"], killed=found["killed and resumed"]
    )


def _criterion(findings: Findings, name: str) -> Criterion:
    return next(one for one in findings.criteria.values() if one.id == name)


def need_training(entry: Entry, mode: Mode) -> None:
    """Refuse what cannot be done before anything is.

    Raises:
        InputError: The model has no recipe, or its pictures cannot be drawn.
    """
    if mode != "verify" and entry.recipe_path is None:
        raise InputError("the model has no recipe to train by", got=entry.name)
    if mode == "full" and entry.pictures() and importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "a full run draws the card's pictures, and matplotlib is not installed",
            hint="pip install matplotlib (zooctl's extra `plot`)",
        )
