"""Profiles of filters: four beside each other, in a picture as wide as a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zooctl.files.motifs import Motif
from zooctl.interpret.pictures.filter_plots import draw_profiles


def poly(base: int) -> tuple[str, Motif]:
    """A profile of six times one base."""
    return f"filter {base}, 10 sites\nmotif", Motif("poly", np.eye(4)[[base] * 6])


@pytest.mark.parametrize(("n", "rows"), [(1, 1), (4, 1), (5, 2), (9, 3)])
def test_sizes(tmp_path: Path, n: int, rows: int) -> None:
    draw_profiles(tmp_path / "a.png", [poly(0)] * n)
    with Image.open(tmp_path / "a.png") as image:
        # 180 mm, and 21 mm a row and 4 more, at 150 dots an inch.
        assert image.size == (int(180 / 25.4 * 150), int((4 + 21 * rows) / 25.4 * 150))
        assert image.mode == "P"
        assert round(image.info["dpi"][0]) == 150


def test_order_and_equal_files(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_profiles(tmp_path / name, [poly(base) for base in range(4)])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    colours = ((0x10, 0x96, 0x48), (0x25, 0x5C, 0x99), (0xF7, 0xB3, 0x2B), (0xD6, 0x28, 0x39))
    places = [np.argwhere(np.abs(pixels - one).max(axis=-1) < 16)[:, 1] for one in colours]
    quarters = [np.median(columns) * 4 / pixels.shape[1] for columns in places]
    assert [int(quarter) for quarter in quarters] == [0, 1, 2, 3]
