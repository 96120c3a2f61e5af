"""Sites beside signals: each box at its place, each text whole, none where there is no room."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zooctl.files.intervals.bed import read_bed
from zooctl.interpret.pictures.browser import PlottedSite, RegionTracks, draw_browser, sites_over
from zooctl.sequence.intervals import Interval

REGION = Interval("chr21", 1_000, 2_000)


def site(start: int, text: str) -> PlottedSite:
    return PlottedSite(start, start + 20, ((start, start + 20),), text)


def boxes(path: Path) -> np.ndarray:
    """Columns of the pixels of the second track's colour, as shares of the picture's width."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    found = np.argwhere(np.abs(pixels - (0xD5, 0x5E, 0)).max(axis=-1) < 24)
    columns: np.ndarray = found[:, 1] / pixels.shape[1]
    return columns[columns > 0.06]  # its name stands at the left


def draw(path: Path, *sites: PlottedSite, **options: float) -> None:
    signal = np.linspace(0.0, 5.0, 100)
    draw_browser(path, [RegionTracks(REGION, [signal, sites])], ["s", "b"], ["", ""], **options)


def test_a_box_lies_where_its_site_does(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", site(1_250, ""), height_mm=40)
    draw(tmp_path / "b.png", site(1_750, ""), height_mm=40)
    left, right = boxes(tmp_path / "a.png"), boxes(tmp_path / "b.png")
    # The axes take most of the width: 500 of 1,000 bp are a little less than half of it.
    assert 0.42 < right.mean() - left.mean() < 0.5
    assert np.ptp(left) < 0.03


def test_texts_end_at_the_end_of_the_region(tmp_path: Path) -> None:
    """A name at the end begins further left; places are those of the SVG, in points."""
    draw(tmp_path / "a.svg", site(1_100, "FIRST_NAME →"), site(1_990, "OTHER_NAME ←"))
    text = (tmp_path / "a.svg").read_text()
    places = re.findall(
        r'translate\(([\d.]+) [\d.]+\)">(\w+_NAME)|x="([\d.]+)"[^>]*>(\w+_NAME)', text
    )
    found = {name or other: float(place or x) for place, name, x, other in places}
    width = 180 / 25.4 * 72
    assert found["FIRST_NAME"] < 0.25 * width
    assert 0.7 * width < found["OTHER_NAME"] < width - 12 * 3


def test_texts_are_left_out_where_sites_are_dense(tmp_path: Path) -> None:
    dense = [site(1_000 + 30 * number, "A_LONG_NAME_OF_A_SITE") for number in range(30)]
    draw(tmp_path / "a.svg", *dense)
    assert "A_LONG_NAME" not in (tmp_path / "a.svg").read_text()
    draw(tmp_path / "a.png", *dense, height_mm=40)
    assert np.ptp(boxes(tmp_path / "a.png")) > 0.75  # all are there


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ("", ["", ""]),
        ("\tbox", ["box", "box"]),
        ("\tbox\t5\t-", ["box ←", "box ←"]),
        ("\t.\t0\t.\t7.5", ["", ""]),
    ],
)
def test_lines_of_a_bed_file(tmp_path: Path, columns: str, texts: list[str]) -> None:
    """Those that overlap, sorted; one that ends where the region starts does not."""
    places = [("chr21", 1_900, 2_100), ("chr21", 990, 1_000), ("chr21", 995, 1_001)]
    rows = [*places, ("chr20", 1_000, 1_100), ("chr21", 2_000, 2_001)]
    bed = tmp_path / "a.bed"
    bed.write_text("".join(f"{chrom}\t{start}\t{end}{columns}\n" for chrom, start, end in rows))
    found = sites_over(REGION, read_bed(bed))
    assert [(one.start, one.end) for one in found] == [(995, 1_001), (1_900, 2_100)]
    assert [one.text for one in found] == texts


def test_one_scale_is_of_signals_alone(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", site(1_250, "box"), shared_y=True)
    draw_browser(tmp_path / "b.png", [RegionTracks(REGION, [(site(1_250, "box"),)])], ["b"], [""])
    assert (tmp_path / "a.png").stat().st_size > (tmp_path / "b.png").stat().st_size > 1_000
