"""Weights that had seen the test, and cell types that share it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import toy_audit as toy

from zooctl.audit.checks.ancestry import cross_cell, pretraining
from zooctl.audit.findings import Outcome
from zooctl.audit.inputs import AuditInputs
from zooctl.schema.recipe.recipe import Recipe
from zooctl.schema.strict_yaml import dumps

SHARED = {
    "train": [toy.region("chr1", 0, 2_000)],
    "validation": ["chr2"],
    "test": [toy.region("chr1", 2_000, 4_000)],
}


def run_of(folder: Path, chosen: Recipe) -> dict[str, Any]:
    """A run's folder; return how a recipe begins with its weights."""
    folder.mkdir()
    (folder / "recipe.yaml").write_text(dumps(chosen.model_dump(mode="json")))
    return {"init_from": {"file": str(folder / "best.safetensors"), "sha256": "0" * 64}}


def on(train: str, validation: str, test: str, **changes: Any) -> Recipe:
    parts = {"train": [train], "validation": [validation], "test": [test]}
    return toy.recipe(split=parts, **changes)


def judged(chosen: Recipe) -> Outcome:
    return pretraining(AuditInputs(chosen))


def test_weights_that_begin_at_random() -> None:
    assert judged(toy.recipe()).level == "none to check"


def test_weights_that_were_trained_on_the_test(tmp_path: Path) -> None:
    begin = run_of(tmp_path / "run", on("chr3", "chr4", "chr5"))
    found = judged(on("chr1", "chr2", "chr3", **begin))
    assert found.level == "severe"
    assert "test chr3 is in train chr3 of" in found.summary


def test_weights_that_were_chosen_by_the_test(tmp_path: Path) -> None:
    begin = run_of(tmp_path / "run", on("chr4", "chr3", "chr5"))
    assert judged(on("chr1", "chr2", "chr3", **begin)).level == "severe"


def test_a_chain_is_followed_to_its_end(tmp_path: Path) -> None:
    first = run_of(tmp_path / "first", on("chr3", "chr4", "chr5"))
    second = run_of(tmp_path / "second", on("chr6", "chr7", "chr8", **first))
    found = judged(on("chr1", "chr2", "chr3", **second))
    assert found.level == "severe"
    assert found.evidence["ancestors"] == [
        str(tmp_path / name / "best.safetensors") for name in ("second", "first")
    ]


def test_weights_that_saw_validation_alone(tmp_path: Path) -> None:
    begin = run_of(tmp_path / "run", on("chr2", "chr4", "chr5"))
    assert judged(on("chr1", "chr2", "chr3", **begin)).level == "warning"


def test_the_same_cell_type_is_noted(tmp_path: Path) -> None:
    begin = run_of(tmp_path / "run", on("chr1", "chr2", "chr3"))
    found = judged(on("chr1", "chr4", "chr3", **begin))
    assert found.level == "note"
    assert "was trained on cell too: the test says nothing of a new cell type" in found.summary


def test_weights_apart(tmp_path: Path) -> None:
    other = [toy.source("signal", biosample="other")]
    begin = run_of(tmp_path / "run", on("chr1", "chr2", "chr3", sources=other))
    assert judged(on("chr1", "chr4", "chr3", **begin)).level == "clear"


def test_weights_that_nobody_knows(tmp_path: Path) -> None:
    begin = {"init_from": {"file": str(tmp_path / "x.safetensors"), "sha256": "0" * 64}}
    found = judged(toy.recipe(**begin))
    assert found.level == "not run"
    assert "nobody says on which regions" in found.summary


@pytest.fixture
def parent(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with the model ``toy``, trained on chr20 of hg19 and tested on chr21."""
    root = tmp_path / "zoo"
    shutil.copytree(repo / "tests/data/toy_zoo", root)
    monkeypatch.setenv("ZOOCTL_ZOO", str(root))
    return root


@pytest.mark.parametrize("with_recipe", [True, False])
def test_a_model_of_the_zoo(parent: Path, with_recipe: bool) -> None:
    """By its recipe; by its card where it has none."""
    if not with_recipe:
        (parent / "recipes/toy.yaml").unlink()
    hg19 = {"sources": [toy.source("signal", assembly="hg19")], "genome": {"assembly": "hg19"}}
    parts = {
        "train": ["chr1"],
        "validation": ["chr2"],
        "test": [toy.region("chr20", 60_000_000, 61_000_000)],
    }
    found = judged(toy.recipe(name="child", split=parts, init_from="toy", **hg19))
    assert found.level == "severe"
    assert "test chr20:60,000,001-61,000,000 is in validation chr20:53,000,001" in found.summary
    parts["test"] = ["chr21"]
    clean = judged(toy.recipe(name="child", split=parts, init_from="toy", **hg19))
    assert clean.level == "clear"


def test_another_assembly_is_held_against_by_chromosome(parent: Path) -> None:
    parts = {"train": ["chr1"], "validation": ["chr2"], "test": ["chr20"]}
    found = judged(toy.recipe(name="child", split=parts, init_from="toy"))
    assert "chr20 is in train chr20:1-53,000,000 of hg19 of toy" in found.summary


def two_cells(**changes: Any) -> Recipe:
    sources = [toy.source("a", biosample="A"), toy.source("b", biosample="B")]
    targets = [{"track": name, "signal": {"key": "bigwig", "source": name}} for name in ("a", "b")]
    return toy.recipe(sources=sources, targets=targets, **changes)


def test_two_cell_types_on_one_chromosome() -> None:
    found = cross_cell(AuditInputs(two_cells(split=SHARED)))
    assert found.level == "warning"
    assert "2 biosamples are trained and tested on chr1" in found.summary


def test_two_cell_types_on_chromosomes_apart() -> None:
    assert cross_cell(AuditInputs(two_cells())).level == "clear"
    assert cross_cell(AuditInputs(toy.recipe(split=SHARED))).level == "none to check"


def test_earlier_training_on_the_test_in_another_cell_type(tmp_path: Path) -> None:
    other = [toy.source("signal", biosample="other")]
    begin = run_of(tmp_path / "run", on("chr3", "chr4", "chr5", sources=other))
    found = cross_cell(AuditInputs(on("chr1", "chr2", "chr3", **begin)))
    assert found.level == "severe"
    assert "was trained there on other" in found.summary
    elsewhere = on("chr1", "chr2", "chr6", **begin)
    assert cross_cell(AuditInputs(elsewhere)).level == "clear"
