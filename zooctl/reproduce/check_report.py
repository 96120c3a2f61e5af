"""A report held against the entry it is about, without trusting a word of it.

What is checked is that the report is whole, is about these very bytes, and that its verdict
follows from its findings. That the findings were really made, only making them again can show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zooctl.catalog.manifest import picture_paths
from zooctl.catalog.registry import Entry
from zooctl.errors import IntegrityError, ManyErrors, VerificationError, ZooError
from zooctl.reproduce.check_data import pinned_data
from zooctl.reproduce.checks import check_readable, subjects
from zooctl.reproduce.compare import compare_figure
from zooctl.reproduce.picture_files import published
from zooctl.reproduce.pictures import numbers
from zooctl.reproduce.report import Report
from zooctl.reproduce.retrain import figures
from zooctl.reproduce.verdict import DEMANDS, exit_code, level_of

_STEPS = ["train", "export", "evaluate"]


def check_report(entry: Entry, report: Report) -> list[ZooError]:
    """Return everything in a report that does not hold.

    Args:
        entry: What the report is about, as it is here and now.
        report: As read by ``report.from_text``.
    """
    try:
        check_readable(entry)
    except ManyErrors as error:
        return list(error.errors)
    return [
        *_bytes(entry, report),
        *_figures(entry, report),
        *_pictures(entry, report),
        *_verdict(report),
        *_full(report),
    ]


def _wrong(field: str, what: str, got: object, expected: object) -> VerificationError:
    return VerificationError(what, field=field, got=got, expected=expected)


def _bytes(entry: Entry, report: Report) -> Iterator[ZooError]:
    """Yield files that are others than those that the report is about."""
    here = subjects(entry)
    for name in sorted({*here, *report.subjects}):
        told, found = report.subjects.get(name), here.get(name)
        if told != found:
            yield IntegrityError(
                "the report is about another file",
                path=entry.root / name,
                got=None if found is None else f"sha256 {found.sha256}",
                expected="no such file" if told is None else f"sha256 {told.sha256}",
            )
    if entry.folder is not None:
        digest = entry.manifest().tensor_digest
        if report.weights.entry != digest:
            what = "not the digest in the manifest"
            yield _wrong("weights.entry", what, report.weights.entry, digest)
    if entry.recipe_path is None:
        return
    pinned = pinned_data(entry)
    told_data = {data.id: data.expected for data in report.data}
    if told_data != pinned:
        yield _wrong("data", "not the sources and the genome of the recipe", told_data, pinned)


def _figures(entry: Entry, report: Report) -> Iterator[ZooError]:
    """Yield figures that are not the card's, or are called more alike than they are."""
    if report.weights.trained is None:
        if report.figures:
            yield _wrong("figures", "there are figures, but no weights were trained", "some", 0)
        return
    card = entry.card()
    retrained = report.weights.trained != report.weights.entry
    nothing: dict[str, Any] = {"metrics": [{} for _ in card.metrics], "robustness": None}
    claimed = {one.field: one for one in figures(card, nothing, retrained)}
    told = {one.field: one for one in report.figures}
    if sorted(told) != sorted(claimed):
        yield _wrong("figures", "not those of the card", sorted(told), sorted(claimed))
        return
    for field, one in told.items():
        if one.card != claimed[field].card:
            yield _wrong(field, "not the card's figure", one.card, claimed[field].card)
        spread = None
        if field.endswith(".value"):
            metric = card.metrics[int(field.split(".")[1])]
            if metric.mean is not None and metric.sd is not None and metric.n_seeds is not None:
                spread = (metric.mean, metric.sd, metric.n_seeds)
        of_weights = retrained and not field.endswith((".n", ".baseline_value"))
        found = compare_figure(one.card, one.got, retrained=of_weights, spread=spread)
        if found != one.equivalence:
            yield _wrong(field, "another class than its numbers have", one.equivalence, found)


