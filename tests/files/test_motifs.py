"""Motif files: the three formats, the arithmetic by hand, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zooctl.errors import InputError
from zooctl.files.motifs import Motif, read_motif, read_motifs, to_meme

# The first four positions of HOCOMOCO's CTCF, written in each format.
COUNTS = np.array([[47.0, 180, 63, 210], [76, 84, 261, 79], [129, 42, 277, 52], [34, 428, 18, 20]])
ROWS = "\n".join("\t".join(map(str, row)) for row in COUNTS)
FIVE = np.vstack([COUNTS, [1.0, 498, 1, 0]])


def write(folder: Path, text: str) -> Path:
    path = folder / "motifs.txt"
    path.write_text(text)
    return path


def test_rows_by_position(tmp_path: Path) -> None:
    (motif,) = read_motifs(write(tmp_path, f"# a comment\n>CTCF extra words\n{ROWS}\n"))
    assert motif.name == "CTCF"
    np.testing.assert_array_equal(motif.counts, COUNTS)


@pytest.mark.parametrize("form", ["{base} [ {row} ]", "{row}", "{base} | {row}"])
def test_rows_by_base(tmp_path: Path, form: str) -> None:
    rows = [
        form.format(base=base, row=" ".join(map(str, column)))
        for base, column in zip("ACGT", FIVE.T, strict=True)
    ]
    (motif,) = read_motifs(write(tmp_path, ">MA0139.1 CTCF\r\n" + "\r\n".join(rows) + "\r\n"))
    assert motif.name == "MA0139.1"
    np.testing.assert_array_equal(motif.counts, FIVE)


def test_four_by_four_without_letters_is_by_position_and_with_letters_by_base(
    tmp_path: Path,
) -> None:
    (plain,) = read_motifs(write(tmp_path, f">a\n{ROWS}\n"))
    lettered = "\n".join(
        f"{base} [{' '.join(map(str, row))}]" for base, row in zip("ACGT", COUNTS, strict=True)
    )
    (by_base,) = read_motifs(write(tmp_path, f">a\n{lettered}\n"))
    np.testing.assert_array_equal(plain.counts, by_base.counts.T)


def test_meme_round_trip(tmp_path: Path) -> None:
    # Every row of a count matrix from a scan has one sum, as MEME's nsites says.
    equal = Motif("one", np.array([[500.0, 0, 0, 0], [100, 150, 50, 200]]))
    back = read_motifs(write(tmp_path, to_meme([equal, Motif("two", COUNTS)])))
    assert [motif.name for motif in back] == ["one", "two"]
    np.testing.assert_allclose(back[0].counts, equal.counts, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no motif"),
        ("just words\n", "not a row of numbers"),
        (">a\n1 2 3\n1 2 3\n", "rows do not make a profile"),
        (">a\n1 2 3 4\n1 2 3\n", "rows do not make a profile"),
        (">a\nA 1 2\nC 1 2\nT 1 2\nG 1 2\n", "rows do not make a profile"),
        (">a\n1 2 3 4\n>a\n1 2 3 4\n", "two motifs have one name"),
        (">a\n0 0 0 0\n", "all zero"),
        (">a\n1 2 -3 4\n", "negative"),
        (">a\n1 nan 3 4\n", "not finite"),
        (">\n1 2 3 4\n", "no name"),
        ("MEME version 4\nMOTIF a\nletter-probability matrix: w= 2\n 1 0 0 0\n", "w rows"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_motifs(write(tmp_path, text))


def test_line_of_the_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_motifs(write(tmp_path, ">a\n1 2 3 4\n1 2 x 4\n"))
    assert caught.value.line == 3


def test_missing_file_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_motifs(tmp_path / "absent.pfm")
    with pytest.raises(InputError) as caught:
        read_motif(write(tmp_path, f">CTCF_HUMAN.H11MO.0.A\n{ROWS}\n"), "CTCF_HUMAN")
    assert "CTCF_HUMAN.H11MO.0.A" in str(caught.value)


def test_log_odds_by_hand() -> None:
    # (3 + 0.25) / 4 = 0.8125 against 0.25: log2 3.25; (0 + 0.25) / 4 against 0.25: log2 0.25.
    weights = Motif("a", np.array([[3.0, 0, 0, 0]])).log_odds(pseudocount=1.0)
    np.testing.assert_allclose(weights, [[np.log2(3.25), -2, -2, -2]])


def test_the_databases_of_the_mirror(mirror: Path) -> None:
    hocomoco = read_motifs(mirror / "motifs" / "HOCOMOCOv11_HUMAN.pfm")
    assert len(hocomoco) == 401
    ctcf = read_motif(mirror / "motifs" / "HOCOMOCOv11_HUMAN.pfm", "CTCF_HUMAN.H11MO.0.A")
    assert ctcf.consensus == "TGGCCACCAGGGGGCGCCA"
    assert ctcf.reverse_complement().reverse_complement().consensus == ctcf.consensus
    jaspar = read_motifs(mirror / "motifs" / "JASPAR2022_vertebrates.pfm")
    assert len(jaspar) == 838
    assert all(0 <= motif.information().min() <= motif.information().max() <= 2 for motif in jaspar)
