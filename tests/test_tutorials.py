"""Pictures of tutorials: drawn from the numbers that the pages print, and shown on them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

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
