from __future__ import annotations

from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.chrom_map import load_chrom_map

HG38 = {"chr1": 248_956_422, "chr21": 46_709_983, "chrM": 16_569}


def test_auto_adds_the_prefix() -> None:
    assert load_chrom_map("auto", ["1", "21", "chr21", "7"], HG38) == {
        "1": "chr1",
        "21": "chr21",
        "chr21": "chr21",
    }


def test_auto_removes_the_prefix() -> None:
    assert load_chrom_map("auto", ["chr21"], {"21": 46_709_983}) == {"chr21": "21"}


@pytest.mark.parametrize(
    ("chrom", "contigs", "lengths", "target"),
    [
        ("MT", {"chrM": 16_569}, None, "chrM"),
        ("MT", {"chrM": 16_571}, None, None),
        ("MT", {"chrM": 16_571}, {"MT": 16_569}, None),
        ("chrM", {"MT": 16_569}, None, None),
        ("chrM", {"MT": 16_569}, {"chrM": 16_571}, None),
        ("chrM", {"MT": 16_569}, {"chrM": 16_569}, "MT"),
        ("chrM", {"chrM": 16_571}, None, "chrM"),
    ],
)
def test_mitochondria_map_only_where_lengths_allow(
    chrom: str, contigs: dict[str, int], lengths: dict[str, int] | None, target: str | None
) -> None:
    assert load_chrom_map("auto", [chrom], contigs, lengths).get(chrom) == target


def test_lengths_that_differ_are_not_mapped() -> None:
    assert load_chrom_map("auto", ["21"], HG38, {"21": 48_129_895}) == {}


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("# ours\ttheirs\n\nCM000683.2\tchr21\nCM000663.2 chr1\r\n")
    assert load_chrom_map(str(path), [], HG38) == {"CM000683.2": "chr21", "CM000663.2": "chr1"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("21", "1 columns"),
        ("21\tchr21\tx", "3 columns"),
        ("21\tchr22", "'chr22'"),
        ("20\tchr1", "mapped twice"),
    ],
)
def test_bad_lines(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(f"20\tchr21\n{line}\n")
    with pytest.raises(InputError, match=rf"names\.tsv:2: .*{message}"):
        load_chrom_map(str(path), [], HG38)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        load_chrom_map(str(tmp_path / "none.tsv"), [], HG38)
