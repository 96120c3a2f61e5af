"""Effects are drawn where they belong, in their colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from zooctl.interpret.pictures.effect_plots import (
    Bar,
    Curve,
    CurvePanel,
    draw_bars,
    draw_base_map,
    draw_effect_curves,
)


def where(path: Path, colour: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the pixels of a colour."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    return np.argwhere(np.abs(pixels - colour).max(axis=-1) < 24)


BLUE, ORANGE = (0, 0x72, 0xB2), (0xD5, 0x5E, 0)


def test_bars_are_as_long_as_their_values(tmp_path: Path) -> None:
    bars = [Bar("a", 4.0, 3.9, 4.1, 0), Bar("b", 2.0, 1.9, 2.1, 1)]
    draw_bars(tmp_path / "a.png", bars, label="effect", title="t")
    long, short = (np.ptp(where(tmp_path / "a.png", colour)[:, 1]) for colour in (BLUE, ORANGE))
    assert abs(long / short - 2) < 0.1


def test_a_base_map_has_its_signs(tmp_path: Path) -> None:
    effects = np.zeros((5, 4))
    effects[1, 0], effects[3, 3] = 2.0, -2.0
    draw_base_map(tmp_path / "a.png", effects, list("12345"), label="bp", title="t")
    red, blue = where(tmp_path / "a.png", (103, 0, 31)), where(tmp_path / "a.png", (5, 48, 97))
    with Image.open(tmp_path / "a.png") as image:
        inside = image.size[0] * 0.75  # the colour bar is at the right
    red, blue = red[red[:, 1] < inside], blue[blue[:, 1] < inside]
    # A is the first row, T the last; place 2 is left of place 4.
    assert red[:, 0].mean() < blue[:, 0].mean()
    assert red[:, 1].mean() < blue[:, 1].mean()


def test_curves_are_equal_files_and_each_has_its_colour(tmp_path: Path) -> None:
    panel = CurvePanel(
        "y", [Curve("up", [0, 1], [0, 1]), Curve("down", [0, 1], [1, 0], group=1)], 0.5
    )
    for name in ("a.svg", "b.svg", "a.png"):
        draw_effect_curves(tmp_path / name, [panel, panel], label="x", title="t")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert len(where(tmp_path / "a.png", BLUE)) > 50 < len(where(tmp_path / "a.png", ORANGE))
