"""Run a study: measure its arms, compare them, and write the figures, the page and the picture."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zooctl.errors import InputError, install_hint, is_installed
from zooctl.evaluation.metrics.bootstrap import Estimate
from zooctl.files.disk.atomic import atomic_output, check_output
from zooctl.progress import Say
from zooctl.reproduction.studies.figures import read_figures
from zooctl.reproduction.studies.find import study_names, study_of
from zooctl.reproduction.studies.judge import compare_arms
from zooctl.reproduction.studies.measure import MeasureOptions, measure, train_and_measure
from zooctl.reproduction.studies.page import study_page, table_page
from zooctl.reproduction.studies.record import ArmResult, StudyResult, read_result
from zooctl.schema.study import Arm, FigurePath, Study

TABLE, RUNS = "results.md", "runs"


def run_study(study: Study, folder: Path, options: MeasureOptions) -> StudyResult:
    """Measure the arms of a study and compare them.

    Args:
        study: Claim and test.
        folder: Networks that it trains are kept below ``runs/``; those of an earlier call are
            measured again only if the study has changed.
        options: Machine and displays.
    """
    began, before = time.monotonic(), 0.0
    arms = []
    reports: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for arm in study.arms:
        if arm.value is not None:
            values = [Estimate(arm.value, math.nan, math.nan)]
        elif study.training is None:
            model = arm.model or study.model
            assert model is not None
            key = (model, arm.changes)
            if key not in reports:
                reports[key] = measure(model, study.measure_of(arm), options)
            values = read_figures(reports[key], _figure(study, arm), arm.name)
        else:
            values = []
            for seed in study.training.seeds:
                place = time.monotonic()
                report, minutes = _trained(study, arm, seed, folder, options)
                before += minutes - (time.monotonic() - place) / 60
                values += read_figures(report, _figure(study, arm), arm.name)
        arms.append(ArmResult(arm.name, tuple(values)))
    figures = {arm.name: [one.value for one in arm.values] for arm in arms}
    _check_replicates(study, figures)
    comparisons = tuple(compare_arms(*pair, figures) for pair in study.pairs)
    return StudyResult(
        study.name, tuple(arms), comparisons, (time.monotonic() - began) / 60 + before
    )


def _trained(
    study: Study, arm: Arm, seed: int, folder: Path, options: MeasureOptions
) -> tuple[dict[str, Any], float]:
    assert study.training is not None
    changes = [*study.training.changes, *arm.changes, f"seed={seed}"]
    place = "_".join("".join(c if c.isalnum() else " " for c in arm.name).split())
    run = folder / RUNS / study.name / place / str(seed)
    recipe = arm.recipe or study.training.recipe
    return train_and_measure(recipe, changes, run, study.measure, options)


def _figure(study: Study, arm: Arm) -> FigurePath:
    figure = arm.figure or study.figure
    assert figure is not None
    return figure


def _check_replicates(study: Study, figures: Mapping[str, list[float]]) -> None:
    for pair in study.pairs:
        counts = [len(figures[name]) for name in pair]
        if counts[0] != counts[1]:
            raise InputError(
                "arms have figures of other numbers of replicates",
                field=study.name,
                got=f"{counts[1]} for {pair[1]}",
                expected=f"{counts[0]}, as for {pair[0]}",
            )


def write_study(
    study: Study, result: StudyResult, folder: Path, *, force: bool, say: Say
) -> list[Path]:
    """Write the figures, the page and the picture of a study, and the table of all in the folder.

    Returns:
        The files, the table last.
    """
    picture = None
    if is_installed("matplotlib"):
        picture = folder / f"{study.name}.png"
        _draw(study, result, picture, force)
    else:
        say(f"no picture: matplotlib is not installed ({install_hint('matplotlib')})")
    page = study_page(study, result, None if picture is None else picture.name)
    texts = {f"{study.name}.json": result.to_text(), f"{study.name}.md": page}
    for name, text in texts.items():
        _write(folder / name, text, force)
    _write(folder / TABLE, table_page(results_in(folder, study)), True)
    return [*(folder / name for name in texts), *([picture] if picture else []), folder / TABLE]


def check_files(study: Study, folder: Path, force: bool) -> None:
    """Refuse to begin where a result could not be written.

    Raises:
        InputError: The folder cannot be made, or has a result of the study and ``force`` is not
            given.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("not a folder that can be made", path=folder, got=error.strerror) from None
    for ending in ("json", "md", "png"):
        check_output(folder / f"{study.name}.{ending}", force)


def results_in(folder: Path, own: Study | None = None) -> list[tuple[Study, StudyResult]]:
    """Return the studies that a folder has results of, by name.

    A result of other comparisons than the study makes today is left out.

    Args:
        folder: Folder of results.
        own: A study that need not be of the zoo.
    """
    names = {name for name in study_names() if (folder / f"{name}.json").is_file()}
    studies = {name: study_of(name) for name in names - {own.name if own else None}}
    if own is not None:
        studies[own.name] = own
    found = [
        (study, read_result(folder / f"{name}.json")) for name, study in sorted(studies.items())
    ]
    return [
        (study, result)
        for study, result in found
        if [(one.higher, one.lower) for one in result.comparisons] == study.pairs
    ]


def _write(path: Path, text: str, force: bool) -> None:
    with atomic_output(path, force=force) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _draw(study: Study, result: StudyResult, path: Path, force: bool) -> None:
    from zooctl.interpret.pictures.study_plots import PlottedArm, draw_arms

    arms = []
    for arm in result.arms:
        figure = arm.figure
        known = figure.low == figure.low
        interval = (figure.low, figure.high) if known else None
        replicates = [one.value for one in arm.values]
        arms.append(PlottedArm(arm.name, figure.value, interval, replicates))
    draw_arms(
        path, arms, metric=study.metric, title=f"{study.title}: {result.verdict}", force=force
    )
