"""Tables of measured effects, as published and as people write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.effects import Effect, read_effects

KIRCHER = """Chrom\tPos\tRef\tAlt\tBarcodes\tDNA\tRNA\tCoefficient\tpValue\tElement\tRelease
20\t44355520\tC\tA\t12\t1\t2\t-0.5\t0.1\tHNF4A\tGRCh38
NA\tNA\tNA\tNA\t7\t1\t2\t0.1\t0.9\tHNF4A\tGRCh37
20\t42984160\tc\tA\t12\t1\t2\t-0.5\t0.1\tHNF4A\tGRCh37
20\t42984160\tC\t-\t3\t1\t2\t0.25\t0.1\tHNF4A\tGRCh37
"""


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_as_published(tmp_path: Path) -> None:
    table = write(tmp_path / "elements.tsv.gz", KIRCHER)
    assert read_effects(table, "hg19") == [
        Effect("HNF4A", "20", 42_984_159, "C", "A", -0.5, 12),
        Effect("HNF4A", "20", 42_984_159, "C", "-", 0.25, 3),
    ]
    assert [effect.start for effect in read_effects(table, "hg38")] == [44_355_519]


def test_the_fewest_columns(tmp_path: Path) -> None:
    table = write(tmp_path / "own.tsv", "value\tchrom\tPOS\tref\talt\n1e-1\tchr1\t7\tA\tG\n")
    assert read_effects(table, "sacCer3") == [Effect("chr1", "chr1", 6, "A", "G", 0.1, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chrom\tpos\tref\talt\nchr1\t7\tA\tG\n", r"own.tsv:1: table has no column value"),
        ("chrom\tpos\tref\talt\tvalue\nchr1\t0\tA\tG\t1\n", r"own.tsv:2: position .*got '0'"),
        ("chrom\tpos\tref\talt\tvalue\nchr1\t1.5\tA\tG\t1\n", r"own.tsv:2: position"),
        ("chrom\tpos\tref\talt\tvalue\nchr1\t٣\tA\tG\t1\n", r"own.tsv:2: position"),
        (f"chrom\tpos\tref\talt\tvalue\nchr1\t{'9' * 5000}\tA\tG\t1\n", r"own.tsv:2: position"),
        ("chrom\tpos\tref\talt\tvalue\nchr1\t7\tA\tG\t1e999\n", r"own.tsv:2: value is not"),
        ("chrom\tpos\tref\talt\tvalue\nchr1\t7\tA\tG\tNaN\n", r"own.tsv:2: value is not a number"),
        (
            "chrom\tpos\tref\talt\tvalue\tassembly\nchr1\t7\tA\tG\t1\thg38\n",
            r"no effect in this assembly \(expected hg19",
        ),
    ],
)
def test_faults(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_effects(write(tmp_path / "own.tsv", text), "hg19")


def test_the_real_table(mirror: Path) -> None:
    effects = read_effects(mirror / "mpra_satmut/elements.tsv.gz", "hg19")
    assert len(effects) == 24_266
    assert len({effect.element for effect in effects}) == 16
    assert effects[0].chrom == "2"
