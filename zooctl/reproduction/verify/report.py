"""Verification of a report against its entry, without trusting a word of it.

The report has to be whole and about these very bytes, its evidence has to agree with the entry
where the entry can tell, and its verdict has to be the one that ``judge`` derives from that
evidence. Whether the evidence was really gathered, only running it again can show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from safetensors.numpy import load

from zooctl.catalog.check import as_verification
from zooctl.catalog.data import locate
from zooctl.catalog.entry import PROBE, SAFETENSORS, Entry
from zooctl.catalog.root import is_in_use, zoo_roots
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import IntegrityError, ManyErrors, ZooError
from zooctl.reproduction.environment.commit import has_commit
from zooctl.reproduction.environment.compare_recorded import (
    RecordedEnvironment,
    compare_environment,
    recorded_environment,
)
from zooctl.reproduction.environment.machine import missing_details, read_details
from zooctl.reproduction.environment.software_digest import Environment
from zooctl.reproduction.evidence.data import pinned_data
from zooctl.reproduction.evidence.entry import check_entry, check_readable, subjects
from zooctl.reproduction.evidence.findings import Findings
from zooctl.reproduction.evidence.locks import check_locks
from zooctl.reproduction.judge.verdict import judge
from zooctl.reproduction.report.equivalence import Distance, can_be
from zooctl.reproduction.report.levels import DEMANDS
from zooctl.reproduction.report.report import ReproductionReport
from zooctl.reproduction.report.rows import Figure
from zooctl.reproduction.verify.stages import check_coverage, check_pictures, check_stages, wrong

# A file of a machine, at the beginning of a word: /home/me, ~/zoo, C:\zoo, file:///home.
_PLACE = re.compile(r"(?:^|(?<=[\s\"'(\[{=,;]))(?:file:|~?/\w|~\\|[A-Za-z]:[\\/]\w)")


def check_report(entry: Entry, report: ReproductionReport) -> list[ZooError]:
    """Return everything in a report that does not hold.

    Args:
        entry: The model of the report, as it is here and now.
        report: As read by ``report.from_text``.
    """
    try:
        check_readable(entry)
    except ManyErrors as error:
        return list(error.errors)
    names = [one.id for one in report.criteria]
    if names != list(DEMANDS):
        return [wrong("criteria", "not all criteria, each once", names, list(DEMANDS))]
    # Of other bytes, or of another kind of run, the rest says nothing.
    for check in (_check_bytes, check_coverage):
        if errors := list(check(entry, report)):
            return errors
    try:
        known = recorded_environment(entry)
    except ZooError as error:
        return [error]
    return [
        *_check_texts(report),
        *_check_commit(entry, report),
        *_check_data(entry, report),
        *_check_environment(entry, report, known),
        *_check_probe(entry, report),
        *check_stages(entry, report),
        *check_pictures(entry, report),
        *_check_passes(entry, report, known),
        *_check_verdict(entry, report),
    ]


def _check_verdict(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield every part of the verdict that does not follow from the evidence."""
    right = judge(entry, report)
    for told, made in zip(report.criteria, right.criteria, strict=True):
        if told.status != made.status:
            what = f"does not follow from the evidence: {made.evidence}"
            yield wrong(told.id, what, told.status, made.status)
    for field in ("figures", "pictures"):
        rows, expected = getattr(report, field), getattr(right, field)
        if len(rows) != len(expected):
            yield wrong(field, "not those of the card", len(rows), len(expected))
            continue
        for row, follows in zip(rows, expected, strict=True):
            place = follows.field if isinstance(follows, Figure) else follows.file
            yield from _differing(place, row, follows, type(follows).model_fields)
    yield from _differing("", report, right, ("equivalence", "level", "exit_code"))
    for text in right.warnings:
        if text not in report.warnings:
            yield wrong("warnings", "leave out one that follows", None, text)


def _differing(
    place: str, told: object, follows: object, fields: Iterable[str]
) -> Iterator[ZooError]:
    for field in fields:
        if (value := getattr(told, field)) != (right := getattr(follows, field)):
            where = f"{place}.{field}" if place else field
            yield wrong(where, "does not follow from the evidence", value, right)


def _check_passes(
    entry: Entry, report: ReproductionReport, known: RecordedEnvironment | None
) -> Iterator[ZooError]:
    """Yield criteria that are met by the report, and not by the entry as it is here."""
    found = Findings(entry)
    check_entry(found, download=False)
    check_locks(found, known, proving=report.coverage == "full")
    for told in report.criteria:
        if told.status == "pass":
            for error in (one for criterion, one in found.errors if criterion == told.id):
                yield from as_verification(error) if told.id == "B2" else [error]
            if gap := found.gaps.get(told.id):
                yield wrong(told.id, f"passed, though {gap}", "pass", "skip")


