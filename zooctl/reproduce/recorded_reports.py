"""Reports of full runs that lie beside the cards, each held against its entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zooctl.catalog.registry import Entry
from zooctl.errors import ManyErrors, VerificationError, ZooError
from zooctl.reproduce.check_report import check_report
from zooctl.reproduce.report import Report, from_text


@dataclass(frozen=True)
class Held:
    """A model's recorded report.

    Attributes:
        model: Its name.
        report: None where none is recorded, or none that can be read.
        errors: What does not hold of it.
    """

    model: str
    report: Report | None
    errors: tuple[ZooError, ...] = ()


def report_path(entry: Entry) -> Path:
    """Return where the report of an entry is recorded: beside its card."""
    return entry.card_path.with_name(f"{entry.name}.report.json")


def hold(entry: Entry) -> Held:
    """Read the recorded report of an entry, and hold it against what the entry is now."""
    path = report_path(entry)
    if not path.is_file():
        return Held(entry.name, None)
    try:
        report = from_text(path.read_bytes(), path)
        if report.model != entry.name:
            what = "report of another model"
            raise VerificationError(what, path=path, got=report.model, expected=entry.name)
        return Held(entry.name, report, tuple(check_report(entry, report)))
    except ManyErrors as error:
        return Held(entry.name, None, tuple(error.errors))
    except ZooError as error:
        return Held(entry.name, None, (error,))
