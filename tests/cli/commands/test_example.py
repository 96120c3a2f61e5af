"""`zooctl example get` as typed, and its files: what SOURCE says, where every model can predict."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pysam
import pytest

from zooctl.cli.commands.example import FILES, GENOME, REGIONS, VARIANTS
from zooctl.cli.main import run

Captured = pytest.CaptureFixture[str]

FIRST, LAST = 39_450_000, 40_050_000
LONGEST_INPUT = 131_072


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example."""
    monkeypatch.chdir(tmp_path)
    assert run(["example", "get", "new/folder"]) == 0
    return tmp_path / "new/folder"


def test_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["example", "get", "try"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"try/{name}" for name in FILES]
    assert {path.name for path in (tmp_path / "try").iterdir()} == set(FILES)


def test_files_that_are_there_are_kept(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / VARIANTS).write_text("mine")
    assert run(["example", "get", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [VARIANTS]
    assert (tmp_path / VARIANTS).read_text() == "mine"
    assert run(["example", "get", str(tmp_path), "--force"]) == 0
    assert (tmp_path / VARIANTS).read_text().startswith("##fileformat")


def test_a_file_of_that_name(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "try").write_text("")
    assert run(["example", "get", str(tmp_path / "try")]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'try'}: ")


def test_the_sequence_is_that_of_hg19(example: Path, repo: Path) -> None:
    stretch = pysam.FastaFile(str(example / GENOME))
    whole = pysam.FastaFile(str(repo / "recipes/data/hg19_chr20_chr21/hg19.chr21.fa.gz"))
    assert list(stretch.references) == ["chr21"]
    assert stretch.lengths == whole.lengths
    text = stretch.fetch("chr21")
    assert text[FIRST:LAST] == whole.fetch("chr21", FIRST, LAST)
    assert set(text[:FIRST]) | set(text[LAST:]) == {"N"}
    assert "N" not in text[FIRST:LAST]


def test_regions_and_variants_lie_inside(example: Path) -> None:
    genome = pysam.FastaFile(str(example / GENOME))
    for line in (example / REGIONS).read_text().splitlines():
        _, start, end = line.split("\t")
        assert FIRST + LONGEST_INPUT <= int(start) < int(end) <= LAST - LONGEST_INPUT
    wrong = []
    for record in pysam.VariantFile(str(example / VARIANTS)):
        assert FIRST + LONGEST_INPUT <= record.start < LAST - LONGEST_INPUT
        if genome.fetch("chr21", record.start, record.stop) != record.ref:
            wrong.append(record.pos)
    assert wrong == [39_829_358]


def test_source_pins_each_file(example: Path) -> None:
    source = (example / "SOURCE.txt").read_text()
    pinned = re.findall(r"^(\w{64})  (\S+)$", source, re.MULTILINE)
    assert [name for _, name in pinned] == list(FILES[:-1])
    for sha256, name in pinned:
        assert hashlib.sha256((example / name).read_bytes()).hexdigest() == sha256, name
