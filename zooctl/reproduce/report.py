"""The report of a reproduction: what was checked, what was found, which level that reaches.

It names files of the zoo, never places of a machine, users or anything secret.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from zooctl.catalog.fields import Digest, Items, Values
from zooctl.catalog.manifest import FileDigest
from zooctl.errors import IntegrityError
from zooctl.reproduce.canonical import digest
from zooctl.reproduce.compare import Equivalence
from zooctl.reproduce.verdict import CriterionId, Level, Status

Mode = Literal["verify", "smoke", "full"]
Engine = Literal["onnxruntime", "torch"]


class Criterion(Values):
    """One demand of Heil et al. 2021 (doi:10.1038/s41592-021-01256-7), and what shows it met."""

    id: CriterionId
    status: Status
    evidence: str


class DataFile(Values):
    """A source of the recipe: what is pinned, and what was found of it."""

    id: str
    expected: str | None
    status: Literal["ok", "changed", "missing"]
    origin: str | None
    note: str | None = None


class Part(Values):
    """Software or hardware: recorded beside the weights, and here."""

    recorded: Digest | None
    found: Digest
    match: bool | None
    differences: Items[tuple[str, str, str]] = ()


class Predictions(Values):
    """The probe, predicted now, beside what is stored with the weights."""

    engine: Engine
    n: int
    equivalence: Equivalence
    max_abs: float
    max_rel: float
    pearson: float


class Stage(Values):
    """A step that takes long: digests in and out, and its time."""

    name: str
    inputs: dict[str, Digest]
    outputs: dict[str, Digest]
    seconds: float
    resumed: bool


class Figure(Values):
    """One number of the card, and the same from weights trained now."""

    field: str
    name: str
    card: float
    got: float | None
    equivalence: Equivalence


class Weights(Values):
    """Digest of the tensors on the card's entry, and of those trained now."""

    entry: Digest | None
    trained: Digest | None


class Machine(Values):
    """What a reader wants to know of the machine; no part of any digest."""

    system: str
    processors: int
    memory_bytes: int
    cpu_seconds: float
    peak_memory_bytes: int


class Fault(Values):
    """Something that does not hold, and the exit code of its kind."""

    text: str
    exit_code: int


class Report(Values):
    """All of it."""

    schema_version: Literal[1]
    model: str
    zooctl: str
    coverage: Mode
    offline: bool
    started: str
    finished: str
    seconds: float
    subjects: dict[str, FileDigest]
    weights: Weights
    software: Part
    hardware: Part
    machine: Machine
    data: Items[DataFile]
    predictions: Items[Predictions]
    stages: Items[Stage]
    figures: Items[Figure]
    criteria: Items[Criterion]
    faults: Items[Fault]
    warnings: Items[str]
    equivalence: Equivalence | None
    level: Level
    required: Level | None
    exit_code: int


def to_text(report: Report) -> str:
    """Return a report as JSON, with a digest of all the rest as its last field."""
    document = report.model_dump(mode="json")
    document["digest"] = digest(document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of what ``to_text`` writes."""
    document = Report.model_json_schema()
    document["properties"]["digest"] = {
        "type": "string",
        "pattern": "^sha256:[0-9a-f]{64}$",
        "description": "Of the rest of the document in canonical form (RFC 8785).",
    }
    document["required"].append("digest")
    return document


def from_text(content: bytes, path: Path | None = None) -> Report:
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
        report = Report.model_validate_json(json.dumps(document))
        made = to_text(report).encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise IntegrityError("not a report of zooctl reproduce", path=path, got=first) from None
    if made != content:
        raise IntegrityError(
            "report is not as it was written",
            path=path,
            field="digest",
            got=claimed,
            expected=digest(document),
        )
    return report


def statement(report: Report) -> dict[str, object]:
    """Return the report as an in-toto statement of a test result (v0.1)."""
    named = {
        status: [one.id for one in report.criteria if one.status == status]
        for status in ("pass", "skip", "fail")
    }
    unmet = report.warnings or named["skip"]
    result = "FAILED" if report.exit_code else "WARNED" if unmet else "PASSED"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": name, "digest": {"sha256": file.sha256}}
            for name, file in sorted(report.subjects.items())
        ],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": result,
            "configuration": [
                {"name": name, "digest": {"sha256": value.removeprefix("sha256:")}}
                for name, value in (
                    ("software", report.software.found),
                    ("hardware", report.hardware.found),
                    ("report", digest(report.model_dump(mode="json"))),
                )
            ],
            "passedTests": named["pass"],
            "warnedTests": named["skip"],
            "failedTests": named["fail"],
        },
    }


def markdown(report: Report) -> str:
    """Return the report for people."""
    minutes = report.seconds / 60
    lines = [
        f"# {report.model}: {report.level}",
        "",
        f"`zooctl reproduce {report.model} --mode {report.coverage}`, {report.started}, "
        f"{minutes:.1f} minutes, {report.machine.system}.",
        f"Equivalence: {report.equivalence or 'nothing was made again'}.",
        "",
        "| criterion | | evidence |",
        "|---|---|---|",
        *(f"| {one.id} | {one.status} | {one.evidence} |" for one in report.criteria),
        "",
    ]
    if report.figures:
        lines += ["| figure | card | now | |", "|---|---|---|---|"]
        lines += [
            f"| {one.name} ({one.field}) | {one.card:g} | "
            f"{'none' if one.got is None else format(one.got, 'g')} | {one.equivalence} |"
            for one in report.figures
        ]
        lines.append("")
    if report.predictions:
        lines += ["| probe by | windows | class | largest difference |", "|---|---|---|---|"]
        lines += [
            f"| {one.engine} | {one.n} | {one.equivalence} | {one.max_abs:.1e} |"
            for one in report.predictions
        ]
        lines.append("")
    lines += [f"- does not hold: {fault.text}" for fault in report.faults]
    lines += [f"- {text}" for text in report.warnings]
    return "\n".join(lines).rstrip("\n") + "\n"
