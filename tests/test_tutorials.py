"""Pictures of tutorials: drawn from the numbers that the pages print, and shown on them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from zooctl.schema.recipe.inputs import in_sample
from zooctl.schema.recipe.recipe import load_recipe

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "tutorials"
SCRIPT = runpy.run_path(str(FOLDER / "pictures.py"))


@pytest.mark.parametrize("page", SCRIPT["ROWS"])
def test_each_picture_has_the_numbers_of_its_page(page: str) -> None:
    names, values = SCRIPT["read"](page)
    assert len(names) > 1
    assert len(set(names)) == len(names)
    assert {len(row) for row in values} == {len(SCRIPT["ROWS"][page][1])}
    assert f"]({page}.png)" in (FOLDER / f"{page}.md").read_text()
    assert (FOLDER / f"{page}.png").is_file()


def test_numbers_by_hand() -> None:
    names, values = SCRIPT["read"]("leaky_preprocessing")
    expected = ["wrong: 20 k-mers chosen on all data", "right: 20 k-mers chosen on training data"]
    assert (names, values) == (expected, [[0.839], [0.501]])


def test_no_sample_of_training_reads_the_new_cell() -> None:
    recipe = load_recipe(FOLDER.parent.parent / "recipes/ctcf_new_cell.yaml")
    signals = [*(one.signal for one in recipe.targets), *(one.signal for one in recipe.inputs)]
    read = [[in_sample(one, sample).source for one in signals] for sample in recipe.samples]
    assert [row[0] for row in read] == ["a549", "h1_hesc", "hela_s3", "imr_90", "k562", "mcf_7"]
    for row in read:
        assert sorted(row) == ["a549", "h1_hesc", "hela_s3", "imr_90", "k562", "mcf_7"]
    assert recipe.evaluation.unseen is not None
    judged = [in_sample(one, recipe.evaluation.unseen).source for one in signals]
    assert judged == ["hepg2", "h1_hesc", "hela_s3", "imr_90", "k562", "mcf_7"]
