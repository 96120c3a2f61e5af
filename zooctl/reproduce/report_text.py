"""A report for people, and as a statement that other tools read."""

from __future__ import annotations

from zooctl.catalog.escape import markdown as escaped
from zooctl.reproduce.canonical import digest
from zooctl.reproduce.report import Report


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


def equivalence_text(report: Report) -> str:
    """Return the class of what was made again, or why there is none."""
    if report.equivalence is not None:
        return report.equivalence
    if report.weights.trained is not None:
        return "cannot be given: the card has no spread over seeds to hold other bits against"
    return "nothing was made again"


def markdown(report: Report) -> str:
    """Return the report for people."""
    minutes = report.seconds / 60
    lines = [
        f"# {report.model}: {report.level}",
        "",
        f"`zooctl reproduce {report.model} --mode {report.coverage}`, {report.started}, "
        f"{minutes:.1f} minutes, {report.machine.system}.",
        f"Equivalence: {equivalence_text(report)}. {str(report.commit).capitalize()}.",
        "",
        "| criterion | | evidence |",
        "|---|---|---|",
        *(f"| {one.id} | {one.status} | {escaped(one.evidence)} |" for one in report.criteria),
        "",
    ]
    if report.figures:
        lines += ["| figure | card | now | |", "|---|---|---|---|"]
        lines += [
            f"| {escaped(one.name)} ({escaped(one.field)}) | {one.card:g} | "
            f"{'none' if one.got is None else format(one.got, 'g')} | "
            f"{one.equivalence or 'cannot be judged'} |"
            for one in report.figures
        ]
        lines.append("")
    if report.pictures:
        lines += ["| picture | numbers | class | file |", "|---|---|---|---|"]
        lines += [
            f"| {one.file} | {one.n} | {one.equivalence or 'cannot be judged'} | "
            f"{'the same bytes' if one.same_file else 'other bytes'} |"
            for one in report.pictures
        ]
        lines.append("")
    if report.predictions:
        lines += ["| probe by | windows | class | largest difference |", "|---|---|---|---|"]
        lines += [
            f"| {one.engine} | {one.n} | {one.equivalence} | {one.max_abs:.1e} |"
            for one in report.predictions
        ]
        lines.append("")
    lines += [f"- does not hold: {escaped(fault.text)}" for fault in report.faults]
    lines += [f"- {escaped(text)}" for text in report.warnings]
    return "\n".join(lines).rstrip("\n") + "\n"
