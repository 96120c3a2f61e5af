"""Regions to evaluate a model on, to fit its baselines on, and regions that are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zooctl.catalog.registry import entry
from zooctl.errors import InputError
from zooctl.evaluation.heldout.model import open_model
from zooctl.evaluation.heldout.open_target import open_target
from zooctl.evaluation.heldout.target import EvaluationTarget
from zooctl.schema.fields import Region, Split
from zooctl.schema.recipe.evaluation import Rules
from zooctl.schema.recipe.recipe import load_recipe
from zooctl.sequence.windows import Geometry


@pytest.fixture
def target(toy_zoo: Path) -> EvaluationTarget:
    """The toy, of which nobody says what it was trained on, and data split by chromosomes."""
    recipe = load_recipe(toy_zoo / "recipes/toy.yaml")
    regions = {part: (Region(chrom=chrom),) for part, chrom in PARTS.items()}
    recipe = recipe.model_copy(update={"split": Split(**regions)})
    model = open_model(entry("toy"), [0], "cpu")
    return EvaluationTarget("toy", model, (), "hg19", None, recipe, "toy", None)


PARTS = {"train": "chr1", "validation": "chr2", "test": "chr3"}


def test_the_recipe_says_what_is_held_out(target: EvaluationTarget) -> None:
    split = target.split([])
    assert [str(region) for region in split.test] == ["chr3"]


@pytest.mark.parametrize(
    ("region", "train", "validation"),
    [
        ("chr4", ["chr1"], ["chr2"]),
        ("chr1:5-9", [], ["chr2"]),
        ("chr2:5-9", ["chr1"], []),
    ],
)
def test_baselines_are_not_fitted_on_evaluated_regions(
    target: EvaluationTarget, region: str, train: list[str], validation: list[str]
) -> None:
    split = target.split([region])
    assert [str(part) for part in split.test] == [region]
    assert [str(part) for part in split.train] == train
    assert [str(part) for part in split.validation] == validation


@pytest.mark.parametrize(
    ("regions", "evaluated"),
    [
        (["chr4:1-100", "chr4:51-150"], ["chr4:1-150"]),
        (["chr4:51-150", "chr5", "chr4:51-150", "chr4:1-50"], ["chr4:1-150", "chr5"]),
        (["chr4:1-100", "chr4", "chr4:201-300"], ["chr4"]),
        (["chr4:1-100", "chr4:201-300"], ["chr4:1-100", "chr4:201-300"]),
    ],
)
def test_regions_that_overlap_are_one(
    target: EvaluationTarget, regions: list[str], evaluated: list[str]
) -> None:
    assert [str(region) for region in target.split(regions).test] == evaluated


@pytest.mark.parametrize("region", ["", "chr 4", "chr4\n"])
def test_an_invalid_region_is_refused(target: EvaluationTarget, region: str) -> None:
    with pytest.raises(InputError, match="not a region") as caught:
        target.split([region])
    assert caught.value.field == "--region"


def test_regions_that_a_model_was_chosen_on_are_refused(target: EvaluationTarget) -> None:
    recipe = target.recipe
    assert recipe is not None
    seen = EvaluationTarget(
        "toy", target.model, (), "hg19", recipe.split, recipe, target.data_name, target.entry
    )
    with pytest.raises(InputError, match="trained or chosen on a region"):
        seen.split(["chr2:5-9"])


def test_chromosomes_are_known_in_another_assembly(target: EvaluationTarget) -> None:
    recipe = target.recipe
    assert recipe is not None
    near = Split(train=(), validation=(Region(chrom="chr3", start=0, end=9),), test=())
    seen = replace(target, trained_on=near)
    with pytest.raises(InputError, match="trained or chosen on a region"):
        seen.split([])
    assert seen.split(["chr3:10-20"]).test == (Region(chrom="chr3", start=9, end=20),)
    # Positions differ between assemblies, chromosomes do not.
    lifted = replace(seen, assembly="hg38")
    assert lifted.data_assembly == "hg19"
    with pytest.raises(InputError, match="it has seen chr3 of hg38"):
        lifted.split(["chr3:10-20"])
    assert lifted.split(["chr4"]).test == (Region(chrom="chr4"),)


def test_another_assembly_is_said(target: EvaluationTarget) -> None:
    for assembly, expected in (
        ("hg19", []),
        ("mm10", ["toy is a model of mm10; it is judged on hg19"]),
    ):
        said: list[str] = []
        # Nothing is opened before a block begins.
        replace(target, assembly=assembly).open_data([], [], None, said.append)
        assert said == expected


def test_the_decision_threshold_is_that_of_the_models_own_recipe(toy_zoo: Path) -> None:
    recipe = toy_zoo / "recipes/toy.yaml"
    for name, decision in (("toy", 0.25), ("other", 16)):
        text = recipe.read_text().split("evaluation:")[0].replace("name: toy", f"name: {name}")
        rules = f"evaluation: {{bin_size: 64, decision: {decision}}}\n"
        (toy_zoo / f"recipes/{name}.yaml").write_text(text + rules)
    card = (toy_zoo / "model_cards/toy.yaml").read_text()
    (toy_zoo / "model_cards/other.yaml").write_text(card.replace("name: toy\n", "name: other\n"))
    for data in (None, "toy", "other"):
        rules = open_target("toy", [], data, fasta=None, device="cpu", threads=1).rules
        assert (rules.bin_size, rules.decision) == (64, 0.25)


@pytest.mark.parametrize(("own", "expected"), [(32, 512), (1, 512), (200, 600), (1_000, 1_000)])
def test_bins_without_a_recipe_are_whole_bins_of_the_model(
    target: EvaluationTarget, own: int, expected: int
) -> None:
    geometry = Geometry(own * 5, own * 3, own, own)
    model = replace(target.model, geometry=geometry)
    rules = replace(target, recipe=None, model=model).rules
    assert rules == Rules().model_copy(update={"bin_size": expected})


def test_tracks_that_are_not_evaluated_are_known(toy_zoo: Path) -> None:
    found = open_target("toy", ["minus"], None, fasta=None, device="cpu", threads=1)
    assert [track.name for track in found.tracks] == ["minus"]
    assert [track.name for track in found.other_tracks] == ["plus"]
