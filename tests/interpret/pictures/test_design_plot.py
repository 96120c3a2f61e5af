"""Designed sequences: the bases that changed have colours, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from zooctl.interpret.pictures.design_plot import MOST_DRAWN, DrawnDesign, draw_designs
from zooctl.sequence.onehot import encode


def drawn(name: str, start: str, end: str) -> DrawnDesign:
    return DrawnDesign(name, encode(start.encode()), encode(end.encode()), (0.5, 2.0))


def letters(path: Path) -> list[str]:
    """The single letters of an SVG, in order, with a star where they are bold."""
    found = re.findall(r"<text ([^>]*)>\s*([ACGTN])</text>", path.read_text())
    return [letter + "*" * ("bold" in style or "700" in style) for style, letter in found]


def test_changed_bases_stand_out(tmp_path: Path) -> None:
    target = tmp_path / "a.svg"
    draw_designs(target, [drawn("one", "AACGT", "ATCGN")], 10, label="reads", title="t")
    assert letters(target) == ["A", "A*", "C", "G", "T*", "A", "T*", "C", "G", "N*"]
    text = target.read_text()
    assert "one: 0.5 to 2, 2 of 5 bp changed" in text
    assert "reads" in text


def test_of_long_ones_the_changed_part_is_drawn(tmp_path: Path) -> None:
    start = "A" * 500
    end = start[:400] + "CGT" + start[403:]
    target = tmp_path / "a.svg"
    draw_designs(target, [drawn("long", start, end)], 0, label="reads", title="t")
    found = letters(target)
    assert len(found) == 240
    assert found.count("A*") == 3
    assert "3 of 500 bp changed" in target.read_text()


def test_first_ones_and_equal_files(tmp_path: Path) -> None:
    many = [drawn(f"design_{number}", "ACGT", "ACCT") for number in range(MOST_DRAWN + 2)]
    for name in ("a.svg", "b.svg"):
        draw_designs(tmp_path / name, many, 0, label="reads", title="t")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    names = set(re.findall(r"design_\d+", (tmp_path / "a.svg").read_text()))
    assert names == {f"design_{number}" for number in range(MOST_DRAWN)}


def test_nothing_changed(tmp_path: Path) -> None:
    one = drawn("same", "ACGT", "ACGT")._replace(values=(1.5,))
    draw_designs(tmp_path / "a.svg", [one], 0, label="", title="t")
    assert "same: 1.5 to 1.5, 0 of 4 bp changed" in (tmp_path / "a.svg").read_text()
