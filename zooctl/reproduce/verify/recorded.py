"""Reports of full runs that lie beside the cards, each held against its entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zooctl.catalog.entry import Entry
from zooctl.errors import IntegrityError, ManyErrors, VerificationError, ZooError
from zooctl.reproduce.environment.machine import missing_details, run_details
from zooctl.reproduce.judge.recorded import Recorded
from zooctl.reproduce.report.report import ReproductionReport, from_text
from zooctl.reproduce.report.text import texts
from zooctl.reproduce.verify.report import check_report


@dataclass(frozen=True)
class Held:
    """A model's recorded report.

    Attributes:
        model: Its name.
        report: None where none is recorded, or none that can be read.
        errors: What does not hold of it.
    """

    model: str
    report: ReproductionReport | None
    errors: tuple[ZooError, ...] = ()


def report_path(entry: Entry) -> Path:
    """Return where the report of an entry is recorded: beside its card."""
    return entry.card_path.with_name(f"{entry.name}.report.json")


def check_beside(
    report: ReproductionReport, path: Path, *, all_there: bool = False
) -> list[ZooError]:
    """Return the files beside a report that say something else than it does.

    Args:
        report: As read from ``path``.
        path: Of its JSON; its words and its statement are named like it.
        all_there: Whether one that is missing is wrong.
    """
    errors: list[ZooError] = []
    for beside, text in texts(report, path).items():
        if not beside.is_file():
            if all_there:
                errors.append(VerificationError("not beside the report", path=beside))
        elif beside.read_bytes() != text.encode():
            what = "does not say what the report says"
            errors.append(IntegrityError(what, path=beside, expected=f"as {path.name} says it"))
    return errors


def check_texts(entry: Entry) -> list[ZooError]:
    """Return what is wrong with the files of a recorded report by themselves.

    Whether the report holds against the entry is another question (``hold``).
    """
    path = report_path(entry)
    try:
        if path.is_file():
            return check_beside(from_text(path.read_bytes(), path), path, all_there=True)
    except ZooError as error:
        return [error]
    alone = (path.with_suffix(suffix) for suffix in (".md", ".intoto.json"))
    return [VerificationError("of no report", path=one) for one in alone if one.is_file()]


def hold(entry: Entry) -> Held:
    """Read the recorded report of an entry, and hold it against what the entry is now."""
    path = report_path(entry)
    if not path.is_file():
        return Held(entry.name, None, tuple(check_texts(entry)))
    try:
        report = from_text(path.read_bytes(), path)
        if report.model != entry.name:
            what = "report of another model"
            raise VerificationError(what, path=path, got=report.model, expected=entry.name)
        errors = check_report(entry, report) + check_beside(report, path, all_there=True)
        return Held(entry.name, report, tuple(errors))
    except ManyErrors as error:
        return Held(entry.name, None, tuple(error.errors))
    except ZooError as error:
        return Held(entry.name, None, (error,))


def recorded_details(entry: Entry, known: Recorded | None) -> dict[str, Any]:
    """Return what is recorded of the run that an entry's weights were proven by: S2.

    What lies beside the weights if it says all; else what a full run's report beside the card says,
    where it says all and holds against the entry. Never some of each: they may be of two runs.

    Args:
        entry: The model.
        known: What was recorded beside its weights.
    """
    own = {} if known is None else known.machine
    if missing_details(own) and not (held := hold(entry)).errors:
        report = held.report
        if report is not None and report.coverage == "full":
            told = run_details(report.machine, report.seconds, report.stages)
            return own if missing_details(told) else told
    return own
