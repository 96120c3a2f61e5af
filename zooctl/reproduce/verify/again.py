"""What a report says was made again, held against the entry: stages, figures, pictures, S3, G1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zooctl.catalog.entry import Entry
from zooctl.errors import VerificationError, ZooError
from zooctl.reproduce.environment.machine import run_details
from zooctl.reproduce.judge.entry import Findings, check_details
from zooctl.reproduce.judge.repetition import equivalence_of, judge_repetition, must_agree
from zooctl.reproduce.report import picture_files, pictures
from zooctl.reproduce.report.equivalence import can_differ
from zooctl.reproduce.report.levels import Status
from zooctl.reproduce.report.report import ReproductionReport, StageRecord
from zooctl.reproduce.run.retrain import ENTRY_FILES, FIGURES, PICTURES, RUN, ZOO, Again, figures
from zooctl.schema.manifest import digest_file, picture_paths

_STEPS = ["train", "export", "evaluate"]


def wrong(field: str, what: str, got: object, expected: object) -> VerificationError:
    """Return an error about a field of a report."""
    return VerificationError(what, field=field, got=got, expected=expected)


def check_again(
    entry: Entry, report: ReproductionReport, statuses: Mapping[str, Status]
) -> Iterator[ZooError]:
    """Yield what does not hold of what a report says was trained, or follows from it otherwise.

    Args:
        entry: What the report is about.
        report: As it was written.
        statuses: Of its criteria, all of which are there.
    """
    again: Again | None = None
    if report.weights.trained is None:
        for field in ("stages", "figures", "pictures"):
            if getattr(report, field):
                yield wrong(field, "are there, but no weights were trained", "some", 0)
    elif report.coverage != "full":
        what = f"trained, though this was --mode {report.coverage}"
        yield wrong("weights.trained", what, report.weights.trained, None)
    elif [stage.name for stage in report.stages] != _STEPS:
        steps = [stage.name for stage in report.stages]
        yield wrong("stages", "not the steps of a full run", steps, _STEPS)
        return
    else:
        yield from _stages(entry, report)
        again = _again(entry, report)
        yield from _figures(entry, report, again)
        yield from _pictures(entry, report)
        found = Findings(entry)
        check_details(run_details(report.machine, report.seconds, report.stages), found)
        if statuses["S2"] == "pass" and (right := found.criteria["S2"]).status != "pass":
            yield wrong("S2", f"passed, though {right.evidence}", "pass", right.status)
    yield from _judged(entry, report, again, statuses)


def _again(entry: Entry, report: ReproductionReport) -> Again:
    """Return what was made: whether files came again is seen by what the export wrote."""
    pinned, outputs = entry.manifest().files, report.stages[1].outputs
    head = f"zoo/{entry.name}/"
    files = {
        name: f"{head}{name}" in pinned
        and outputs.get(f"{ZOO}/{head}{name}") == f"sha256:{pinned[f'{head}{name}'].sha256}"
        for name in ENTRY_FILES
    }
    assert report.weights.trained is not None
    return Again(report.weights.trained, files, report.figures, report.pictures)


def _judged(
    entry: Entry, report: ReproductionReport, again: Again | None, statuses: Mapping[str, Status]
) -> Iterator[ZooError]:
    """Yield what the run itself would have judged otherwise from the same parts."""
    found = Findings(entry)
    parts = (report.software, report.hardware)
    judge_repetition(found, report.coverage, again, *parts, report.first_steps)
    for name in ("S3", "G1"):
        right, told = found.criteria[name], statuses[name]
        # That the first steps could not be done leaves nothing but a fault.
        is_failure = name == "S3" and told == "fail" and report.first_steps is None
        if told != right.status and not (is_failure and report.faults and right.status == "skip"):
            what = f"does not follow from what was made again: {right.evidence}"
            yield wrong(name, what, told, right.status)
    if found.faults and not report.faults:
        yield wrong("faults", "none, though one follows", None, found.faults[0].text)
    is_right = equivalence_of(again, list(report.predictions))
    if report.equivalence != is_right:
        what = "does not follow from what was compared"
        yield wrong("equivalence", what, report.equivalence, is_right)
    repeats = report.coverage == "smoke" or (
        again is not None and not again.same_bits and not must_agree(*parts)
    )
    if report.first_steps is not None and not repeats:
        yield wrong("first_steps", "are there, though none were to be repeated", "some", None)


def _stages(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield stages that did not start from this entry, or not from one another."""
    head = f"{ZOO}/zoo/{entry.name}/"
    known = pictures.numbers(picture_files.published(entry), entry.name)
    named = [
        {f"{RUN}/best.safetensors"},
        {f"{head}{file}" for file in (*ENTRY_FILES, "manifest.json")},
        {FIGURES, PICTURES, *(f"{ZOO}/{file}" for file in known)},
    ]
    inputs: dict[str, str | None] = {
        "software": report.software.found,
        "hardware": report.hardware.found,
        "genome": report.stages[0].inputs.get("genome"),
    }
    if entry.recipe_path is not None:
        inputs["recipe"] = f"sha256:{digest_file(entry.recipe_path).sha256}"
        sources = entry.recipe().sources
        inputs |= {f"source {one.id}": f"sha256:{one.sha256}" for one in sources}
    for stage, files in zip(report.stages, named, strict=True):
        if stage.name == "evaluate":
            inputs |= _of_pictures(entry)
        yield from _stage(stage, inputs, files)
        if stage.name == "train":
            inputs |= stage.outputs
        elif stage.name == "export":
            inputs = {name: one for name, one in inputs.items() if not name.startswith(RUN)}
            inputs |= stage.outputs
    weights = report.stages[1].outputs.get(f"{head}model.safetensors")
    pinned = entry.manifest().files.get(f"zoo/{entry.name}/model.safetensors")
    same = pinned is not None and weights == f"sha256:{pinned.sha256}"
    if same and report.weights.trained != report.weights.entry:
        what = "another digest, though the file of weights came again"
        yield wrong("weights.trained", what, report.weights.trained, report.weights.entry)


