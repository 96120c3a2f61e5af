"""Pictures: what is drawn is where it belongs, and files appear whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zooctl.errors import InputError
from zooctl.files.motifs import Motif
from zooctl.interpret.pictures.plots import (
    PlottedTrack,
    draw_learning_curve,
    draw_logos,
    draw_tracks,
    summarise,
)
from zooctl.sequence.intervals import Interval

REGION = Interval("chr21", 33_900_000, 34_100_000)


def coloured(path: Path, colour: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the pixels of a colour."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    return np.argwhere(np.abs(pixels - colour).max(axis=-1) < 24)


def test_a_peak_is_drawn_at_its_place(tmp_path: Path) -> None:
    values = np.zeros(1000)
    values[240:260] = 40.0
    draw_tracks(tmp_path / "a.png", [PlottedTrack(" ", values, "pile-up")], REGION)
    column = coloured(tmp_path / "a.png", (0, 0x72, 0xB2))[:, 1]
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        edges = np.argwhere(np.asarray(image.convert("L")) < 80)[:, 1]
    # The axis line spans the region; the peak's middle is at a quarter of it.
    axis = (edges.max() - (edges.max() - column.mean()) / 0.75, edges.max())
    assert axis[0] < column.min() < column.max() < axis[1]
    assert np.ptp(column) < 60


def test_every_track_has_its_colour_and_gaps_are_empty(tmp_path: Path) -> None:
    full = np.ones(100)
    gap = full.copy()
    gap[50:] = np.nan
    draw_tracks(
        tmp_path / "a.png", [PlottedTrack("one", full), PlottedTrack("two", gap)], REGION, title="t"
    )
    one = coloured(tmp_path / "a.png", (0, 0x72, 0xB2))
    two = coloured(tmp_path / "a.png", (0xD5, 0x5E, 0))
    assert one[:, 0].mean() < two[:, 0].mean()
    assert np.ptp(two[:, 1]) == pytest.approx(np.ptp(one[:, 1]) / 2, rel=0.02)


@pytest.mark.parametrize("values", [np.full(10, np.nan), np.zeros(10), np.full(10, -3.0)])
def test_tracks_without_height_can_be_drawn(tmp_path: Path, values: np.ndarray) -> None:
    draw_tracks(tmp_path / "a.svg", [PlottedTrack("x", values)], Interval("chr21", 0, 10))
    text = (tmp_path / "a.svg").read_text()
    assert text.startswith("<?xml")


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_equal_pictures_are_equal_files(tmp_path: Path, ending: str) -> None:
    motif = Motif("CTCF", np.array([[1.0, 2, 90, 7], [50, 20, 20, 10]]))
    files = [tmp_path / f"{name}.{ending}" for name in "ab"]
    for file in files:
        draw_logos(file, [("one", motif, 0), ("two", motif.reverse_complement(), 1)])
    assert files[0].read_bytes() == files[1].read_bytes()


def test_letters_are_as_high_as_their_information(tmp_path: Path) -> None:
    # Two bits of A, and one bit shared by C and T.
    motif = Motif("x", np.array([[8.0, 0, 0, 0], [0, 4, 0, 4]]))
    draw_logos(tmp_path / "a.png", [("", motif, 0)])
    high = {
        base: np.ptp(coloured(tmp_path / "a.png", colour)[:, 0])
        for base, colour in {
            "A": (0x10, 0x96, 0x48),
            "C": (0x25, 0x5C, 0x99),
            "T": (0xD6, 0x28, 0x39),
        }.items()
    }
    assert high["C"] == pytest.approx(high["A"] / 4, abs=3)
    assert high["T"] == pytest.approx(high["A"] / 4, abs=3)
    assert len(coloured(tmp_path / "a.png", (0xF7, 0xB3, 0x2B))) == 0


def test_logos_are_shifted_against_each_other(tmp_path: Path) -> None:
    a, c = Motif("a", np.eye(4)[[0] * 5] * 9), Motif("c", np.eye(4)[[1]] * 9)
    draw_logos(tmp_path / "a.png", [("", a, 0), ("", c, 3)])
    columns = {
        base: coloured(tmp_path / "a.png", colour)[:, 1]
        for base, colour in {"A": (0x10, 0x96, 0x48), "C": (0x25, 0x5C, 0x99)}.items()
    }
    # The one C stands under the fourth A.
    assert (columns["C"].mean() - columns["A"].min()) / np.ptp(columns["A"]) == pytest.approx(
        3.5 / 5, abs=0.03
    )


def test_an_existing_picture_stays_without_force(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_text("mine")
    with pytest.raises(InputError, match="exists"):
        draw_tracks(target, [PlottedTrack("x", np.ones(3))], REGION)
    assert target.read_text() == "mine"
    draw_tracks(target, [PlottedTrack("x", np.ones(3))], REGION, force=True)
    assert target.read_bytes().startswith(b"\x89PNG")


def test_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a picture"):
        draw_tracks(tmp_path / "a.bw", [PlottedTrack("x", np.ones(3))], REGION)


def test_summarise_keeps_sums() -> None:
    values = np.random.default_rng(0).random(10_007)
    short = summarise(values, 500)
    lengths = np.diff(np.linspace(0, 10_007, 501).astype(int))
    assert (short * lengths).sum() == pytest.approx(values.sum())
    assert summarise(values, 20_000) is values


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import zooctl.interpret.pictures.plots"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "InputError" in done.stderr
    assert "pip install 'matplotlib" in done.stderr


def test_a_learning_curve_falls_where_the_loss_falls(tmp_path: Path) -> None:
    losses = {"training": np.array([3.0, 2.0, 1.0]), "validation": np.array([3.0, 2.5, 2.8])}
    target = tmp_path / "curve.png"
    draw_learning_curve(target, [0, 1, 2], losses, best=1, title="toy")
    training = coloured(target, (0, 0x72, 0xB2))
    # Rows are counted from the top; the legend's own piece of the line is short.
    assert np.corrcoef(training.T)[0, 1] > 0.5
    assert len(coloured(target, (0xD5, 0x5E, 0))) > 50
    with pytest.raises(InputError, match="output exists"):
        draw_learning_curve(target, [0], {"a": np.ones(1)}, best=0, title="toy")
