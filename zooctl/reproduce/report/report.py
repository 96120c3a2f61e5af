"""The report of a reproduction: what was checked, what was found, which level that reaches.

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
from zooctl.reproduce.report.canonical import digest
from zooctl.reproduce.report.equivalence import Equivalence
from zooctl.reproduce.report.levels import CriterionId, ExitCode, Level, Status
from zooctl.schema.fields import Digest, Items, Name, Problem, Revision, Values
from zooctl.schema.manifest import FileDigest

Mode = Literal["verify", "smoke", "full"]
Engine = Literal["onnxruntime", "torch"]


def _is_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Time = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00$"),
    AfterValidator(_is_time),
]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Said = Annotated[str, Field(min_length=1)]
Difference = Annotated[float, Field(ge=0)]


class Criterion(Values):
    """One demand of Heil et al. 2021 (doi:10.1038/s41592-021-01256-7), and what shows it met."""

    id: CriterionId
    status: Status
    evidence: Said


class DataFile(Values):
    """A source of the recipe: what is pinned, and what was found of it.

    Attributes:
        id: As the recipe names it.
        expected: Digest that is pinned.
        status: Whether the pinned bytes are here.
        origin: How they came to be here.
        note: Where they are published, or what is missing.
        archive: What its archive said of it in this run, or why it was not asked; None for a
            source of no archive that can be asked.
    """

    id: str
    expected: str | None
    status: Literal["ok", "changed", "missing"]
    origin: str | None
    note: str | None = None
    archive: str | None = None


class EnvironmentPart(Values):
    """Software or hardware: recorded beside the weights, and here."""

    recorded: Digest | None
    found: Digest
    match: bool | None
    differences: Items[tuple[str, str, str]] = ()


class Predictions(Values):
    """The probe, predicted now, beside what is stored with the weights.

    Differences are None where a prediction is not finite, or of another shape.
    """

    engine: Engine
    n: Count
    equivalence: Equivalence
    max_abs: Difference | None
    max_rel: Difference | None
    pearson: float


class StageRecord(Values):
    """A step that takes long: digests in and out, and its time."""

    name: str
    inputs: dict[str, Digest]
    outputs: dict[str, Digest]
    seconds: Seconds
    resumed: bool


class FirstSteps(Values):
    """The first steps of training in fresh processes: digests of the weights afterwards.

    Attributes:
        n: How many steps.
        once: In one process.
        again: In another, with other surroundings.
        killed: Killed half-way and gone on with.
    """

    n: Annotated[int, Field(ge=1)]
    once: Digest
    again: Digest
    killed: Digest


class Figure(Values):
    """One number of the card, and the same from weights trained now.

    It has no class where the card does not say how far chance carries it.
    """

    field: str
    name: str
    card: float
    got: float | None
    equivalence: Equivalence | None


class Picture(Values):
    """One picture of the card, drawn again from weights trained now.

    Attributes:
        file: The picture.
        n: Numbers that it shows.
        equivalence: Of these numbers with those that are published; None where none are, or
            where they are of other weights.
        max_abs: Largest difference between them; None where they cannot be compared.
        same_file: Whether the picture itself has the same bytes.
    """

    file: str
    n: Count
    equivalence: Equivalence | None
    max_abs: Difference | None
    same_file: bool


class Commit(Values):
    """The commit that the zoo was at; no revision where it was at none that can be told.

    Attributes:
        revision: 40 hex digits.
        changed: Files of that commit that were changed.
    """

    revision: Revision | None
    changed: Items[str] = ()

    def __str__(self) -> str:
        """Return it in words.

        >>> str(Commit(revision=None))
        'not at a commit'
        >>> str(Commit(revision="ab" * 20, changed=("recipes/a.yaml",)))
        'not at a commit: abababababab with 1 file changed'
        """
        if self.revision is None:
            return "not at a commit"
        n, short = len(self.changed), self.revision[:12]
        if n:
            return f"not at a commit: {short} with {n} file{'s' * (n > 1)} changed"
        return f"at commit {self.revision}"


class WeightDigests(Values):
    """Digest of the tensors on the card's entry, and of those trained now."""

    entry: Digest | None
    trained: Digest | None


class Machine(Values):
    """What a reader wants to know of the machine; no part of any digest.

    Attributes:
        system: Kind of system, C library and Python.
        os_release: Name and version of the operating system.
        processor: Its model.
        processors: How many.
        memory_bytes: Of the machine.
        cpu_seconds: Of this process and those that it started.
        peak_memory_bytes: Of the largest of them.
        disk_bytes: Of the work folder; 0 where there was none.
    """

    system: str
    os_release: str
    processor: str
    processors: int
    memory_bytes: int
    cpu_seconds: float
    peak_memory_bytes: int
    disk_bytes: int


class ReportFault(Values):
    """Something that does not hold, and the exit code of its kind."""

    text: Said
    exit_code: Literal[3, 5]


class ReproductionReport(Values):
    """All of it."""

    schema_version: Literal[3]
    model: Name
    zooctl: str
    commit: Commit
    coverage: Mode
    offline: bool
    started: Time
    finished: Time
    seconds: Seconds
    subjects: dict[str, FileDigest]
    weights: WeightDigests
    software: EnvironmentPart
    hardware: EnvironmentPart
    machine: Machine
    data: Items[DataFile]
    predictions: Items[Predictions]
    stages: Items[StageRecord]
    first_steps: FirstSteps | None
    figures: Items[Figure]
    pictures: Items[Picture]
    criteria: Items[Criterion]
    faults: Items[ReportFault]
    warnings: Items[str]
    equivalence: Equivalence | None
    level: Level
    required: Level | None
    exit_code: ExitCode

    def problems(self) -> Iterator[Problem]:
        """Yield an end before the beginning."""
        if self.finished < self.started:
            yield Problem("finished", "before it started", self.finished, self.started)


def to_text(report: ReproductionReport) -> str:
    """Return a report as JSON, with a digest of all the rest as its last field."""
    document = report.model_dump(mode="json")
    document["digest"] = digest(document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of what ``to_text`` writes."""
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
        IntegrityError: It is no report, or is not as it was written, to the byte.
    """
    try:
        document = json.loads(content)
        claimed = document.pop("digest")
        report = ReproductionReport.model_validate_json(json.dumps(document))
        made = to_text(report)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # Of what is wrong with values, the first: its field, and what of it.
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
