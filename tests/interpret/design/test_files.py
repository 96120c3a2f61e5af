"""Files of designs: FASTA, a picture, or a folder for both."""

from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.interpret.design.design import Designs
from zooctl.interpret.design.files import design_files, write_designs
from zooctl.interpret.design.greedy import Design
from zooctl.interpret.options import DesignOptions
from zooctl.sequence.onehot import encode


def made(target: str = "high", n: int = 1) -> Designs:
    start = encode(b"ACGTACGT")
    end = start.copy()
    end[3] = 0
    one = Design(start, end, (1.0, 3.0))
    return Designs("toy", "plus", "reads", "greedy", target, (2, 6), (one,) * n, None, ())


def names(output: str, options: DesignOptions = DesignOptions()) -> list[str]:  # noqa: B008
    return [path.name for path in design_files(output, "toy", options, False)]


def test_names(tmp_path: Path) -> None:
    assert names(str(tmp_path / "a.fasta")) == ["a.fasta"]
    assert names(str(tmp_path / "a.pdf")) == ["a.pdf"]
    assert names(f"{tmp_path}/") == ["designed.toy.fa", "designed.toy.png"]
    region = DesignOptions(region="chr21:39,731,801-39,732,000")
    stem = "chr21_39731801-39732000.toy"
    assert names(str(tmp_path), region) == [f"{stem}.fa", f"{stem}.png"]
    with pytest.raises(InputError, match="of no known kind"):
        names("a.txt")
    (tmp_path / "designed.toy.png").write_text("")
    with pytest.raises(InputError, match="exists"):
        names(str(tmp_path))
    assert design_files(str(tmp_path), "toy", DesignOptions(), True)


def test_contents(tmp_path: Path) -> None:
    targets = [tmp_path / "a.fa", tmp_path / "a.svg"]
    write_designs(made(), targets)
    assert targets[0].read_text() == ">design_0 toy 3\nACGAACGT\n"
    text = targets[1].read_text()
    assert "toy, plus: designed to be high" in text
    assert "design_0: 1 to 3, 1 of 4 bp changed" in text
    assert "reads" in text


def test_more_than_a_picture_holds(tmp_path: Path) -> None:
    write_designs(made("2.5", 12), [tmp_path / "a.svg"])
    assert "designed to be near 2.5, 10 of 12" in (tmp_path / "a.svg").read_text()