def _pictures(entry: Entry, report: Report) -> Iterator[ZooError]:
    """Yield what is not said of the card's pictures as it must be."""
    if report.weights.trained is None:
        if report.pictures:
            yield _wrong("pictures", "there are pictures, but no weights were trained", "some", 0)
        return
    known = numbers(published(entry), entry.name)
    paths = [path for path in picture_paths(entry.name) if entry.path(path) in entry.pictures()]
    told = [one.file for one in report.pictures]
    if told != paths:
        yield _wrong("pictures", "not those of the card", told, paths)
        return
    retrained = report.weights.trained != report.weights.entry
    for one in report.pictures:
        if one.n != (n := len(known.get(one.file, ()))):
            yield _wrong(one.file, "not as many numbers as it shows", one.n, n)
        if one.equivalence == "bitwise" and one.max_abs != 0:
            yield _wrong(one.file, "another class than its numbers have", one.max_abs, 0.0)
        if one.equivalence is not None and one.n == 0:
            yield _wrong(one.file, "has a class, though nothing says what it shows", one.n, None)
        if one.equivalence is None and one.n and not retrained:
            yield _wrong(one.file, "has no class, though it can be judged", None, "a class")


def _verdict(report: Report) -> Iterator[ZooError]:
    """Yield what does not follow from the criteria."""
    names = [one.id for one in report.criteria]
    if names != list(DEMANDS):
        yield _wrong("criteria", "not all criteria, each once", names, list(DEMANDS))
        return
    statuses = {one.id: one.status for one in report.criteria}
    level = level_of(statuses)
    if report.level != level:
        yield _wrong("level", "does not follow from the criteria", report.level, level)
    codes = [fault.exit_code for fault in report.faults]
    code = exit_code(statuses, codes, level, report.required)
    if report.exit_code != code:
        yield _wrong("exit_code", "does not follow from the criteria", report.exit_code, code)
    for name, part in (("software", report.software), ("hardware", report.hardware)):
        match = None if part.recorded is None else part.recorded == part.found
        if part.match is not match:
            yield _wrong(f"{name}.match", "does not follow from the digests", part.match, match)
    shown = {"verify": ["S3", "G1"], "smoke": ["G1"], "full": []}[report.coverage]
    for one in report.criteria:
        if one.id in shown and one.status == "pass":
            what = f"cannot be shown by --mode {report.coverage}"
            yield _wrong(one.id, what, one.status, "skip")
    bad = [data.id for data in report.data if data.status != "ok"]
    if bad and statuses["B1"] == "pass":
        yield _wrong("B1", "passed, though data are not right", "pass", ", ".join(bad))


def _full(report: Report) -> Iterator[ZooError]:
    """Yield what a run from data to figures would have left, but this one did not."""
    if next((one.status for one in report.criteria if one.id == "G1"), "skip") != "pass":
        return
    if report.weights.trained is None:
        yield _wrong("weights.trained", "nothing was trained", "null", "a digest")
    steps = [stage.name for stage in report.stages]
    if steps != _STEPS:
        yield _wrong("stages", "not the steps of a full run", steps, _STEPS)
    for one in report.figures:
        if one.equivalence == "failed":
            yield _wrong("G1", "passed, though a figure did not come again", one.field, None)
        elif one.equivalence is None and one.field.startswith("metrics."):
            yield _wrong("G1", "passed, though a figure could not be judged", one.field, None)
    for drawn in report.pictures:
        if drawn.equivalence == "failed" or drawn.n == 0:
            yield _wrong("G1", "passed, though a picture did not come again", drawn.file, None)
    same = report.weights.trained == report.weights.entry
    if report.software.match and report.hardware.match and not same:
        what = "passed, though the same environment gave other bits"
        yield _wrong("G1", what, report.weights.trained, report.weights.entry)
    if report.equivalence == "bitwise" and not same:
        yield _wrong("equivalence", "the weights have other bits", "bitwise", "statistical")
