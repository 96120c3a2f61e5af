"""Signals, windows and exclusions of a recipe: what is taken, and what disagrees."""

from __future__ import annotations

from typing import Any

import pytest
import toy_training as toy

from zooctl.schema.fields import Problem
from zooctl.schema.recipe.recipe import Recipe

LABELS = {"key": "peaks", "source": "signal"}
FIXED = {"input_length": 64, "output_length": 8, "bin_size": 8, "core_length": 8}


def source(name: str, **changes: Any) -> dict[str, Any]:
    pinned = toy.recipe().source("signal").model_dump()
    return {**pinned, "id": name, **changes}


def problems(**changes: Any) -> list[tuple[str, str]]:
    """Field and text of all that disagrees."""
    try:
        toy.recipe(**changes)
    except ValueError as error:
        found: list[Problem] = []
        for one in error.errors():  # type: ignore[attr-defined]
            found += one.get("ctx", {}).get("problems", [Problem(str(one["loc"]), one["msg"])])
        return [(problem.field, problem.what) for problem in found]
    return []


@pytest.mark.parametrize(
    "signal",
    [
        {"key": "bigwig", "source": "signal", "statistic": "sum", "transform": "arcsinh"},
        {"key": "reads", "source": "signal", "extend": 180, "depth": 1_000_000},
        {"key": "fragments", "source": "signal", "count": "cut_sites"},
        {**LABELS, "min_overlap": 0.25, "ambiguous": "signal"},
        {"key": "peak_values", "source": "signal", "transform": "log1p"},
    ],
)
def test_every_signal_is_taken(signal: dict[str, Any]) -> None:
    recipe = toy.recipe(targets=[{"track": "toy", "signal": signal}])
    assert recipe.targets[0].signal.model_dump() == {
        **recipe.targets[0].signal.model_dump(),
        **signal,
    }


@pytest.mark.parametrize(
    "windows",
    [
        {"key": "peak_centred", "sources": ["signal"], "centre": "summit", "negatives": 1.0},
        {"key": "tiling", "stride": 32},
        {"key": "coverage_threshold", "threshold": 1.0, "stride": 8, "negatives": 1.0,
         "matching": "gc"},
    ],
)  # fmt: skip
def test_every_kind_of_window_is_taken(windows: dict[str, Any]) -> None:
    assert toy.recipe(windows=windows).windows.key == windows["key"]


@pytest.mark.parametrize(
    ("signal", "where"),
    [
        ({**LABELS, "min_overlap": 0.0}, "min_overlap"),
        ({**LABELS, "min_overlap": 1.5}, "min_overlap"),
        ({**LABELS, "transform": "log1p"}, "transform"),
        ({"key": "reads", "source": "signal", "extend": 0}, "extend"),
        ({"key": "reads", "source": "signal", "depth": 1.5}, "depth"),
        ({"key": "fragments", "source": "signal", "count": "tn5"}, "count"),
        ({"key": "bigwig", "source": "signal", "transform": "sqrt"}, "transform"),
        ({"key": "bigwig", "source": "signal", "statistic": "max"}, "statistic"),
    ],
)
def test_bad_values_of_signals(signal: dict[str, Any], where: str) -> None:
    found = problems(targets=[{"track": "toy", "signal": signal}])
    assert any(where in field for field, _ in found)


def test_transforms_are_one() -> None:
    targets = [
        {"track": "a", "signal": {"key": "bigwig", "source": "signal", "transform": "log1p"}},
        {"track": "b", "signal": {"key": "bigwig", "source": "signal"}},
    ]
    assert problems(targets=targets) == [("targets", "targets differ in their transform")]


def test_fixed_bins_need_labels_and_one_bin() -> None:
    windows = {"key": "fixed_bins", "negatives": 1.0}
    assert problems(windows=windows) == [
        ("targets.0.signal.key", "fixed bins need labels"),
        ("window.output_length", "fixed bins are one to a window"),
    ]
    targets = [{"track": "toy", "signal": LABELS}]
    recipe = toy.recipe(windows=windows, targets=targets, window=FIXED)
    assert recipe.windows.model_dump()["stride"] == 50


def test_every_named_source_must_be_there() -> None:
    found = problems(
        targets=[{"track": "toy", "signal": {**LABELS, "ambiguous": "weak"}}],
        windows={"key": "peak_centred", "sources": ["all", "all"], "negatives": 1.0},
    )
    assert found == [("sources", "source is named twice")]
    found = problems(
        targets=[{"track": "toy", "signal": {**LABELS, "ambiguous": "weak"}}],
        windows={"key": "peak_centred", "sources": ["all"], "negatives": 1.0},
        exclude={
            "regions": ["bad"],
            "mappability": {"source": "map", "min_value": 0.5, "max_unmappable": 0.5},
        },
    )
    assert found == [
        (field, "no such source")
        for field in (
            "targets.0.signal.ambiguous",
            "windows.sources.0",
            "exclude.regions.0",
            "exclude.mappability.source",
        )
    ]


def lifted(signal: dict[str, Any], peaks: dict[str, Any], chain: dict[str, Any]) -> Any:
    unknown = {"sources.*.accession": "made up", "sources.*.url": "made up"}
    sources = [source("signal"), source("input"), source("p", **peaks), source("c", **chain)]
    return {
        "sources": sources,
        "targets": [{"track": "toy", "signal": signal}],
        "exclude": {"regions": ["signal"]},
        "unknown": unknown,
    }


OLD = {"assembly": "older"}
LIFTED = {"key": "peaks", "source": "p"}


def test_a_source_of_another_assembly_is_lifted() -> None:
    recipe = Recipe.model_validate(
        toy.recipe().model_dump() | lifted(LIFTED, {**OLD, "lift": "c"}, OLD)
    )
    assert recipe.source("p").lift == "c"


@pytest.mark.parametrize(
    ("signal", "peaks", "chain", "field", "what"),
    [
        (LIFTED, {"lift": "c"}, {}, "sources.2.lift", "on the genome's assembly already"),
        (LIFTED, {**OLD, "lift": "c"}, {}, "sources.3.assembly", "does not begin at"),
        (LIFTED, OLD, OLD, "sources.2.assembly", "source lies on another assembly"),
        ({"key": "bigwig", "source": "p"}, {**OLD, "lift": "c"}, OLD,
         "targets.0.signal.source", "a bigWig cannot be lifted"),
        (LIFTED, {**OLD, "lift": "d"}, OLD, "sources.2.lift", "no such source"),
    ],
)  # fmt: skip
def test_faults_of_lifting(
    signal: dict[str, Any], peaks: dict[str, Any], chain: dict[str, Any], field: str, what: str
) -> None:
    found = problems(**lifted(signal, peaks, chain))
    assert any(at == field and what in text for at, text in found), found