def _check_bytes(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield files that differ from those of the report."""
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
    digest = None if entry.folder is None else entry.manifest().tensor_digest
    if report.weights.entry != digest:
        yield wrong("weights.entry", "not the digest in the manifest", report.weights.entry, digest)


def _check_texts(report: ReproductionReport) -> Iterator[ZooError]:
    """Yield paths of a machine."""
    for text in sorted(_texts(report.model_dump(mode="json"))):
        if (place := place_in(text)) is not None:
            yield wrong("report", "names a place of a machine", place, "names of the zoo's files")


def _check_commit(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield a commit that is not in the zoo's history."""
    commit = report.commit
    if commit.revision is None and commit.changed:
        yield wrong("commit", "files of no commit", commit.changed, None)
    own = is_in_use(entry.root)
    if commit.revision is not None and own and has_commit(entry.root, commit.revision) is False:
        yield wrong("commit.revision", "no commit of this repository", commit.revision, None)


def place_in(text: str) -> str | None:
    """Return the path of a machine that a text names, None where it names none.

    >>> place_in("published as https://example.org/a/b"), place_in("in /home/me/zoo")
    (None, '/home/me/zoo')
    """
    found = _PLACE.search(text)
    return None if found is None else text[found.start() :].split()[0][:80]


def _texts(value: object) -> Iterator[str]:
    """Yield all text of a document, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _check_data(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield data that differ from the recipe's, or whose bytes here differ."""
    told = [(data.id, data.expected) for data in report.data]
    pinned = list(pinned_data(entry).items())
    if sorted(told, key=str) != sorted(pinned, key=str):
        yield wrong("data", "not the sources and the genome of the recipe", told, pinned)
        return
    origins = {data.id: data.origin for data in report.data}
    for source in () if entry.recipe_path is None else entry.recipe().sources:
        beside = any((root / "recipes" / "data" / source.file).is_file() for root in zoo_roots())
        if origins[source.id] == "embedded" and not beside:
            yield wrong("data", "not beside the recipe", source.id, f"recipes/data/{source.file}")
        try:
            # Without addresses, so that nothing is downloaded.
            locate(source.model_copy(update={"url": None, "mirrors": ()}))
        except IntegrityError as error:
            yield error
        except ZooError:
            continue


def _check_environment(
    entry: Entry, report: ReproductionReport, known: RecordedEnvironment | None
) -> Iterator[ZooError]:
    """Yield differences from the environment that is recorded beside the weights."""
    then = Environment({}, {}) if known is None else known.environment
    right = compare_environment(entry, then, known)
    for name, told, one in zip(
        ("software", "hardware"), (report.software, report.hardware), right, strict=True
    ):
        if told.recorded != one.recorded:
            what = "not the one recorded beside the weights"
            yield wrong(f"{name}.recorded", what, told.recorded, one.recorded)
        if bool(told.differences) != (known is not None and told.match is False):
            yield wrong(f"{name}.differences", "do not follow", told.differences, told.match)
    version = then.software.get("zooctl", report.zooctl)
    if report.software.match and report.zooctl != version:
        yield wrong("zooctl", "not the version of that environment", report.zooctl, version)
    if report.run is not None and report.weights.trained is not None:
        yield wrong("run", "of an earlier run, though this one trained", "some", None)
    elif report.run is not None and known is not None and not missing_details(known.machine):
        details = read_details(known.machine)
        if report.run != details:
            yield wrong("run", "not the one recorded beside the weights", report.run, details)


def _check_probe(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield predictions of the probe that its reference predictions rule out."""
    engines = [one.engine for one in report.predictions]
    if engines not in ([], ["onnxruntime"], ["onnxruntime", "torch"]):
        yield wrong("predictions", "not each engine once", engines, ["onnxruntime", "torch"])
    files = {} if entry.folder is None else entry.manifest().files
    if "torch" in engines and f"zoo/{entry.name}/{SAFETENSORS}" not in files:
        yield wrong("predictions", "there are no weights for torch", engines, ["onnxruntime"])
    if not engines:
        return
    try:
        probe = load(verified_bytes(entry, PROBE, may_download=False))
    except ZooError as error:
        yield error
        return
    expected = probe["expected"]
    scale = float(np.abs(expected).max(initial=0.0))
    for one in report.predictions:
        place = f"predictions.{one.engine}"
        if one.n != len(expected):
            yield wrong(place, "not the probe", one.n, len(expected))
        if one.max_abs is not None and (one.scores is None) is ("pairs" in probe):
            yield wrong(f"{place}.scores", "not of the probe's pairs", one.scores, "pairs" in probe)
        if not can_be(Distance(one.max_abs, one.tolerances), scale):
            what = "differences that its numbers cannot have"
            yield wrong(place, what, one.max_abs, one.tolerances)
