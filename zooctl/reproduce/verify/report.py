"""A report held against the entry it is about, without trusting a word of it.

What is checked is that the report is whole, is about these very bytes, and that its verdict
follows from its findings by the functions that gave it. That the findings were really made, only
making them again can show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from safetensors.numpy import load

from zooctl.catalog.check import as_verification, check_documents
from zooctl.catalog.data import locate
from zooctl.catalog.encode_portal import STATUSES
from zooctl.catalog.entry import PROBE, SAFETENSORS, Entry
from zooctl.catalog.root import zoo_root
from zooctl.catalog.weights import verified_bytes
from zooctl.errors import IntegrityError, ManyErrors, ZooError
from zooctl.inference.adopt.verify import check_weights
from zooctl.reproduce.environment.commit import has_commit
from zooctl.reproduce.environment.environment import Environment
from zooctl.reproduce.judge.data import pinned_data
from zooctl.reproduce.judge.entry import check_readable, subjects
from zooctl.reproduce.report.equivalence import PEARSON, can_differ
from zooctl.reproduce.report.levels import DEMANDS, Status, exit_code, level_of
from zooctl.reproduce.report.report import Predictions, ReproductionReport
from zooctl.reproduce.verify.again import check_again, wrong
from zooctl.schema.recipe.sources import Source

# A file of a machine, at the beginning of a word: /home/me, ~/zoo, C:\zoo, file:///home.
_PLACE = re.compile(r"(?:^|(?<=[\s\"'(\[{=,;]))(?:file:|~?/\w|~\\|[A-Za-z]:[\\/]\w)")


def check_report(entry: Entry, report: ReproductionReport) -> list[ZooError]:
    """Return everything in a report that does not hold.

    Args:
        entry: What the report is about, as it is here and now.
        report: As read by ``report.from_text``.
    """
    try:
        check_readable(entry)
    except ManyErrors as error:
        return list(error.errors)
    names = [one.id for one in report.criteria]
    if names != list(DEMANDS):
        return [wrong("criteria", "not all criteria, each once", names, list(DEMANDS))]
    statuses: dict[str, Status] = {one.id: one.status for one in report.criteria}
    if changed := list(_bytes(entry, report)):
        return changed  # of other bytes the rest says nothing
    return [
        *_said(entry, report),
        *_data(entry, report, statuses),
        *_environment(entry, report, statuses),
        *_predictions(entry, report, statuses),
        *_documents(entry, statuses),
        *check_again(entry, report, statuses),
        *_verdict(report),
    ]


def _bytes(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
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
    digest = None if entry.folder is None else entry.manifest().tensor_digest
    if report.weights.entry != digest:
        yield wrong("weights.entry", "not the digest in the manifest", report.weights.entry, digest)


def _said(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield what is said of the run and its surroundings and cannot be so."""
    for text in sorted(_texts(report.model_dump(mode="json"))):
        if (place := place_in(text)) is not None:
            yield wrong("report", "names a place of a machine", place, "names of the zoo's files")
    for name, value in report.machine.model_dump(exclude_none=True).items():
        if name == "disk_bytes" and report.weights.trained is None:
            continue  # nothing was written
        if not value or (not isinstance(value, str) and value <= 0):
            yield wrong(f"machine.{name}", "no machine is so", value, "more than nothing")
    commit = report.commit
    if commit.revision is None and commit.changed:
        yield wrong("commit", "files of no commit", commit.changed, None)
    own = entry.root == zoo_root()
    if commit.revision is not None and own and has_commit(entry.root, commit.revision) is False:
        yield wrong("commit.revision", "no commit of this repository", commit.revision, None)
    if (commit.revision is None or commit.changed) and not any(
        text.startswith(str(commit)) for text in report.warnings
    ):
        yield wrong("warnings", "do not say that it was at no commit", None, str(commit))


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


def _data(
    entry: Entry, report: ReproductionReport, statuses: dict[str, Status]
) -> Iterator[ZooError]:
    """Yield data that are not those of the recipe, or are not as B1 has it."""
    told = [(data.id, data.expected) for data in report.data]
    pinned = list(pinned_data(entry).items())
    if sorted(told, key=str) != sorted(pinned, key=str):
        yield wrong("data", "not the sources and the genome of the recipe", told, pinned)
        return
    sources = {} if entry.recipe_path is None else {one.id: one for one in entry.recipe().sources}
    for source in sources.values():
        try:
            # What is here is looked at, and nothing is fetched.
            locate(source.model_copy(update={"url": None, "mirrors": ()}))
        except IntegrityError as error:
            yield error
        except ZooError:
            continue
    if statuses["B1"] != "pass":
        return
    if not sources:
        yield wrong("B1", "passed, though the model has no recipe that names data", "pass", "skip")
    for data in report.data:
        known = sources.get(data.id)
        if data.status != "ok":
            yield wrong("B1", "passed, though data are not right", "pass", data.id)
        elif known is not None and not _is_published(entry, known):
            yield wrong("B1", "passed, though nobody can find the data", "pass", data.id)
        archive = data.archive
        if archive not in (None, *STATUSES) and not archive.startswith("not asked: "):
            yield wrong("B1", "passed, though the archive does not stand by it", archive, STATUSES)


