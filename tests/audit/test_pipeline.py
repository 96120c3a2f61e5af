"""The account of a pipeline against the code that runs and against the recipe's schema."""

from __future__ import annotations

import fnmatch
import itertools
import pkgutil
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import toy_audit
import toy_files
import toy_inputs
import toy_training
from pydantic import BaseModel

from zooctl.audit.pipeline import STAGES, pipeline_steps
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.training.data.prepare import open_dataset
from zooctl.training.data.windows import select_windows
from zooctl.training.loop.fit import fit

# Recipe fields that transform no example: names, lengths, the way of computing.
NOT_STEPS = {
    "name",
    "sources.id",
    *(f"sources.{name}" for name in ("accession", "md5", "licence", "citation", "assembly")),
    *(f"sources.{name}" for name in ("assay", "target", "biosample", "output_type", "batch")),
    "genome.assembly",
    "window.*",
    "unknown_base",
    "targets.track",
    "controls.name",
    "inputs.name",
    "samples.name",
    "seed",
    "threads",
    "portable",
    "precision",
    "loggers",
    "unknown",
}
# Parts of a recipe that one stage takes whole.
WHOLE = {"network", "loss", "evaluation"}


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models(argument)


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all fields that hold no other model."""
    for name, field in model.model_fields.items():
        inner = [] if prefix + name in WHOLE else list(dict.fromkeys(models(field.annotation)))
        for one in inner:
            yield from leaves(one, f"{prefix}{name}.")
        if not inner:
            yield prefix + name


FIELDS = sorted(set(leaves(Recipe)))
CLAIMED = {pattern for stage in STAGES.values() for pattern in stage.fields}


def test_every_field_of_a_recipe_is_in_a_stage_or_transforms_nothing() -> None:
    def matches(field: str, patterns: set[str]) -> bool:
        return any(fnmatch.fnmatchcase(field, pattern) for pattern in patterns)

    assert [field for field in FIELDS if not matches(field, CLAIMED | NOT_STEPS)] == []
    assert [
        field for field in FIELDS if matches(field, CLAIMED) and matches(field, NOT_STEPS)
    ] == []
    for pattern in CLAIMED | NOT_STEPS:
        assert fnmatch.filter(FIELDS, pattern), f"no such field: {pattern}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_of_a_stage_exists(stage: str) -> None:
    for name in STAGES[stage].functions:
        assert callable(pkgutil.resolve_name(name)), name


def test_every_stage_is_a_step_of_some_recipe(tmp_path: Path) -> None:
    gc = {
        "key": "coverage_threshold",
        "threshold": 8,
        "stride": 32,
        "negatives": 1.0,
        "matching": "gc",
    }
    peaks = {"key": "peak_centred", "sources": ["signal"], "negatives": 1.0}
    drawn = {"key": "reads", "source": "signal", "depth": 9}
    sources = [
        toy_audit.source("signal", assembly="hg38", lift="chain"),
        toy_audit.source("chain", assembly="hg38"),
        toy_audit.source("blacklist"),
    ]
    recipes = [
        toy_audit.recipe(windows=gc, init_from={"model": "other"}),
        toy_audit.recipe(windows=peaks),
        toy_audit.recipe(
            sources=sources,
            targets=[{"track": "toy", "signal": drawn}],
            exclude={"regions": ["blacklist"]},
        ),
        toy_audit.recipe(
            windows=gc | {"blank": {"start": 3, "end": 9}},
            validation_windows={"negatives": 1.0},
            motif_filters={"source": "blacklist"},
            targets=[{"track": name, "signal": drawn} for name in ("one", "two")],
            normalisation={"key": "scale_factors"},
            feature_models={"learners": ["logistic"], "resample": "smote"},
            sources=sources,
        ),
        load_recipe(toy_inputs.write_cells(folder(tmp_path / "cells"))),
        load_recipe(toy_inputs.write_variants(folder(tmp_path / "variants"))),
    ]
    found = {step.stage for recipe in recipes for step in pipeline_steps(recipe)}
    assert found == STAGES.keys()


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def trace(run: Callable[[], object]) -> tuple[dict[str, int], dict[str, int]]:
    """Return when each function of zooctl was first called, and when it first returned."""
    times: dict[str, dict[str, int]] = {"call": {}, "return": {}}
    clock = itertools.count()

    def record(frame: FrameType, event: str, argument: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event in times and module.startswith("zooctl."):
            name = f"{module}.{frame.f_code.co_qualname}"
            times[event].setdefault(name, next(clock))

    sys.setprofile(record)
    try:
        run()
    finally:
        sys.setprofile(None)
    return times["call"], times["return"]


@pytest.mark.parametrize(
    ("write", "changes"),
    [
        (toy_files.write, {}),
        (
            toy_files.write,
            {
                "windows": {
                    "key": "coverage_threshold",
                    "threshold": 8,
                    "stride": 32,
                    "negatives": 1.0,
                    "matching": "gc",
                }
            },
        ),
        (toy_inputs.write_cells, {}),
        (toy_inputs.write_variants, {}),
    ],
    ids=["coverage", "matched", "cells", "variants"],
)
def test_the_steps_of_a_recipe_run_in_their_order(
    write: Callable[[Path], Any],
    changes: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZOOCTL_DATA_MIRROR", str(tmp_path))
    written = write(tmp_path)
    path, fasta = written if isinstance(written, tuple) else (written, tmp_path / "toy.fa")
    recipe = load_recipe(path)
    schedule = recipe.schedule.model_copy(update={"max_epochs": 1})
    recipe = Recipe.model_validate(
        recipe.model_dump() | changes | {"schedule": schedule.model_dump()}
    )

    def train() -> None:
        dataset = open_dataset(recipe, fasta)
        fit(
            recipe,
            dataset,
            select_windows(recipe, dataset),
            tmp_path / "run",
            device="cpu",
            say=lambda text: None,
            advance=lambda done: None,
        )

    called, returned = trace(train)
    steps = {step.name: step for step in pipeline_steps(recipe)}
    for step in steps.values():
        if step.kind == "judged":
            continue
        for name in STAGES[step.stage].functions:
            assert name in called, f"{step.name}: {name} does not run"
        for before in step.after:
            earlier = STAGES[steps[before].stage].functions
            own = STAGES[step.stage].functions
            if earlier and own:
                begins, ends = called[earlier[0]], returned[own[-1]]
                assert begins < ends, f"{step.name} ends before {before} begins"
    # The account leaves out no stage that runs.
    stages = {step.stage for step in steps.values()}
    for name in ("draw_reads", "merge_centres", "gc_strata", "draw_matched", "variants"):
        if name not in stages:
            assert not called.keys() & set(STAGES[name].functions), name


def test_variants_start_at_no_mean(tmp_path: Path) -> None:
    names = [one.name for one in pipeline_steps(load_recipe(toy_inputs.write_variants(tmp_path)))]
    assert "start the output at the mean" not in names
    assert "start the output at the mean" in [
        step.name for step in pipeline_steps(toy_training.recipe())
    ]