def _of_pictures(entry: Entry) -> dict[str, str | None]:
    pinned = entry.manifest().files.get(f"zoo/{entry.name}/{picture_files.FILE}")
    return {} if pinned is None else {"pictures": f"sha256:{pinned.sha256}"}


def _stage(
    stage: StageRecord, inputs: dict[str, str | None], files: set[str]
) -> Iterator[ZooError]:
    place = f"stages.{stage.name}"
    for name, digest in inputs.items():
        if (told := stage.inputs.get(name)) is None or told != digest:
            yield wrong(f"{place}.inputs", f"another {name} than this entry's", told, digest)
    if left_out := files - set(stage.outputs):
        yield wrong(f"{place}.outputs", "not all that it writes", None, ", ".join(sorted(left_out)))
    if stage.seconds <= 0:
        yield wrong(f"{place}.seconds", "no step takes so long", stage.seconds, "more than 0")


def _figures(entry: Entry, report: ReproductionReport, again: Again) -> Iterator[ZooError]:
    """Yield figures that are not the card's, or are called more alike than they are."""
    card = entry.card()
    metrics: list[dict[str, float | None]] = [{} for _ in card.metrics]
    found: dict[str, Any] = {"metrics": metrics, "robustness": None}
    for one in report.figures:
        head, _, field = one.field.rpartition(".")
        index = head.removeprefix("metrics.")
        if one.field == "robustness":
            found["robustness"] = one.got
        elif index.isdecimal() and int(index) < len(metrics):
            metrics[int(index)][field] = one.got
    retrained = report.weights.trained != report.weights.entry
    right = figures(card, found, retrained)
    names = ([one.field for one in again.figures], [one.field for one in right])
    if names[0] != names[1]:
        yield wrong("figures", "not those of the card", *names)
        return
    for told, made in zip(again.figures, right, strict=True):
        if (told.name, told.card) != (made.name, made.card):
            yield wrong(told.field, "not the card's figure", told.card, made.card)
        elif told.equivalence != made.equivalence:
            what = "another class than its numbers have"
            yield wrong(told.field, what, told.equivalence, made.equivalence)


def _pictures(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield what is not said of the card's pictures as it must be."""
    known = pictures.numbers(picture_files.published(entry), entry.name)
    paths = [path for path in picture_paths(entry.name) if entry.path(path) in entry.pictures()]
    told = [one.file for one in report.pictures]
    if told != paths:
        yield wrong("pictures", "not those of the card", told, paths)
        return
    outputs = report.stages[2].outputs
    same_numbers = outputs.get(PICTURES) == _of_pictures(entry).get("pictures")
    retrained = report.weights.trained != report.weights.entry
    for one in report.pictures:
        values = known.get(one.file, np.empty(0))
        if one.n != len(values):
            yield wrong(one.file, "not as many numbers as it shows", one.n, len(values))
        scale = float(np.nan_to_num(np.abs(values)).max(initial=0.0))
        if one.n == 0:
            is_right = one.equivalence is None and one.max_abs is None
        elif one.equivalence is None:
            is_right = retrained and one.max_abs != 0 and not same_numbers
        else:
            is_right = can_differ(one.equivalence, one.max_abs, scale)
            is_right &= one.equivalence == "bitwise" or not (retrained or same_numbers)
        if not is_right:
            what = "another class than its numbers have"
            yield wrong(one.file, what, one.equivalence, one.max_abs)
        drawn = outputs.get(f"{ZOO}/{one.file}")
        same = drawn == f"sha256:{digest_file(entry.path(one.file)).sha256}"
        if one.n and one.same_file != same:
            yield wrong(one.file, "not the bytes that were drawn", one.same_file, same)