def _is_published(entry: Entry, source: Source) -> bool:
    travels = (entry.root / "recipes" / "data" / source.file).is_file()
    return bool(travels or source.url or source.mirrors or source.accession)


def _environment(
    entry: Entry, report: ReproductionReport, statuses: dict[str, Status]
) -> Iterator[ZooError]:
    """Yield what differs from the environment that is recorded beside the weights."""
    # It reads recorded reports too, which are held by this module.
    from zooctl.reproduce.judge import recorded

    try:
        known = recorded.recorded(entry)
    except ZooError as error:
        yield error
        return
    then = Environment({}, {}) if known is None else known.environment
    right = recorded.compare_environment(entry, then, known)
    for name, told, one in zip(
        ("software", "hardware"), (report.software, report.hardware), right, strict=True
    ):
        if told.recorded != one.recorded:
            what = "not what is recorded beside the weights"
            yield wrong(f"{name}.recorded", what, told.recorded, one.recorded)
        match = None if told.recorded is None else told.recorded == told.found
        if told.match is not match:
            yield wrong(f"{name}.match", "does not follow from the digests", told.match, match)
        if bool(told.differences) != (known is not None and match is False):
            yield wrong(f"{name}.differences", "do not follow", told.differences, match)
    version = then.software.get("zooctl", report.zooctl)
    if report.software.match and report.zooctl != version:
        yield wrong("zooctl", "not the version of that environment", report.zooctl, version)
    if statuses["S1"] == "pass":
        yield from recorded.other_locks(entry, known)
        if known is None and report.coverage != "full":
            yield wrong("S1", "passed, though no lock file is recorded", "pass", "skip")


def _predictions(
    entry: Entry, report: ReproductionReport, statuses: dict[str, Status]
) -> Iterator[ZooError]:
    """Yield predictions of the probe that have another class than their numbers, or are missing."""
    engines = [one.engine for one in report.predictions]
    if engines not in ([], ["onnxruntime"], ["onnxruntime", "torch"]):
        yield wrong("predictions", "not each engine once", engines, ["onnxruntime", "torch"])
    head = f"zoo/{entry.name}/"
    files = {} if entry.folder is None else entry.manifest().files
    if not engines and statuses["B2"] == "pass" and f"{head}{PROBE}" in files:
        yield wrong("predictions", "the probe was not predicted", engines, ["onnxruntime"])
    if "torch" in engines and f"{head}{SAFETENSORS}" not in files:
        yield wrong("predictions", "there are no weights for torch", engines, ["onnxruntime"])
    if not engines:
        return
    try:
        expected = load(verified_bytes(entry, PROBE, may_download=False))["expected"]
    except ZooError as error:
        yield error
        return
    scale = float(np.abs(expected).max(initial=0.0))
    for one in report.predictions:
        if one.n != len(expected):
            yield wrong(f"predictions.{one.engine}", "not the probe", one.n, len(expected))
        if not _may_be(one, scale):
            what = "another class than its numbers have"
            yield wrong(f"predictions.{one.engine}", what, one.equivalence, one.max_abs)
        if one.equivalence == "failed" and statuses["B2"] == "pass":
            yield wrong("B2", "passed, though the probe is not as stored", "pass", one.engine)


def _may_be(one: Predictions, scale: float) -> bool:
    alike = one.equivalence == "failed" or PEARSON <= one.pearson <= 1.000_001
    exact = one.equivalence != "bitwise" or one.max_rel == 0
    return alike and exact and can_differ(one.equivalence, one.max_abs, scale)


def _documents(entry: Entry, statuses: dict[str, Status]) -> Iterator[ZooError]:
    """Yield what does not hold of documents and weights that are said to."""
    if statuses["B3"] == "pass":
        yield from check_documents(entry)
        if entry.recipe_path is None or entry.folder is None:
            yield wrong("B3", "passed, though no recipe is pinned", "pass", "skip")
    if statuses["B2"] == "pass":
        if entry.folder is None:
            yield wrong("B2", "passed, though there are no weights", "pass", "skip")
        else:
            for error in check_weights(entry):
                yield from as_verification(error)


def _verdict(report: ReproductionReport) -> Iterator[ZooError]:
    """Yield what does not follow from the criteria."""
    statuses = {one.id: one.status for one in report.criteria}
    level = level_of(statuses)
    if report.level != level:
        yield wrong("level", "does not follow from the criteria", report.level, level)
    codes = [fault.exit_code for fault in report.faults]
    code = exit_code(statuses, codes, level, report.required)
    if report.exit_code != code:
        yield wrong("exit_code", "does not follow from the criteria", report.exit_code, code)
