"""Tables of measured variants: lines read, left out and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.schema.recipe.windows import VariantWindows
from zooctl.sequence.intervals import Interval
from zooctl.sequence.onehot import encode
from zooctl.sequence.windows import Geometry
from zooctl.training.data.variants import Variants, read_variants
from zooctl.training.data.windows import variant_cores

CODES = {"chr1": encode(b"ACGTACGTAC"), "chr2": encode(b"GGGGGNGGGG")}
WINDOWS = VariantWindows(key="variants", source="table")
HEADER = "chrom\tpos\tref\talt\tplus\tminus\n"


def read(
    tmp_path: Path, text: str, windows: VariantWindows = WINDOWS
) -> tuple[Variants, list[str]]:
    path = tmp_path / "table.tsv"
    path.write_text(HEADER + text)
    said: list[str] = []
    return read_variants(path, windows, ["minus", "plus"], CODES, said.append), said


def test_positions_count_from_one_and_effects_are_in_the_order_of_tracks(tmp_path: Path) -> None:
    found, said = read(tmp_path, "chr1\t1\tA\tC\t0.5\t-1\nchr2\t10\tg\tt\t2\t3\n")
    assert found.chrom.tolist() == ["chr1", "chr2"]
    assert found.position.tolist() == [0, 9]
    assert found.alternative.tolist() == [1, 3]
    assert found.effect.tolist() == [[-1.0, 0.5], [3.0, 2.0]]
    assert said == []


def test_what_is_no_substitution_or_elsewhere_is_left_out_and_said(tmp_path: Path) -> None:
    lines = [f"chr1\t{at}\t{'ACGT'[(at - 1) % 4]}\tN\t0\t0\n" for at in range(1, 4)]
    lines += ["chr1\t2\tC\t-\t0\t0\n", "chr1\t2\tC\tC\t0\t0\n", "chr1\t2\tCG\tTT\t0\t0\n"]
    lines += ["chr9\t2\tC\tT\t0\t0\n"]
    lines += [f"chr2\t{at}\tG\tT\t0\t0\n" for at in (1, 2, 3, 4, 5, 7, 8, 9, 10)]
    lines += ["chr2\t6\tG\tT\t0\t0\n"]  # an N in the genome
    found, said = read(tmp_path, "".join(lines))
    assert len(found) == 9
    assert said == [
        "table.tsv: left out 6 lines that are no substitution of a base, and "
        "1 of another reference base"
    ]


def test_other_names_of_chromosomes_are_prefixed(tmp_path: Path) -> None:
    text = "1\t1\tA\tC\t0\t0\n"
    with pytest.raises(
        InputError, match="no line is a substitution on a chromosome of the spl"
    ) as at:
        read(tmp_path, text)
    assert at.value.hint == "windows.rows and windows.chrom_prefix choose the lines"
    windows = VariantWindows(key="variants", source="table", chrom_prefix="chr")
    assert read(tmp_path, text, windows)[0].chrom.tolist() == ["chr1"]


def test_a_table_of_another_assembly(tmp_path: Path) -> None:
    text = "chr1\t1\tC\tA\t0\t0\n"
    with pytest.raises(InputError, match=r"is the table of another assembly\?"):
        read(tmp_path, text)
    of_its_own = {"chr1": encode(b"CCGTACGTAC")}
    found = read_variants(tmp_path / "table.tsv", WINDOWS, ["minus", "plus"], of_its_own, str)
    assert found.position.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1\t1\tC\tA\t0\t0\n", "reference bases are not those of the genome"),
        ("chr1\t11\tC\tA\t0\t0\n", "reference bases are not those of the genome"),
        ("chr1\tx\tA\tC\t0\t0\n", "pos is not a number"),
        ("chr1\t1\tA\tC\t0\tnan\n", "minus is not a number"),
        ("chr1\t1\tA\tC\t0\n", "another number of cells"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_windows_stay_in_their_regions_wherever_they_are_moved() -> None:
    position = np.arange(1000)
    variants = Variants(
        np.array(["chr1"] * 1000),
        position,
        np.zeros(1000, np.uint8),
        np.zeros((1000, 1), np.float32),
    )
    geometry = Geometry(20, 10, 10, 10)
    regions = (Interval("chr1", 100, 200), Interval("chr1", 400, 422), Interval("chr2", 0, 1000))
    chunks = variant_cores(variants, geometry, regions, margin=3)
    assert chunks.variant is not None
    low = chunks.start - 5 - 3
    assert position[chunks.variant].tolist() == [*range(113, 188)]
    assert (low.min(), low.max() + 26) == (100, 200)
    assert variant_cores(variants, geometry, regions, margin=0).variant.tolist() == [
        *range(110, 191),
        *range(410, 413),
    ]
