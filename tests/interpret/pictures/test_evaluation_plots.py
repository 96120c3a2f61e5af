"""Pictures of an evaluation: drawn from arrays, the same bytes each time, refused when wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.interpret.pictures.evaluation_plots import (
    MethodCurves,
    Panel,
    _thinned,
    draw_curves,
    draw_panels,
    draw_scatter,
)

Draw = Callable[[Path], None]


def scatter(path: Path) -> None:
    predicted, measured = np.random.default_rng(0).gamma(0.3, 9, (2, 5_000))
    draw_scatter(path, predicted - 0.1, measured, title="bins")


def curves(path: Path) -> None:
    steps = np.linspace(0, 1, 50_000)
    methods = [
        MethodCurves(
            f"method {i}", (steps, steps ** (1 / i)), (steps[::-1], np.full(50_000, 0.1 * i))
        )
        for i in range(1, 9)
    ]
    draw_curves(path, methods, 0.05, title="all of them")


def panels(path: Path) -> None:
    lines = {"Pearson": [0.1, 0.2, float("nan")], "Spearman": [0.3, 0.2, 0.1]}
    one = Panel("all bins", "resolution (bp)", ["32", "128", "512"], lines)
    draw_panels(path, [one, one], title="curves")


@pytest.mark.parametrize("draw", [scatter, curves, panels])
def test_drawn_as_png(draw: Draw, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw(tmp_path / name)
    content = (tmp_path / "a.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert content == (tmp_path / "b.png").read_bytes()
    with pytest.raises(InputError):
        draw(tmp_path / "a.png")
    with pytest.raises(InputError, match="not a picture"):
        draw(tmp_path / "a.txt")


def test_texts_are_in_the_picture(tmp_path: Path) -> None:
    curves(tmp_path / "a.svg")
    assert "svg" in (tmp_path / "a.svg").read_text()[:500]


def test_thinning_keeps_ends_and_shape() -> None:
    across = np.concatenate([np.zeros(90_000), np.linspace(0, 1, 10_000)])
    up = np.concatenate([np.linspace(0, 0.9, 90_000), np.linspace(0.9, 1, 10_000)])
    x, y = _thinned((across, up))
    assert len(x) <= 2_000
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    places = np.linspace(0.01, 1, 50)
    np.testing.assert_allclose(
        np.interp(places, x, y), np.interp(places, across[89_999:], up[89_999:]), atol=2e-3
    )
