"""Chromosome folds: each chromosome is tested once, trains in no fold that tests it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import toy_training as toy

from zooctl.errors import InputError
from zooctl.schema.recipe.overrides import parse_changed
from zooctl.schema.recipe.recipe import Recipe, load_recipe
from zooctl.schema.strict_yaml import dumps, load
from zooctl.training.data.folds import deal, fold_settings

LENGTHS = {f"chr{number}": 1000 - 70 * number for number in range(1, 8)}


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    lines = [f">{name}\n{'ACGT' * 250}"[: length + 6] for name, length in LENGTHS.items()]
    (tmp_path / "toy.fa").write_text("\n".join(lines) + "\n")
    return tmp_path / "toy.fa"


def recipe_file(folder: Path) -> Path:
    split = {"train": ["chr1", "chr2", "chr3", "chr4"], "validation": ["chr5", "chr6"]}
    document = toy.recipe().model_dump(mode="json") | {"split": split | {"test": ["chr7"]}}
    (folder / "toy.yaml").write_text(dumps(document))
    return folder / "toy.yaml"


def test_every_chromosome_is_tested_once(genome: Path, tmp_path: Path) -> None:
    path = recipe_file(tmp_path)
    tested: list[str] = []
    for number in range(1, 4):
        settings = fold_settings(load_recipe(path), f"{number}/3", genome)
        recipe, _ = parse_changed(Recipe, load(path), settings)
        assert recipe.name == f"toy_fold{number}of3"
        assert recipe.fold is not None
        assert (recipe.fold.index, recipe.fold.of) == (number, 3)
        parts = [{r.chrom for r in getattr(recipe.split, p)} for p in ("train", "validation")]
        test = [region.chrom for region in recipe.split.test]
        assert set().union(*parts, test) == set(LENGTHS)
        assert sum(map(len, parts)) + len(test) == 7
        tested += test
    assert sorted(tested) == sorted(LENGTHS)


def test_folds_are_of_about_equal_length() -> None:
    sums = [sum(LENGTHS[name] for name in fold) for fold in deal(LENGTHS, 3)]
    assert max(sums) - min(sums) <= max(LENGTHS.values())


@pytest.mark.parametrize("fold", ["0/5", "6/5", "1/2", "1", "a/b", "1/5/7"])
def test_no_such_fold(fold: str, genome: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such fold"):
        fold_settings(load_recipe(recipe_file(tmp_path)), fold, genome)


def test_ranges_and_too_few_chromosomes_are_refused(genome: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="whole chromosomes"):
        fold_settings(toy.recipe(), "1/3", genome)
    with pytest.raises(InputError, match="fewer chromosomes"):
        fold_settings(load_recipe(recipe_file(tmp_path)), "1/8", genome)


def test_the_named_recipe_has_whole_chromosomes(repo: Path, mirror: Path, tmp_path: Path) -> None:
    recipe = load_recipe(repo / "recipes/atac_yeast.yaml")
    genome = tmp_path / "sacCer3.fa"
    genome.write_bytes(gzip.decompress((mirror / "yeast_atac_sacCer3/sacCer3.fa.gz").read_bytes()))
    settings = fold_settings(recipe, "2/5", genome)
    assert settings[0] == "name=atac_yeast_fold2of5"
    assert all("chr" in one for one in settings[1:4])
