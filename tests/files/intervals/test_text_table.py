"""Tables with a header, as people have them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from zooctl.errors import InputError
from zooctl.files.intervals.text_table import read_text_table


def test_cells_rows_and_numbers(tmp_path: Path) -> None:
    text = "gene\tK562 \tHepG2\r\nMYC\t1.5\t-2e3\r\n\r\nCTCF\tx\t0\r\n"
    (tmp_path / "a.tsv").write_text(text)
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.tsv", "a.tsv.gz"):
        table = read_text_table(tmp_path / name)
        assert table.header == ("gene", "K562", "HepG2")
        assert table.rows == ((2, ("MYC", "1.5", "-2e3")), (4, ("CTCF", "x", "0")))
        assert table.number(0, table.column("HepG2")) == -2000
        assert table.take([1]).rows == table.rows[1:]
    with pytest.raises(InputError, match=r"a.tsv.gz:4: K562 is not a number \(got 'x'\)"):
        table.number(1, 1)
    with pytest.raises(InputError, match="got k562; expected gene, K562, HepG2"):
        table.column("k562")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "table has no rows"),
        ("a\tb\n", "table has no rows"),
        ("a\ta\n1\t2\n", "two columns have one name"),
        ("a\tb\n1\n", "a.tsv:2: line has another number of cells than the header"),
        ("a b\n1\t2\n", "cells are separated by tabs"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_text_table(tmp_path / "a.tsv")
