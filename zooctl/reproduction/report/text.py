"""A report as Markdown for people, and as an in-toto statement for other tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from zooctl.files.disk.atomic import atomic_output
from zooctl.reproduction.report.canonical import digest
from zooctl.reproduction.report.report import ReproductionReport, to_text
from zooctl.reproduction.report.rows import Predictions
from zooctl.schema.escape import markdown as escaped
from zooctl.schema.escape import markdown_table


def statement(report: ReproductionReport) -> dict[str, object]:
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


def files_beside(path: Path) -> tuple[Path, Path]:
    """Return the files that go with a report: its Markdown and its statement.

    >>> [file.name for file in files_beside(Path("toy.report.json"))]
    ['toy.report.md', 'toy.report.intoto.json']
    """
    return path.with_suffix(".md"), path.with_suffix(".intoto.json")


def texts_beside(report: ReproductionReport, path: Path) -> dict[Path, str]:
    """Return the contents of the files that go with a report at ``path``."""
    contents = markdown(report), json.dumps(statement(report), indent=2) + "\n"
    return dict(zip(files_beside(path), contents, strict=True))


def write_report(report: ReproductionReport, path: Path, *, force: bool) -> None:
    """Write a report as JSON, and the files that go with it."""
    for target, text in {path: to_text(report), **texts_beside(report, path)}.items():
        with atomic_output(target, force=force) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def equivalence_text(report: ReproductionReport) -> str:
    """Return the class of a reproduction, or the reason that there is none."""
    if report.equivalence is not None:
        return report.equivalence
    if report.weights.trained is not None:
        return "cannot be given: the card has no spread over seeds to compare other bits with"
    return "nothing was compared"


def markdown(report: ReproductionReport) -> str:
    """Return the report for people."""
    minutes = report.seconds / 60
    lines = [
        f"# {report.model}: {report.level}",
        "",
        f"`zooctl reproduce {report.model} --mode {report.coverage}`, {report.started}, "
        f"{minutes:.1f} minutes, {report.machine.system}.",
        f"Equivalence: {equivalence_text(report)}. {str(report.commit).capitalize()}.",
        "",
        markdown_table(
            ("criterion", "", "evidence"),
            [(one.id, one.status, one.evidence) for one in report.criteria],
        ),
        "",
    ]
    for head, rows in _tables(report):
        lines += [markdown_table(head, rows), ""] if rows else []
    if (first := report.first_steps) is not None:
        same = "the same" if first.once == first.again == first.killed else "not the same"
        lines += [f"First {first.n} steps, repeated and resumed: {same}.", ""]
    lines += [f"- does not hold: {escaped(text)}" for text in report.failures]
    lines += [f"- {escaped(text)}" for text in report.warnings]
    return "\n".join(lines).rstrip("\n") + "\n"


def _tables(report: ReproductionReport) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Yield the tables of figures, pictures and probe: heads and rows."""
    none = "cannot be judged"
    figures = [
        (
            f"{one.name} ({one.field})",
            f"{one.card:g}",
            "none" if one.got is None else f"{one.got:g}",
            one.equivalence or none,
        )
        for one in report.figures
    ]
    drawn = {True: "the same bytes", False: "other bytes"}
    pictures = [
        (one.file, str(one.n), one.equivalence or none, drawn[one.same_file])
        for one in report.pictures
    ]
    probe = [
        (one.engine, str(one.n), one.equivalence, difference_text(one))
        for one in report.predictions
    ]
    yield ("figure", "card", "now", ""), [*figures]
    yield ("picture", "numbers", "class", "file"), [*pictures]
    yield ("probe by", "windows", "class", "largest difference"), [*probe]


def difference_text(found: Predictions) -> str:
    """Return the largest differences in words; numbers that are not finite have none."""
    if found.max_abs is None:
        return "not a number"
    scores = "" if found.scores is None else f", {found.scores:.1e} of a typical variant's score"
    return f"{found.max_abs:.1e}{scores}"
