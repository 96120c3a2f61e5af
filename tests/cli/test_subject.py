"""Which regions a model is judged on, and which its baselines may be fitted on and chosen by."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.catalog.fields import Region, Split
from zooctl.catalog.recipe import load_recipe
from zooctl.catalog.registry import entry
from zooctl.cli.subject import Subject
from zooctl.errors import InputError
from zooctl.evaluation.heldout import open_network


@pytest.fixture
def subject(toy_zoo: Path) -> Subject:
    """The toy, of which nobody says what it was trained on, and data split by chromosomes."""
    recipe = load_recipe(toy_zoo / "recipes/toy.yaml")
    regions = {part: (Region(chrom=chrom),) for part, chrom in PARTS.items()}
    recipe = recipe.model_copy(update={"split": Split(**regions)})
    network = open_network(entry("toy"), [0], "cpu")
    return Subject("toy", network, (), "hg19", None, recipe, "toy", None)


PARTS = {"train": "chr1", "validation": "chr2", "test": "chr3"}


def test_the_recipe_says_what_is_held_out(subject: Subject) -> None:
    split = subject.split([])
    assert [str(region) for region in split.test] == ["chr3"]


@pytest.mark.parametrize(
    ("region", "train", "validation"),
    [
        ("chr4", ["chr1"], ["chr2"]),
        ("chr1:5-9", [], ["chr2"]),
        ("chr2:5-9", ["chr1"], []),
    ],
)
def test_baselines_see_nothing_of_regions_that_are_judged(
    subject: Subject, region: str, train: list[str], validation: list[str]
) -> None:
    split = subject.split([region])
    assert [str(part) for part in split.test] == [region]
    assert [str(part) for part in split.train] == train
    assert [str(part) for part in split.validation] == validation


def test_what_a_model_was_chosen_on_is_not_judged(subject: Subject) -> None:
    recipe = subject.recipe
    assert recipe is not None
    seen = Subject(
        "toy", subject.network, (), "hg19", recipe.split, recipe, subject.data, subject.entry
    )
    with pytest.raises(InputError, match="trained or chosen on a region"):
        seen.split(["chr2:5-9"])
