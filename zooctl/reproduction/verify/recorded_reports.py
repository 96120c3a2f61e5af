"""Reports of full runs recorded beside the cards, each verified against its entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog.entry import Entry
from zooctl.errors import IntegrityError, ManyErrors, VerificationError, ZooError
from zooctl.reproduction.environment.compare_recorded import RecordedEnvironment
from zooctl.reproduction.environment.machine import missing_details, read_details, run_details
from zooctl.reproduction.report.report import ReproductionReport, from_text
from zooctl.reproduction.report.rows import RunDetails
from zooctl.reproduction.report.text import files_beside, texts_beside
from zooctl.reproduction.verify.report import check_report


@dataclass(frozen=True)
class RecordedReport:
    """The recorded report of a model.

    Attributes:
        model: Its name.
        report: None where none is recorded, or none that can be read.
        errors: Everything in it that does not hold.
    """

    model: str
    report: ReproductionReport | None
    errors: tuple[ZooError, ...] = ()


def report_path(entry: Entry) -> Path:
    """Return the place of an entry's recorded report: beside its card."""
    return entry.card_path.with_name(f"{entry.name}.report.json")


def check_beside(
    report: ReproductionReport, path: Path, *, all_there: bool = False
) -> list[ZooError]:
    """Return the files beside a report that differ from it.

    Args:
        report: As read from ``path``.
        path: Of its JSON; its Markdown and its statement are named like it.
        all_there: True to refuse a missing one.
    """
    errors: list[ZooError] = []
    for beside, text in texts_beside(report, path).items():
        if not beside.is_file():
            if all_there:
                errors.append(VerificationError("not beside the report", path=beside))
        elif beside.read_bytes() != text.encode():
            what = "differs from the report"
            errors.append(IntegrityError(what, path=beside, expected=f"the text of {path.name}"))
    return errors


def check_texts(entry: Entry) -> list[ZooError]:
    """Return every fault of a recorded report's files by themselves.

    The report is not compared with the entry (``verify_recorded`` does).
    """
    path = report_path(entry)
    try:
        if path.is_file():
            return check_beside(from_text(path.read_bytes(), path), path, all_there=True)
    except ZooError as error:
        return [error]
    return [
        VerificationError("of no report", path=one) for one in files_beside(path) if one.is_file()
    ]


def verify_recorded(entry: Entry) -> RecordedReport:
    """Read the recorded report of an entry, and verify it against the entry as it is now."""
    path = report_path(entry)
    if not path.is_file():
        return RecordedReport(entry.name, None, tuple(check_texts(entry)))
    try:
        report = from_text(path.read_bytes(), path)
        if report.model != entry.name:
            what = "report of another model"
            raise VerificationError(what, path=path, got=report.model, expected=entry.name)
        errors = check_report(entry, report) + check_beside(report, path, all_there=True)
        return RecordedReport(entry.name, report, tuple(errors))
    except ManyErrors as error:
        return RecordedReport(entry.name, None, tuple(error.errors))
    except ZooError as error:
        return RecordedReport(entry.name, None, (error,))


def recorded_details(
    entry: Entry, known: RecordedEnvironment | None
) -> tuple[RunDetails | None, list[str]]:
    """Return the details of the run by which an entry's weights were proven, for S2.

    They are those beside the weights if all are there; else those of the full run's report beside
    the card, if all are there and the report holds. Never some of each: they may be of two runs.

    Returns:
        The details, or None and the names of those that are missing beside the weights; no names
        where nothing is recorded.
    """
    own = {} if known is None else known.machine
    missing = missing_details(own)
    if not missing:
        return read_details(own), []
    recorded = verify_recorded(entry)
    report = recorded.report
    if report is not None and not recorded.errors and report.coverage == "full":
        told = run_details(report.machine, report.seconds, report.stages)
        if not missing_details(told):
            return read_details(told), []
    return None, missing if own else []
