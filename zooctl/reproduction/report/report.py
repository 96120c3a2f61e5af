"""The report of a reproduction: evidence, and the verdict that follows from it.

It names files of the zoo, never places of a machine, users or anything secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from zooctl.errors import IntegrityError
from zooctl.reproduction.report import rows
from zooctl.reproduction.report.canonical import digest
from zooctl.reproduction.report.equivalence import Equivalence
from zooctl.reproduction.report.levels import CriterionId, ExitCode, Level
from zooctl.schema.fields import Items, Name, Problem, Values
from zooctl.schema.manifest import FileDigest

VERSION: Literal[5] = 5

Mode = Literal["verify", "smoke", "full"]


def _is_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Time = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00$"),
    AfterValidator(_is_time),
]


class Evidence(Values):
    """All findings of a reproduction, from which ``judge.verdict`` derives the rest.

    Attributes:
        coverage: How much was done.
        subjects: Digest of every file that the findings are about.
        run: Details of the full run by which the weights were proven earlier; None where they are
            not recorded, and in a full run, whose own details count.
        agreement: Lowest correlation of any track between the probe's predictions by weights
            trained now and the published ones; None where nothing was trained, or probes differ.
        figures: Numbers of the card; the verdict adds the classes.
        pictures: Pictures of the card; the verdict adds the classes.
        faults: Claims that do not hold by themselves.
        gaps: Criterion to the reason that it cannot be met here.
        warnings: Notes for the reader; the verdict adds those that follow from the rest.
        required: Level that was asked for.
    """

    schema_version: Literal[5]
    model: Name
    zooctl: str
    commit: rows.Commit
    coverage: Mode
    offline: bool
    started: Time
    finished: Time
    seconds: rows.Seconds
    subjects: dict[str, FileDigest]
    weights: rows.WeightDigests
    software: rows.EnvironmentPart
    hardware: rows.EnvironmentPart
    machine: rows.Machine
    run: rows.RunDetails | None
    data: Items[rows.DataFile]
    predictions: Items[rows.Predictions]
    stages: Items[rows.StageRecord]
    first_steps: rows.FirstSteps | None
    agreement: rows.Correlation | None
    figures: Items[rows.Figure]
    pictures: Items[rows.Picture]
    faults: Items[rows.ReportFault]
    gaps: dict[CriterionId, rows.NonEmpty]
    warnings: Items[str]
    required: Level | None

    def problems(self) -> Iterator[Problem]:
        """Yield an end before the beginning."""
        if self.finished < self.started:
            yield Problem("finished", "before it started", self.finished, self.started)


class ReproductionReport(Evidence):
    """Evidence and verdict."""

    criteria: Items[rows.Criterion]
    equivalence: Equivalence | None
    level: Level
    exit_code: ExitCode

    @property
    def failures(self) -> list[str]:
        """Everything that does not hold: faults, and criteria that fail without one."""
        told = {one.criterion for one in self.faults}
        return [one.text for one in self.faults] + [
            f"{one.id}: {one.evidence}"
            for one in self.criteria
            if one.status == "fail" and one.id not in told
        ]


def to_text(report: ReproductionReport) -> str:
    """Return a report as JSON, with a digest of all the rest as its last field."""
    document = report.model_dump(mode="json")
    document["digest"] = digest(document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of reports as ``to_text`` writes them."""
    document = ReproductionReport.model_json_schema()
    document["properties"]["digest"] = {
        "type": "string",
        "pattern": "^sha256:[0-9a-f]{64}$",
        "description": "Of the rest of the document in canonical form (RFC 8785).",
    }
    document["required"].append("digest")
    return document


def from_text(content: bytes, path: Path | None = None) -> ReproductionReport:
    """Read a report.

    Args:
        content: Of the file.
        path: Of the file, for errors.

    Raises:
        IntegrityError: It is no report of this version, or differs from ``to_text`` in any byte.
    """
    try:
        document = json.loads(content)
        if (version := document["schema_version"]) != VERSION:
            raise IntegrityError(
                "report of another version",
                path=path,
                field="schema_version",
                got=version,
                expected=VERSION,
                hint="zooctl reproduce MODEL --mode full --record writes a new one",
            )
        claimed = document.pop("digest")
        report = ReproductionReport.model_validate_json(json.dumps(document))
        made = to_text(report)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # Of all that is wrong with values, the first: its field and its fault.
        lines = (str(error).splitlines() or [type(error).__name__])[:3]
        first = ": ".join(line.strip() for line in lines)
        raise IntegrityError("not a report of zooctl reproduce", path=path, got=first) from None
    if made.encode() != content:
        raise IntegrityError(
            "report is not as it was written",
            path=path,
            field="digest",
            got=claimed,
            expected=json.loads(made)["digest"],
        )
    return report
