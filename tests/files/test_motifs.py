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


def meme(fields: str, *rows: str) -> str:
    return "\n".join(
        ["MEME version 4\n\nMOTIF a", f"letter-probability matrix: {fields}", *rows, ""]
    )


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
        (">a\n1 nan 3 4\n", "not a row of numbers"),
        (">a\n1e308 1e308 1e308 1e308\n1 1 1 1\n", "a row of numbers .*1e308.*1e\\+12"),
        (">a\x1b[1m\n1 2 3 4\n", "not a motif's name"),
        (">\n1 2 3 4\n", "no name"),
        (meme("w= 2", "1 0 0 0"), "w rows"),
        (meme("w= ²", "1 0 0 0"), "w rows"),
        (meme("w= 0", "1 0 0 0"), "w rows"),
        (meme("w= " + "9" * 5000, "1 0 0 0"), "w rows .*w= 9{40}, 0 rows"),
        (meme("alength= 3", "1 0 0"), "w rows"),
        (meme("w= 1"), "w rows"),
        (meme("w= 1 nsites= x", "1 0 0 0"), "nsites is not a number .*'x'"),
        (meme("w= 1 nsites= 0", "1 0 0 0"), "nsites is not a number"),
        (meme("w= 1 nsites= 1e300", "1 0 0 0"), "nsites is not a number"),
        (meme("w= 1", "97 1 1 1"), "add up to 1 .*got 100"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_motifs(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (">a\n1 2 3 4\n1 2 x 4\n", 3),
        (">a\n1 2 3 4\n\n1 -2 1 4\n", 4),
        (">a\n1 2 3 4\n>b\n1 2 3 4\n0 0 0 0\n", 3),
        (meme("w= 1 nsites= x", "1 0 0 0"), 4),
        (meme("w= 2", "1 0 0 0", "1 0 0 1"), 6),
        (">a\n1 2 3 4\n>a\n1 2 3 4\n", 3),
    ],
)
def test_line_of_the_error(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        read_motifs(write(tmp_path, text))
    assert caught.value.line == line
    assert caught.value.path == str(tmp_path / "motifs.txt")


ROW = "0.7 0.1 0.1 0.1"


@pytest.mark.parametrize(
    ("text", "sites", "noted"),
    [
        (meme("alength= 4 w= 2 nsites= 50 E= 0", ROW, ROW), 50, False),
        (meme("alength= 4 w= 2 nsites= 18.5", ROW, ROW), 18.5, False),
        (meme("alength= 4 w= 2", ROW, ROW), 20, True),
        (meme("alength= 4 w= 2 nsites= E= 0", ROW, ROW), 20, True),
        (meme("", ROW, ROW, "", "URL http://x"), 20, True),
        (meme("alength= 4 nsites= 7", ROW, ROW, "URL http://x"), 7, False),
        ("\ufeff" + meme("w= 2 nsites= 30", ROW, ROW), 30, False),
        (f">a\tELF1(ETS)/Jurkat\t7.5\t-11\t0\tT:1\n{ROW}\n{ROW}\n", 20, True),
        (">a\n7 1 1 1\n7 1 1 1\n", 10, False),
    ],
)
def test_number_of_sites(tmp_path: Path, text: str, sites: float, noted: bool) -> None:
    """The MEME format says 20 where none is stated; HOMER states frequencies alone."""
    said: list[str] = []
    for motif in (
        read_motif(write(tmp_path, text), "a", say=said.append),
        *read_motifs(write(tmp_path, text), say=said.append),
    ):
        np.testing.assert_allclose(motif.counts, np.array([[0.7, 0.1, 0.1, 0.1]] * 2) * sites)
    assert len(said) == 2 * noted
    assert all("taken for granted: 20 sites of a, as in the MEME format" in text for text in said)


def test_whole_numbers_are_counts_even_of_one_site(tmp_path: Path) -> None:
    said: list[str] = []
    (motif,) = read_motifs(write(tmp_path, ">a\n1 0 0 0\n0 1 0 0\n"), say=said.append)
    assert motif.counts.sum() == 2
    assert said == []


def test_another_motif_may_have_its_name_twice(tmp_path: Path) -> None:
    text = ">CTCF a\n1 2 3 4\n>CTCF b\n1 2 3 4\n>GATA1\n4 3 2 1\n"
    assert read_motif(write(tmp_path, text), "GATA1").counts.tolist() == [[4, 3, 2, 1]]
    with pytest.raises(InputError, match=r"two motifs have one name .*first on line 1") as caught:
        read_motif(write(tmp_path, text), "CTCF")
    assert caught.value.hint == "rename one of them"
    renamed = text.replace(">CTCF b", ">CTCF.2 b")
    assert read_motif(write(tmp_path, renamed), "CTCF").counts.tolist() == [[1, 2, 3, 4]]


def test_a_wrong_number_of_sites_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leave nsites= out, and it is 20"):
        read_motifs(write(tmp_path, meme("w= 1 nsites= x", "1 0 0 0")))
    (found,) = read_motifs(write(tmp_path, meme("w= 1", "1 0 0 0")))
    assert found.counts.tolist() == [[20, 0, 0, 0]]


def test_no_counts_so_large_that_weights_overflow() -> None:
    with pytest.raises(InputError, match="too large"):
        Motif("a", np.array([[1e308, 1e308, 0, 0]]))


def test_missing_file_and_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
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
