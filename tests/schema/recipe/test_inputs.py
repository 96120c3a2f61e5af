"""Inputs beside the sequence: a network is given those that it reads, and no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import toy_inputs

from zooctl.errors import InputError, ManyErrors, ZooError
from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.schema.strict_yaml import dumps

Document = dict[str, Any]


def spoilt(path: Path, spoil: Callable[[Document], object]) -> list[ZooError]:
    document = load_recipe(path).model_dump(mode="json")
    spoil(document)
    path.write_text(dumps(document))
    with pytest.raises(ZooError) as caught:
        load_recipe(path)
    error = caught.value
    errors = list(error.errors) if isinstance(error, ManyErrors) else [error]
    assert all(isinstance(one, InputError) and one.line for one in errors)
    return errors


def put(*path: Any) -> Callable[[Document], object]:
    """Set the value at a path, the last of which is the value."""

    def change(document: Document) -> None:
        *above, last, value = path
        place: Any = document
        for name in above:
            place = place[name]
        place[last] = value

    return change


BPNET = {"key": "bpnet", "filters": 4, "output": "logit"}


@pytest.mark.parametrize(
    ("spoil", "field", "what"),
    [
        (put("network", BPNET), "inputs", "network bpnet reads no signals per base"),
        (put("network", BPNET), "features.names", "other features than the network reads"),
        (put("network", "n_features", 3), "features.names", "other features"),
        (put("samples", 0, "features", [1.0, 2.0]), "samples.0.features", "in the table and here"),
        (put("features", None), "samples.0.features", "other features than the network reads"),
        (put("samples", []), "network.n_features", "there is no sample"),
        (put("samples", 1, "name", "a"), "samples", "two samples have one name"),
        (put("evaluation", {"unseen": {"name": "a"}}), "samples", "two samples have one name"),
        (
            put("evaluation", {"unseen": {"name": "d", "sources": {"genes": "peaks_b"}}}),
            "evaluation.unseen.sources",
            "reads this source",
        ),
        (
            put("evaluation", {"unseen": {"name": "d", "sources": {"open_a": "opne"}}}),
            "evaluation.unseen.sources.open_a",
            "no such",
        ),
        (
            put("samples", 1, "sources", "genes", "peaks_b"),
            "samples.1.sources",
            "reads this source",
        ),
        (put("samples", 1, "sources", "open_a", "opne"), "samples.1.sources.open_a", "no such"),
        (
            put("controls", [{"name": "c", "signal": {"key": "bigwig", "source": "open_a"}}]),
            "controls",
            "reads signals per base, and controls are binned",
        ),
        (
            put("inputs", 0, "signal", {"key": "peaks", "source": "open_a", "ambiguous": "open_b"}),
            "inputs.0.signal.ambiguous",
            "known at every base",
        ),
        (
            put(
                "targets", 0, "signal", {"key": "variant_effect", "source": "genes", "column": "x"}
            ),
            "targets.0.signal.key",
            "does not go with the windows",
        ),
    ],
)
def test_faults_of_samples(
    tmp_path: Path, spoil: Callable[[Document], object], field: str, what: str
) -> None:
    errors = spoilt(toy_inputs.write_cells(tmp_path), spoil)
    assert any(error.field == field and what in error.what for error in errors)


TILING = {"key": "tiling", "stride": 32}


@pytest.mark.parametrize(
    ("spoil", "field", "what"),
    [
        (put("windows", TILING), "windows.key", "windows of variants and network siamese"),
        (put("windows", TILING), "targets.0.signal.key", "does not go with the windows"),
        (put("network", BPNET), "windows.key", "windows of variants and network siamese"),
        (put("window", "bin_size", 16), "window.output_length", "an effect is one bin"),
        (put("augmentation", {"flanking": 50}), "augmentation.flanking", "has no neighbours"),
        (put("samples", [{"name": "a"}]), "samples", "of one sample"),
    ],
)
def test_faults_of_variants(
    tmp_path: Path, spoil: Callable[[Document], object], field: str, what: str
) -> None:
    errors = spoilt(toy_inputs.write_variants(tmp_path), spoil)
    assert any(error.field == field and what in error.what for error in errors)


def test_a_sample_takes_the_place_of_sources_it_names(tmp_path: Path) -> None:
    recipe = load_recipe(toy_inputs.write_cells(tmp_path))
    a, b = recipe.samples
    signals = [recipe.targets[0].signal, recipe.inputs[0].signal]
    assert [in_sample(signal, a) for signal in signals] == signals
    assert [in_sample(signal, b).source for signal in signals] == ["peaks_b", "open_b"]


def test_a_mistyped_source_is_told_the_nearest(tmp_path: Path) -> None:
    mistyped = put("samples", 1, "sources", "open_a", "opn_b")
    found = [e for e in spoilt(toy_inputs.write_cells(tmp_path), mistyped) if e.hint]
    assert [(e.field, e.hint) for e in found] == [
        ("samples.1.sources.open_a", "did you mean 'open_b'?")
    ]
