"""Stages and pictures of a full run compared with the entry: digests in and out, differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zooctl.catalog.entry import SAFETENSORS, Entry
from zooctl.errors import VerificationError, ZooError
from zooctl.reproduction.judge.retraining import retraining_of
from zooctl.reproduction.report import picture_files, pictures
from zooctl.reproduction.report.equivalence import Distance, can_be
from zooctl.reproduction.report.report import ReproductionReport
from zooctl.reproduction.report.rows import StageRecord
from zooctl.reproduction.run.retrain import (
    PICTURES,
    ZOO,
    entry_inputs,
    picture_inputs,
    stage_outputs,
)


def wrong(field: str, what: str, got: object, expected: object) -> VerificationError:
    """Return an error about a field of a report."""
    return VerificationError(what, field=field, got=got, expected=expected)


def check_coverage(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield parts that a run of this mode does not have, or lacks."""
    steps = [stage.name for stage in report.stages]
    if report.weights.trained is None:
        for field in ("stages", "figures", "pictures"):
            if getattr(report, field):
                yield wrong(field, "are there, but no weights were trained", "some", 0)
    elif report.coverage != "full":
        what = f"trained, though this was --mode {report.coverage}"
        yield wrong("weights.trained", what, report.weights.trained, None)
    elif entry.recipe_path is None or entry.folder is None:
        what = "trained, though the entry has no recipe or no weights"
        yield wrong("weights.trained", what, report.weights.trained, None)
    elif steps != (expected := list(stage_outputs(entry))):
        yield wrong("stages", "not the steps of a full run", steps, expected)
    retraining = retraining_of(entry, report)
    repeats = report.coverage == "smoke" or (
        retraining is not None and not retraining.same_bits and not retraining.same_environment
    )
    if report.first_steps is not None and not repeats:
        yield wrong("first_steps", "are there, though none were to be repeated", "some", None)


def check_stages(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield stages of a full run that did not start from this entry, or not from one another."""
    if report.weights.trained is None:
        return
    train, export, evaluate = report.stages
    inputs = entry_inputs(entry, report.software.found, report.hardware.found)
    inputs["genome"] = train.inputs.get("genome", "")
    outputs = stage_outputs(entry)
    yield from _stage(train, inputs, outputs)
    yield from _stage(export, inputs | train.outputs, outputs)
    yield from _stage(evaluate, inputs | export.outputs | picture_inputs(entry), outputs)
    path = f"zoo/{entry.name}/{SAFETENSORS}"
    pinned = entry.manifest().files.get(path)
    same = pinned is not None and export.outputs.get(f"{ZOO}/{path}") == f"sha256:{pinned.sha256}"
    if same and report.weights.trained != report.weights.entry:
        what = "another digest, though the file of weights has the same bytes"
        yield wrong("weights.trained", what, report.weights.trained, report.weights.entry)


def _stage(
    stage: StageRecord, inputs: dict[str, str], outputs: dict[str, list[str]]
) -> Iterator[ZooError]:
    place = f"stages.{stage.name}"
    for name, digest in inputs.items():
        if (told := stage.inputs.get(name)) != digest:
            yield wrong(f"{place}.inputs", f"another {name} than this entry's", told, digest)
    if left_out := set(outputs[stage.name]) - set(stage.outputs):
        yield wrong(f"{place}.outputs", "not all that it writes", None, ", ".join(sorted(left_out)))
    if stage.seconds <= 0:
        yield wrong(f"{place}.seconds", "no step takes so long", stage.seconds, "more than 0")


def check_pictures(entry: Entry, report: ReproductionReport) -> Iterator[ZooError]:
    """Yield differences of pictures that their published numbers cannot have."""
    if report.weights.trained is None:
        return
    known = pictures.numbers(picture_files.published(entry), entry.name)
    found = report.stages[-1].outputs.get(PICTURES)
    same_numbers = found == picture_inputs(entry).get("pictures", "")
    for one in report.pictures:
        values = known.get(one.file, np.empty(0))
        scale = float(np.nan_to_num(np.abs(values)).max(initial=0.0))
        apart = Distance(one.max_abs, one.tolerances)
        if not can_be(apart, scale) or (one.n and same_numbers and one.tolerances != 0):
            what = "differences that its numbers cannot have"
            yield wrong(one.file, what, one.max_abs, one.tolerances)
